/*
 * A small catalogue for tests: two items, enough lists for regions.
 */
#ifndef TESTS_SAMPLE_LIST_H
#define TESTS_SAMPLE_LIST_H

#define SAMPLE_CATALOG_HEAD                                                       \
	"{\"catalogue\":\"sample\",\"version\":3,\"issued\":\"2026-11-01\","      \
	"\"categories\":[{\"number\":1,\"zh\":\"登记注册\",\"en\":\"Reg\"}]," \
	"\"rules\":[{\"id\":\"uscc_length\",\"severity\":\"reject\","             \
	"\"zh\":\"长度\"},{\"id\":\"uscc_division\",\"severity\":\"warn\","     \
	"\"zh\":\"区划\"}],\"code_lists\":["

#define SAMPLE_CATALOG_LISTS                                                   \
	"{\"name\":\"province\",\"codes\":["                                   \
	"{\"code\":\"11\",\"zh\":\"北京市\",\"names\":[\"北京\"]},"       \
	"{\"code\":\"21\",\"zh\":\"辽宁省\",\"names\":[\"辽宁\"]},"       \
	"{\"code\":\"31\",\"zh\":\"上海市\",\"names\":[\"上海\"]},"       \
	"{\"code\":\"44\",\"zh\":\"广东省\",\"names\":[\"广东\"]},"       \
	"{\"code\":\"51\",\"zh\":\"四川省\",\"names\":[\"四川\"]}]},"     \
	"{\"name\":\"division\",\"codes\":["                                   \
	"{\"code\":\"1101\",\"zh\":\"北京市\",\"names\":[\"北京\","       \
	"\"朝阳\"],\"former\":[\"1100\",\"1102\"]},"                         \
	"{\"code\":\"2113\",\"zh\":\"朝阳市\",\"names\":[\"朝阳\"]},"     \
	"{\"code\":\"3101\",\"zh\":\"上海市\",\"names\":[\"上海\"],"      \
	"\"former\":[\"3102\"]},"                                              \
	"{\"code\":\"4403\",\"zh\":\"深圳市\",\"names\":[\"深圳\"]},"     \
	"{\"code\":\"4401\",\"zh\":\"广州市\",\"en\":\"Guangzhou\","        \
	"\"names\":[\"广州\"]},"                                             \
	"{\"code\":\"5101\",\"zh\":\"成都市\",\"names\":[\"成都\"]}]},"   \
	"{\"name\":\"currency\",\"codes\":["                                   \
	"{\"code\":\"CNY\",\"zh\":\"人民币\",\"en\":\"Renminbi\"},"         \
	"{\"code\":\"USD\",\"zh\":\"美元\",\"en\":\"US dollar\"}]},"         \
	"{\"name\":\"level\",\"codes\":["                                      \
	"{\"code\":\"A\",\"zh\":\"甲级\",\"names\":[\"一级\"]},"           \
	"{\"code\":\"B\",\"zh\":\"乙级\"}]}],"

#define SAMPLE_CATALOG_COMMON                                                     \
	"\"common\":["                                                            \
	"{\"name\":\"uscc\",\"zh\":\"统一社会信用代码\",\"en\":\"USCC\"," \
	"\"type\":\"uscc\",\"required\":true,\"aliases\":[\"code\"]},"            \
	"{\"name\":\"data_date\",\"zh\":\"数据日期\",\"en\":\"Date\","        \
	"\"type\":\"date\",\"aliases\":[]},"                                      \
	"{\"name\":\"source_number\",\"zh\":\"来源记录号\","                 \
	"\"en\":\"Source number\",\"type\":\"text\",\"max\":20}],"

#define SAMPLE_CATALOG_ITEM_1                                                   \
	"{\"number\":1,\"category\":1,\"zh\":\"基本登记\",\"en\":\"Base\"," \
	"\"provider\":{\"zh\":\"市场监管总局\"},\"mode\":\"national\","   \
	"\"cadence\":\"daily\",\"fields\":["                                    \
	"{\"number\":1,\"name\":\"name\",\"zh\":\"名称\",\"en\":\"Name\","    \
	"\"type\":\"text\",\"class\":\"public\",\"required\":true,"             \
	"\"max\":60,\"aliases\":[\"企业名称\",\"ENT（NAME）\"]},"         \
	"{\"number\":2,\"name\":\"established\",\"zh\":\"成立日期\","       \
	"\"type\":\"date\",\"class\":\"public\","                               \
	"\"aliases\":[\"reg_date\"]},"                                          \
	"{\"number\":3,\"name\":\"ent_type\",\"zh\":\"类型\","                \
	"\"type\":\"text\",\"class\":\"public\"},"                              \
	"{\"number\":4,\"name\":\"representative\",\"zh\":\"法定代表人\"," \
	"\"type\":\"text\",\"class\":\"personal\","                             \
	"\"aliases\":[\"rep_hash\"]},"                                          \
	"{\"number\":5,\"name\":\"capital\",\"zh\":\"注册资本\","           \
	"\"type\":\"money\",\"class\":\"public\",\"unit\":\"wan\","             \
	"\"currency_to\":\"currency\"},"                                        \
	"{\"number\":6,\"name\":\"currency\",\"zh\":\"币种\","                \
	"\"type\":\"text\",\"class\":\"public\"},"                              \
	"{\"number\":7,\"name\":\"scope\",\"zh\":\"经营范围\","             \
	"\"type\":\"text\",\"class\":\"public\",\"max\":4000},"                 \
	"{\"number\":8,\"name\":\"province\",\"zh\":\"省\","                   \
	"\"type\":\"text\",\"class\":\"public\"},"                              \
	"{\"number\":9,\"name\":\"city\",\"zh\":\"市\","                       \
	"\"type\":\"text\",\"class\":\"public\"},"                              \
	"{\"number\":10,\"name\":\"address\",\"zh\":\"住所\","                \
	"\"type\":\"text\",\"class\":\"public\"}]},"

#define SAMPLE_CATALOG_ITEM_8                                                      \
	"{\"number\":8,\"category\":1,\"zh\":\"行政许可\",\"en\":\"Permits\"," \
	"\"provider\":{\"zh\":\"各部门\",\"en\":\"All\"},"                      \
	"\"mode\":\"local\",\"consent\":true,\"negative\":true,"                   \
	"\"cadence\":\"weekly\","                                                  \
	"\"retention\":{\"years\":5,\"from\":\"valid_to\"},"                       \
	"\"key\":[\"document\",\"decided\"],\"fields\":["                          \
	"{\"number\":1,\"name\":\"document\",\"zh\":\"文号\","                   \
	"\"type\":\"text\",\"class\":\"public\",\"required\":true},"               \
	"{\"number\":2,\"name\":\"decided\",\"zh\":\"决定日期\","              \
	"\"type\":\"date\",\"class\":\"public\",\"required\":true},"               \
	"{\"number\":4,\"name\":\"level\",\"zh\":\"级别\","                      \
	"\"type\":\"code\",\"class\":\"restricted\",\"codes\":\"level\"},"         \
	"{\"number\":5,\"name\":\"valid_to\",\"zh\":\"有效期至\","             \
	"\"type\":\"date\",\"class\":\"public\"},"                                 \
	"{\"number\":6,\"name\":\"staff\",\"zh\":\"人数\","                      \
	"\"type\":\"integer\",\"class\":\"public\",\"required\":true}]}"

#define SAMPLE_CATALOG                                                         \
	SAMPLE_CATALOG_HEAD SAMPLE_CATALOG_LISTS SAMPLE_CATALOG_COMMON         \
	    "\"items\":[" SAMPLE_CATALOG_ITEM_1 SAMPLE_CATALOG_ITEM_8 "]}"

#endif
