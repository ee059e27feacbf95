/*
 * gen_words: phrases by field and bureaus by provider.
 */
#include "cli/gen_words.h"

#include <string.h>

#define SHORT_MAX 60 /* fields this short get a word, not a sentence */

static const char *const grades[] = {
    "一级", "二级", "三级", "甲级", "乙级", "第一批", "第二批", NULL};
static const char *const faults[] = {"未按规定期限公示年度报告",
    "通过登记的住所或者经营场所无法联系", "生产经营的食品标签不符合规定",
    "发布虚假广告，欺骗、误导消费者", "未按规定保存安全生产台账",
    "超标排放水污染物", "未取得施工许可证擅自施工", "拖欠劳动者工资",
    "有履行能力而拒不履行生效法律文书确定的义务", NULL};
static const char *const laws[] = {"《中华人民共和国食品安全法》第一百二十五条",
    "《中华人民共和国安全生产法》第九十七条",
    "《中华人民共和国广告法》第五十五条",
    "《中华人民共和国水污染防治法》第八十三条",
    "《中华人民共和国公司法》第二百五十条",
    "《中华人民共和国产品质量法》第四十九条", NULL};
static const char *const results[] = {"罚款，并责令限期改正",
    "警告，责令立即停止违法行为", "没收违法所得", "准予许可",
    "责令停产停业整顿", NULL};
static const char *const obligations[] = {"支付货款及逾期付款利息",
    "偿还借款本金、利息及罚息", "支付工程款及违约金",
    "支付劳动报酬及经济补偿金", NULL};
static const char *const causes[] = {"买卖合同纠纷", "金融借款合同纠纷",
    "建设工程施工合同纠纷", "民间借贷纠纷", "劳动争议", "租赁合同纠纷", NULL};
static const char *const inventions[] = {"一种自动化生产线的上料装置",
    "一种污水处理设备及其控制方法", "一种基于图像识别的检测系统",
    "一种高强度复合材料的制备方法", "智能仓储管理软件V1.0", NULL};
static const char *const projects[] = {"中小企业发展专项资金",
    "技术改造项目补助", "稳岗返还", "高新技术企业认定奖励",
    "外经贸发展专项资金", "农业产业化项目补助", NULL};
static const char *const honours[] = {"守合同重信用企业", "专精特新中小企业",
    "A级纳税人", "市长质量奖", "和谐劳动关系示范企业", NULL};
static const char *const qualifications[] = {"建筑工程施工总承包",
    "市政公用工程施工总承包", "道路运输经营许可证", "食品经营许可证",
    "医疗器械经营许可证", "工程设计资质", NULL};
static const char *const licences[] = {"建筑工程施工许可证", "食品经营许可证",
    "道路运输经营许可证", "取水许可证", "特种设备使用登记证", NULL};
static const char *const collaterals[] = {"数控机床十二台", "注塑生产线两条",
    "库存钢材三百吨", "应收账款", "收割机五台", NULL};
static const char *const substances[] = {"化学需氧量、氨氮",
    "二氧化硫、氮氧化物、颗粒物", "废矿物油", "挥发性有机物", NULL};
static const char *const standards[] = {"GB/T 19001-2016", "GB/T 24001-2016",
    "GB/T 45001-2020", "GB/T 22080-2016", NULL};
static const char *const plain[] = {
    "依法决定", "按规定办理", "详见决定书", "经核实无误", "见附件", NULL};

struct phrases {
	const char *part; /* of the field's name */
	const char *const *words;
};

static const struct phrases phrases[] = {
    {"basis", laws},
    {"violation", faults},
    {"facts", faults},
    {"reason", faults},
    {"conduct", faults},
    {"obligation", obligations},
    {"_part", obligations},
    {"cause", causes},
    {"title", inventions},
    {"project", projects},
    {"honour", honours},
    {"qualification", qualifications},
    {"certificate", licences},
    {"document", licences},
    {"licence", licences},
    {"content", results},
    {"result", results},
    {"penalty", results},
    {"measures", results},
    {"collateral", collaterals},
    {"pollutants", substances},
    {"waste", substances},
    {"standard", standards},
    {NULL, plain},
};

const char *const *
words_for(const struct field *field)
{
	const struct phrases *phrase = phrases;

	if (field->max <= SHORT_MAX)
		return grades;
	while (
	    phrase->part != NULL && strstr(field->name, phrase->part) == NULL)
		phrase++;
	return phrase->words;
}

size_t
words_count(const char *const *words)
{
	size_t count = 0;

	while (words[count] != NULL)
		count++;
	return count;
}

/* NULL: several departments provide it. */
const char *
words_bureau(const struct item *item)
{
	static const char *const names[][2] = {{"双公示", NULL},
	    {"各认定部门", NULL}, {"主管部门", NULL}, {"税务总局", "税务局"},
	    {"人力资源", "人力资源和社会保障局"},
	    {"公积金", "住房公积金管理中心"}, {"海关", "海关"},
	    {"住房城乡建设部", NULL}, {"自然资源部", "自然资源局"},
	    {"知识产权", "知识产权局"}, {"科技部", "科学技术局"},
	    {"生态环境部", "生态环境局"}, {"农业农村部", "农业农村局"},
	    {"市场监管总局", "市场监督管理局"}};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strstr(item->provider_zh, names[i][0]) != NULL)
			return names[i][1];
	return NULL;
}
