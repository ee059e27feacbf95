/*
 * gen_subject: enterprises that do not exist, with codes that could.
 */
#include "cli/gen_subject.h"

#include <stdio.h>
#include <string.h>

#define HAN 3 /* bytes of one Han character in UTF-8 */
#define ORG_DIGITS 6
/* 31^6, and a number without common divisor that scatters over it. */
#define ORG_SPACE UINT64_C(887503681)
#define ORG_STEP UINT64_C(548508973)

static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

struct trade {
	const char *word;     /* in names */
	const char *industry; /* GB/T 4754-2017 */
	const char *scope;
};

static const struct trade trades[] = {
    {"科技", "M7590",
	"技术开发、技术咨询、技术服务、技术转让；计算机软硬件及"
	"辅助设备销售"},
    {"贸易", "F5199",
	"国内贸易代理；货物进出口；日用百货、五金交电、建筑材料"
	"销售"},
    {"商贸", "F5229", "食品销售；日用品批发；针纺织品及原料销售；办公用品销售"},
    {"建筑工程", "E4790",
	"房屋建筑工程、市政公用工程施工；建筑劳务分包；园林"
	"绿化工程施工"},
    {"机械制造", "C3490", "通用设备制造；机械零件加工；机械设备销售、维修"},
    {"电子", "C3989", "电子元器件制造、销售；集成电路设计；智能控制系统集成"},
    {"信息技术", "I6510", "软件开发；信息系统集成服务；数据处理和存储支持服务"},
    {"物流", "G5430", "道路货物运输；普通货物仓储服务；国内货物运输代理"},
    {"餐饮管理", "H6210", "餐饮服务；餐饮管理；食用农产品零售"},
    {"农业发展", "A0141",
	"蔬菜、水果种植、销售；农业技术推广服务；农副产品"
	"收购"},
    {"生物医药", "C2761", "生物药品制品研发、生产；第二类医疗器械销售"},
    {"新能源", "D4415", "太阳能发电；新能源技术推广；光伏设备及元器件销售"},
    {"环保", "N7729", "环境保护专用设备制造；水污染治理；固体废物治理"},
    {"文化传媒", "R8810", "广告设计、制作、代理、发布；组织文化艺术交流活动"},
    {"教育咨询", "P8399", "教育信息咨询服务（不含培训）；会议及展览服务"},
    {"纺织", "C1751", "棉纺纱加工；面料纺织加工；服装、服饰批发"},
    {"化工", "C2669", "专用化学产品制造（不含危险化学品）；化工产品销售"},
    {"汽车销售服务", "F5261", "新车销售；二手车经销；机动车修理和维护"},
    {"房地产开发", "K7010", "房地产开发经营；物业管理；非居住房地产租赁"},
    {"食品", "C1499", "食品生产；预包装食品销售；农副食品加工专用设备制造"},
};
#define TRADES (sizeof(trades) / sizeof(*trades))

static const char brand_first[] = "华恒金天中鑫瑞德盛宏泰嘉安永联博创新东远海"
				  "智信达明光正源和顺通大兴福荣";
static const char brand_second[] = "泰达通源盛丰隆昌信诚科润宇航龙腾辉旺祥和美"
				   "佳益康利捷宝力江洋川林峰石";
static const char surnames[] = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁"
			       "谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程"
			       "魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏";
static const char givens[] = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华"
			     "文建国海燕玉兰志红春梅云飞鹏辉波宁浩宇欣怡晨佳"
			     "俊峰雪琴凤龙斌凯旭东林";
static const char *const streets[] = {"人民路", "解放路", "中山路", "建设路",
    "和平路", "新华路", "文化路", "工业大道", "科技路", "创业大道", "长江路",
    "黄河路", "友谊路", "胜利路", "朝阳街", "南京路", "北京路", "迎宾大道",
    "振兴路", "滨河路"};
#define STREETS (sizeof(streets) / sizeof(*streets))

void
pen_span(struct pen *pen, const char *text, size_t len)
{
	memcpy(pen->at, text, len);
	pen->at += len;
}

void
pen_text(struct pen *pen, const char *text)
{
	pen_span(pen, text, strlen(text));
}

void
pen_char(struct pen *pen, char c)
{
	*pen->at++ = c;
}

void
pen_digits(struct pen *pen, uint64_t number, unsigned width)
{
	unsigned i;

	for (i = width; i > 0; i--) {
		pen->at[i - 1] = (char)('0' + number % 10);
		number /= 10;
	}
	pen->at += width;
}

void
pen_number(struct pen *pen, uint64_t number)
{
	unsigned width = 1;
	uint64_t left;

	for (left = number / 10; left > 0; left /= 10)
		width++;
	pen_digits(pen, number, width);
}

uint64_t
dice_throw(struct dice *dice)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct dice
dice_start(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
	struct dice dice = {seed ^ a * UINT64_C(0xd6e8feb86659fd93)};

	dice.state = dice_throw(&dice) ^ b * UINT64_C(0xa0761d6478bd642f);
	dice.state = dice_throw(&dice) ^ c * UINT64_C(0xe7037ed1a0b428db);
	return dice;
}

uint32_t
dice_below(struct dice *dice, uint32_t below)
{
	return (uint32_t)(((dice_throw(dice) >> 32) * below) >> 32);
}

/* One Han character of a pool. */
static void
pen_han(struct pen *pen, const char *pool, size_t bytes, struct dice *dice)
{
	uint32_t count = (uint32_t)(bytes / HAN);

	pen_span(pen, pool + (size_t)dice_below(dice, count) * HAN, HAN);
}
#define PEN_HAN(pen, pool, dice) pen_han(pen, pool, sizeof(pool) - 1, dice)

/* GB 11714: weights 3 7 9 10 5 8 4 2 modulo 11, X for ten. */
static char
organisation_check(const char code[8])
{
	static const int weights[8] = {3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0, i, value;

	for (i = 0; i < 8; i++) {
		value = code[i] <= '9' ? code[i] - '0' : code[i] - 'A' + 10;
		sum += value * weights[i];
	}
	value = (11 - sum % 11) % 11;
	return value == 10 ? 'X' : (char)('0' + value);
}

/* The organisation's own digit, then the whole code's. */
static void
finish_code(char uscc[USCC_LEN + 1])
{
	uscc[16] = organisation_check(uscc + 8);
	uscc[17] = uscc_check_character(uscc);
	uscc[18] = '\0';
}

/* 91 (an enterprise, market regulation), its county, MA and six more. */
static void
make_code(char uscc[USCC_LEN + 1], const char *division, unsigned county,
    uint64_t organisation)
{
	int i;

	memcpy(uscc, "91", 2);
	memcpy(uscc + 2, division, 4);
	uscc[6] = (char)('0' + county / 10);
	uscc[7] = (char)('0' + county % 10);
	memcpy(uscc + 8, "MA", 2);
	for (i = ORG_DIGITS; i > 0; i--) {
		uscc[9 + i] = alphabet[organisation % 31];
		organisation /= 31;
	}
	finish_code(uscc);
}

static const struct code *
province_of(const struct places *places, const char *code)
{
	size_t i;

	for (i = 0; i < places->provinces->count; i++)
		if (memcmp(places->provinces->codes[i].code, code, 2) == 0)
			return &places->provinces->codes[i];
	return &places->provinces->codes[0];
}

void
subject_make(const struct places *places, uint64_t seed, uint64_t index,
    struct subject *subject)
{
	struct dice dice = dice_start(seed, 'S', index, 0);
	struct dice base = dice_start(seed, 'B', 0, 0);
	uint64_t organisation;

	subject->own = dice_throw(&dice);
	subject->division =
	    places->divisions[dice_below(&dice, (uint32_t)places->count)];
	subject->province = province_of(places, subject->division->code);
	organisation =
	    (index % ORG_SPACE * ORG_STEP + dice_throw(&base) % ORG_SPACE) %
	    ORG_SPACE;
	make_code(subject->uscc, subject->division->code,
	    1 + dice_below(&dice, 12), organisation);
}

void
subject_of_code(const struct places *places, uint64_t seed,
    const char uscc[USCC_LEN], struct subject *subject)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	struct dice dice;
	size_t i;

	for (i = 0; i < USCC_LEN; i++)
		hash =
		    (hash ^ (unsigned char)uscc[i]) * UINT64_C(0x100000001b3);
	dice = dice_start(seed, 'C', hash, 0);
	subject->own = dice_throw(&dice);
	memcpy(subject->uscc, uscc, USCC_LEN);
	subject->uscc[USCC_LEN] = '\0';
	subject->division = places->divisions[0];
	for (i = 0; i < places->count; i++)
		if (memcmp(places->divisions[i]->code, uscc + 2, 4) == 0)
			subject->division = places->divisions[i];
	subject->province = province_of(places, subject->division->code);
}

const char *
place_short(const struct code *code)
{
	const char *const *names = code->names;

	if (names == NULL || names[0] == NULL)
		return code->zh;
	/* 省直辖县 and its long form come first; then the counties. */
	if (strcmp(code->code + 2, "90") == 0 && names[1] != NULL &&
	    names[2] != NULL)
		return names[2];
	return names[0];
}

/* Six of ten are micro, 28 of a hundred small, ten medium, two large. */
void
subject_size(const struct subject *subject, struct size *size)
{
	static const struct {
		uint32_t percent, least, span, capital[6];
	} classes[] = {{60, 2, 8, {10, 30, 50, 100, 100, 200}},
	    {88, 10, 90, {100, 200, 300, 500, 1000, 1000}},
	    {98, 100, 200, {1000, 2000, 3000, 5000, 5000, 8000}},
	    {100, 300, 2700, {5000, 8000, 10000, 20000, 50000, 100000}}};
	struct dice dice = {subject->own ^ 2};
	uint32_t percent = dice_below(&dice, 100);
	size_t i = 0;

	while (percent >= classes[i].percent)
		i++;
	size->staff = classes[i].least + dice_below(&dice, classes[i].span);
	size->capital = classes[i].capital[dice_below(&dice, 6)];
	size->turnover =
	    (uint64_t)size->staff * (300000 + dice_below(&dice, 1200000));
}

/* Organisation codes with MA were first given in October 2015; the others
 * are older enterprises. */
int64_t
subject_established(const struct subject *subject, int64_t today)
{
	const int64_t first_ma = 16709; /* 2015-10-01 */
	const int64_t age = today - 1100;
	int64_t days = (int64_t)(subject->own >> 16 & 0xffff);

	if (memcmp(subject->uscc + 8, "MA", 2) == 0)
		days = first_ma + days % 2900;
	else
		days = first_ma - 1 - days % 7000;
	return days <= age ? days : age - days % 1000;
}

bool
subject_is_foreign(const struct subject *subject)
{
	return (subject->own >> 44) % 50 == 0;
}

static bool
is_joint_stock(const struct subject *subject)
{
	return (subject->own >> 50) % 12 == 0;
}

void
subject_type(const struct subject *subject, struct pen *pen)
{
	static const char *const types[] = {"有限责任公司(自然人独资)",
	    "有限责任公司(自然人投资或控股)", "有限责任公司(自然人投资或控股)",
	    "有限责任公司(自然人投资或控股的法人独资)",
	    "有限责任公司(国有独资)"};

	if (is_joint_stock(subject))
		pen_text(pen, "股份有限公司(非上市、自然人投资或控股)");
	else if (subject_is_foreign(subject))
		pen_text(pen, "有限责任公司(外国法人独资)");
	else
		pen_text(pen, types[(subject->own >> 52) % 5]);
}

void
subject_person(const struct subject *subject, uint64_t number, struct pen *pen)
{
	struct dice dice = {
	    subject->own ^ ((number + 1) * UINT64_C(0xc2b2ae3d27d4eb4f))};

	person_name(&dice, pen);
}

/* 11 (an organ of state), its prefecture, an old organisation code. */
void
subject_body_code(const struct subject *subject, unsigned body, struct pen *pen)
{
	char uscc[USCC_LEN + 1];
	struct pen inner = {uscc};

	pen_text(&inner, "11");
	pen_span(&inner, subject->division->code, 4);
	pen_text(&inner, "0000");
	pen_span(&inner, subject->division->code, 4);
	pen_digits(&inner, body % 100, 2);
	finish_code(uscc);
	pen_span(pen, uscc, USCC_LEN);
}

static const struct trade *
subject_trade(const struct subject *subject)
{
	return &trades[subject->own % TRADES];
}

void
subject_name(const struct subject *subject, struct pen *pen)
{
	struct dice dice = {subject->own};

	pen_text(pen, place_short(subject->division));
	PEN_HAN(pen, brand_first, &dice);
	PEN_HAN(pen, brand_second, &dice);
	if (dice_below(&dice, 3) == 0)
		PEN_HAN(pen, brand_second, &dice);
	pen_text(pen, subject_trade(subject)->word);
	if (is_joint_stock(subject))
		pen_text(pen, "股份有限公司");
	else
		pen_text(pen,
		    dice_below(&dice, 5) == 0 ? "有限责任公司" : "有限公司");
}

void
subject_address(const struct subject *subject, struct pen *pen)
{
	struct dice dice = {subject->own ^ 1};

	pen_text(pen, place_short(subject->province));
	pen_text(pen, subject->division->zh);
	pen_text(pen, streets[dice_below(&dice, STREETS)]);
	pen_number(pen, 1 + dice_below(&dice, 999));
	pen_text(pen, "号");
	if (dice_below(&dice, 2) == 0) {
		pen_number(pen, 1 + dice_below(&dice, 30));
		pen_text(pen, "幢");
		pen_number(pen, 101 + dice_below(&dice, 2000));
		pen_text(pen, "室");
	}
}

void
subject_scope(const struct subject *subject, struct pen *pen)
{
	const struct trade *second = &trades[(subject->own >> 8) % TRADES];

	pen_text(pen, "一般项目：");
	pen_text(pen, subject_trade(subject)->scope);
	if (second != subject_trade(subject)) {
		pen_text(pen, "；");
		pen_text(pen, second->scope);
	}
	pen_text(
	    pen, "（依法须经批准的项目，经相关部门批准后方可开展经营活动）");
}

void
subject_industry(const struct subject *subject, struct pen *pen)
{
	pen_text(pen, subject_trade(subject)->industry);
}

void
person_name(struct dice *dice, struct pen *pen)
{
	PEN_HAN(pen, surnames, dice);
	PEN_HAN(pen, givens, dice);
	if (dice_below(dice, 4) != 0)
		PEN_HAN(pen, givens, dice);
}
