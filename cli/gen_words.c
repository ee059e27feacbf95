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

static const char *const offices[] = {
    "选举", "选举", "委派", "聘任", "任命", NULL};
static const char *const listings[] = {"未按规定期限公示年度报告",
    "通过登记的住所或者经营场所无法联系", "公示企业信息隐瞒真实情况、弄虚作假",
    "未按责令的期限公示有关企业信息", NULL};
static const char *const removals[] = {"已补报年度报告并公示",
    "已依法办理住所变更登记", "已履行法定义务，申请移出", "列入期限届满", NULL};
static const char *const endings[] = {"决议解散", "经营期限届满",
    "因合并或者分立解散", "长期停业未经营", "不再从事经营活动", NULL};
static const char *const conducts[] = {
    "有履行能力而拒不履行生效法律文书确定的义务", "违反财产报告制度",
    "违反限制消费令", "以转移、隐匿财产方法规避执行", NULL};
static const char *const measures[] = {"限制参加政府采购和工程招投标",
    "限制取得政府供应土地", "限制高消费", "从严审核行政许可", NULL};
static const char *const judgments[] = {
    "被告于判决生效之日起十日内支付货款及利息",
    "被告偿还借款本金及利息，驳回原告其他诉讼请求",
    "按调解协议履行，案件受理费减半收取", NULL};
static const char *const papers[] = {
    "民事判决书", "民事判决书", "民事调解书", "执行裁定书", NULL};
static const char *const tax_facts[] = {"采取偷税手段，不缴或者少缴应纳税款",
    "虚开增值税专用发票", "骗取国家出口退税款", "逃避追缴欠税", NULL};
static const char *const tax_penalties[] = {"追缴税款并加收滞纳金",
    "处少缴税款百分之五十的罚款", "移送司法机关处理", NULL};
static const char *const deeds[] = {"经审查符合法定条件",
    "连续三年达到评定标准", "按申请材料所载内容办理", NULL};
static const char *const debts[] = {
    "由全体股东承继", "债权债务已清理完毕", "由上级单位承继", NULL};
static const char *const guarantees[] = {"为关联企业银行贷款提供连带责任保证",
    "以厂房设备为第三人借款提供抵押", NULL};
static const char *const technologies[] = {"电子信息", "生物与新医药",
    "先进制造与自动化", "新材料", "新能源与节能", "资源与环境", "高技术服务",
    NULL};
static const char *const chapters[] = {"第84章 机械器具",
    "第85章 电机、电气设备", "第39章 塑料及其制品", "第61章 针织服装",
    "第94章 家具", NULL};
static const char *const classes[] = {
    "G06F", "B65G", "C02F", "第9类", "第35类", "第30类", NULL};
static const char *const bodies[] = {"华信质量认证有限公司", "中恒认证中心",
    "北方标志认证有限公司", "三环认证服务有限公司", NULL};
static const char *const administrators[] = {"信衡律师事务所", "正和律师事务所",
    "天平会计师事务所", "明德破产清算事务所", NULL};
static const char *const industries[] = {"金属表面处理及热处理加工",
    "化学原料制造", "污水处理及其再生利用", "危险废物治理", "食品制造",
    "纺织印染精加工", NULL};

struct phrases {
	const char *part; /* of the field's name */
	const char *const *words;
};

static const struct phrases phrases[] = {
    {"document_kind", papers},
    {"appointed_by", offices},
    {"listing_reason", listings},
    {"removal_reason", removals},
    {"basis", laws},
    {"violation", faults},
    {"facts", faults},
    {"reason", endings},
    {"conduct", conducts},
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
    {"content", deeds},
    {"result", judgments},
    {"penalty", tax_penalties},
    {"measures", measures},
    {"collateral", collaterals},
    {"pollutants", substances},
    {"waste", substances},
    {"standard", standards},
    {"debt_commitment", debts},
    {"guarantees", guarantees},
    {"field", technologies},
    {"chapters", chapters},
    {"body", bodies},
    {"administrator", administrators},
    {"industry", industries},
    {NULL, plain},
};

const char *const *
words_for(const struct item *item, const struct field *field)
{
	const struct phrases *phrase = phrases;

	if (strcmp(field->name, "class") == 0)
		return classes;
	if (field->max <= SHORT_MAX)
		return grades;
	if (strcmp(field->name, "facts") == 0 &&
	    strstr(item->provider_zh, "税务") != NULL)
		return tax_facts;
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
