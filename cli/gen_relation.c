/*
 * gen_relation: what belongs together in the 37 items.
 */
#include "cli/gen_relation.h"

#include <stddef.h>

#define ALL 1, 59999
#define ONE(n) n, n
#define BOTH(a, b) a, b
#define UTILITY 25, 27

/* One line a relation; the order of the members is that of the struct. */
#define SHARE(items, field, by, low, high)                                     \
	{                                                                      \
		items, RELATE_SHARE, false, field, by, NULL, low, high, NULL,  \
		    NULL                                                       \
	}
#define STEADY(items, field, by, low, high)                                    \
	{                                                                      \
		items, RELATE_SHARE, true, field, by, NULL, low, high, NULL,   \
		    NULL                                                       \
	}
#define PAID(items, field, by, percent)                                        \
	{                                                                      \
		items, RELATE_PAID, false, field, by, NULL, percent, 0, NULL,  \
		    NULL                                                       \
	}
#define AFTER(items, field, by, low, high)                                     \
	{                                                                      \
		items, RELATE_AFTER, false, field, by, NULL, low, high, NULL,  \
		    NULL                                                       \
	}
#define SINCE(items, field, by, low, high)                                     \
	{                                                                      \
		items, RELATE_AFTER, true, field, by, NULL, low, high, NULL,   \
		    NULL                                                       \
	}
#define YEARS(items, field, by, low, high)                                     \
	{                                                                      \
		items, RELATE_YEARS, false, field, by, NULL, low, high, NULL,  \
		    NULL                                                       \
	}
#define NUMBER(items, kind, field, by, other, low, high)                       \
	{                                                                      \
		items, RELATE_##kind, false, field, by, other, low, high,      \
		    NULL, NULL                                                 \
	}
#define CODE(items, kind, field, by, low, words, otherwise)                    \
	{                                                                      \
		items, RELATE_##kind, false, field, by, NULL, low, 0, words,   \
		    otherwise                                                  \
	}
#define OWN(items, field, words)                                               \
	{                                                                      \
		items, RELATE_CODE, true, field, NULL, NULL, 0, 0, words, NULL \
	}
#define RELATE(items, kind, field, by)                                         \
	{                                                                      \
		items, RELATE_##kind, false, field, by, NULL, 0, 0, NULL, NULL \
	}
#define ONLY(items, field, by, words)                                          \
	{                                                                      \
		items, RELATE_ONLY, false, field, by, NULL, 0, 0, words, NULL  \
	}

#define RUNNING                                                                \
	"valid,valid,valid,valid,valid,valid,valid,valid,valid,valid,valid,"   \
	"valid,suspended,revoked"

static const struct relation table[] = {
    OWN(ALL, "subject_kind", "legal_person"),

    /* Registration. */
    STEADY(ONE(1), "registered_capital", "@capital", 1000, 1000),
    STEADY(ONE(1), "paid_in_capital", "registered_capital", 0, 1000),
    SINCE(ONE(1), "established", "@established", 0, 0),
    SINCE(ONE(1), "term_from", "established", 0, 0),
    {ONE(1), RELATE_YEARS, true, "term_until", "term_from", NULL, 20, 50, NULL,
	NULL},
    AFTER(ONE(1), "approved", "established", 0, 9999),
    STEADY(ONE(1), "staff", "@staff", 1000, 1000),
    NUMBER(ONE(1), SELDOM, "parent_uscc", NULL, NULL, 3, 0),
    NUMBER(ONE(1), SELDOM, "successor_uscc", NULL, NULL, 0, 0),
    CODE(ONE(2), IF_MORE, "kind", "matter", 6, "filing", "change"),
    NUMBER(ONE(3), ROWS, NULL, NULL, NULL, 1, 0),
    RELATE(ONE(3), SPREAD, "kind", NULL),
    CODE(ONE(3), IF_HAS, "liquidation_status", "date", 0, "done", NULL),
    NUMBER(ONE(4), HOLDING, "share", NULL, NULL, 0, 0),
    NUMBER(ONE(4), PERCENT, "subscribed", "@capital", "share", 0, 0),
    SHARE(ONE(4), "paid_in", "subscribed", 0, 1000),
    AFTER(ONE(4), "paid_in_date", "contribution_date", 0, 1800),
    RELATE(ONE(4), WHEN, "paid_in_date", "paid_in"),
    RELATE(ONE(4), SAME, "shareholder_uscc", "shareholder"),
    RELATE(ONE(4), WHEN, "shareholder_uscc", "shareholder"),
    CODE(ONE(4), IF_MORE, "shareholder_kind", "shareholder", 0, "company",
	"person"),
    CODE(ONE(4), IF_MORE, "certificate_kind", "shareholder", 0, "licence",
	"identity"),
    CODE(ONE(4), CODE, "contribution_form", NULL, 0, "cash,cash,cash,goods,ip",
	NULL),
    CODE(
	ONE(5), IS, "is_representative", "position", 0, "representative", NULL),
    YEARS(ONE(5), "term_until", "term_from", 3, 3),

    /* Yearly reports. */
    AFTER(BOTH(6, 7), "reported", "year", 31, 181),
    STEADY(ONE(6), "staff", "@staff", 1000, 1000),
    SHARE(ONE(6), "female_staff", "staff", 200, 700),
    RELATE(ONE(6), WHEN, "website", "has_website"),
    RELATE(ONE(6), WHEN, "investments", "has_investment"),
    RELATE(ONE(6), WHEN, "guarantees", "has_guarantee"),
    RELATE(ONE(6), WHEN, "guaranteed_amount", "has_guarantee"),
    SHARE(ONE(6), "guaranteed_amount", "@turnover", 20, 500),
    OWN(ONE(6), "business_status", "open"),
    SHARE(ONE(7), "total_assets", "@turnover", 500, 1500),
    SHARE(ONE(7), "total_liabilities", "total_assets", 200, 750),
    NUMBER(ONE(7), LESS, "equity", "total_assets", "total_liabilities", 0, 0),
    SHARE(ONE(7), "revenue", "@turnover", 800, 1200),
    SHARE(ONE(7), "main_revenue", "revenue", 850, 1000),
    SHARE(ONE(7), "total_profit", "revenue", -60, 180),
    SHARE(ONE(7), "net_profit", "total_profit", 750, 1000),
    SHARE(ONE(7), "total_tax", "revenue", 10, 60),
    SHARE(ONE(7), "bank_loans", "total_liabilities", 0, 600),
    SHARE(ONE(7), "government_support", "revenue", 0, 10),

    /* Permits and certificates. */
    AFTER(ONE(8), "valid_from", "decided", 0, 30),
    YEARS(ONE(8), "valid_until", "valid_from", 1, 5),
    YEARS(ONE(9), "valid_until", "issued", 3, 5),
    YEARS(ONE(10), "valid_until", "issued", 3, 3),
    AFTER(ONE(10), "suspended", "issued", 30, 1000),
    NUMBER(ONE(10), SELDOM, "suspended", NULL, NULL, 5, 0),
    YEARS(ONE(34), "valid_until", "valid_from", 5, 5),
    CODE(BOTH(8, 10), IF_PAST, "status", "valid_until", 0, "expired", RUNNING),
    CODE(ONE(34), IF_PAST, "status", "valid_until", 0, "expired", RUNNING),
    CODE(
	ONE(10), IF_HAS, "status", "suspended", 0, "suspended,withdrawn", NULL),
    RELATE(ONE(10), SAYS, "project", "kind"),
    CODE(ONE(34), CODE, "management", NULL, 0, "key,simple", NULL),
    ONLY(ONE(34), "management", "kind", "discharge"),
    ONLY(ONE(34), "pollutants", "kind", "discharge,registration"),
    ONLY(ONE(34), "waste", "kind", "hazardous_waste"),
    ONLY(ONE(34), "capacity", "kind", "hazardous_waste"),

    /* Penalties and lists. */
    ONLY(ONE(11), "fine", "category", "fine,combined"),
    ONLY(ONE(11), "confiscated", "category", "confiscation,combined"),
    ONLY(ONE(11), "licence_affected", "category", "suspension,revocation"),
    SHARE(ONE(11), "fine", "@turnover", 1, 20),
    SHARE(ONE(11), "confiscated", "@turnover", 1, 10),
    RELATE(ONE(11), SAME, "facts", "violation_kind"),
    RELATE(ONE(11), SAYS, "content", "category"),
    YEARS(ONE(11), "effective_until", "decided", 1, 3),
    YEARS(ONE(11), "publicity_end", "decided", 1, 3),
    AFTER(ONE(11), "repaired_date", "decided", 90, 360),
    RELATE(ONE(11), TELLS, "repaired", "repaired_date"),
    AFTER(ONE(12), "removed", "listed", 10, 1000),
    RELATE(ONE(12), WITH, "removal_reason", "removed"),
    RELATE(ONE(12), WITH, "removal_authority", "removed"),
    RELATE(ONE(13), SPREAD, "list", NULL),
    YEARS(ONE(13), "period_until", "listed", 3, 3),
    AFTER(ONE(13), "removed", "listed", 180, 1090),
    RELATE(ONE(13), WITH, "removal_reason", "removed"),

    /* Courts. */
    AFTER(ONE(14), "published", "filed", 1, 60),
    AFTER(ONE(14), "withdrawn", "published", 10, 900),
    CODE(ONE(14), IF_HAS, "performance", "withdrawn", 0, "done",
	"none,none,part,unable"),
    ONLY(ONE(14), "performed_part", "performance", "part,done"),
    ONLY(ONE(14), "open_part", "performance", "none,part,unable"),
    RELATE(ONE(15), STAMP, "filed", NULL),
    AFTER(ONE(15), "judged", "filed", 30, 180),
    AFTER(ONE(15), "effective", "judged", 15, 30),
    AFTER(ONE(15), "closed", "effective", 30, 900),
    SHARE(ONE(15), "claim", "@turnover", 5, 150),
    SHARE(ONE(15), "unpaid", "claim", 100, 1000),
    RELATE(ONE(15), NONE, "unpaid", "closed"),
    CODE(ONE(15), IF_HAS, "enforcement_status", "closed", 0, "performed",
	"open,open,suspended,ended_round,none"),
    CODE(ONE(15), CODE, "role", NULL, 0, "defendant,debtor,debtor", NULL),
    AFTER(ONE(16), "until", "from", 180, 1095),
    CODE(ONE(16), IF_PAST, "status", "until", 0, "ended,released", "running"),
    ONLY(ONE(16), "administrator", "kind",
	"bankruptcy,reorganisation,composition"),
    ONLY(ONE(16), "equity_amount", "kind", "frozen_equity,equity_release"),
    ONLY(ONE(16), "equity_company", "kind", "frozen_equity,equity_release"),
    SHARE(ONE(16), "equity_amount", "@capital", 50, 500),

    /* Taxes. */
    RELATE(ONE(17), SCORE, "score", NULL),
    CODE(ONE(17), BAND, "level", "score", 0, "A:90,B:70,C:40,D:0", NULL),
    AFTER(ONE(17), "rated", "year", 90, 150),
    NUMBER(ONE(17), SELDOM, "adjusted_from", NULL, NULL, 8, 0),
    RELATE(ONE(17), DIFFERS, "adjusted_from", "level"),
    RELATE(ONE(18), SPREAD, "kind", NULL),
    RELATE(ONE(18), SPREAD, "tax", NULL),
    AFTER(ONE(18), "released", "found", 30, 900),
    SHARE(ONE(18), "balance", "@turnover", 1, 60),
    SHARE(ONE(18), "new_arrears", "balance", 0, 1000),
    ONLY(ONE(18), "facts", "kind", "major,false_invoice,evasion"),
    ONLY(ONE(18), "penalty", "kind", "major,false_invoice,evasion"),
    RELATE(ONE(19), SPREAD, "tax", NULL),
    RELATE(ONE(19), SAME, "period_until", "period"),
    SHARE(ONE(19), "sales", "@month", 700, 1300),
    SHARE(ONE(19), "taxable", "sales", 600, 1000),
    SHARE(ONE(19), "payable", "taxable", 10, 130),
    PAID(ONE(19), "paid", "payable", 8),
    SHARE(ONE(19), "reduced", "payable", 0, 300),
    SHARE(ONE(19), "export_refund", "sales", 1, 40),
    NUMBER(ONE(19), SELDOM, "export_refund", NULL, NULL, 15, 0),
    AFTER(ONE(19), "declared", "period", 3, 16),
    AFTER(ONE(19), "paid_date", "declared", 0, 5),
    RELATE(ONE(19), WHEN, "paid_date", "paid"),
    NUMBER(ONE(19), WITHIN, "on_time", "declared", "period", 15, 0),

    /* Staff: insurance and the housing fund. */
    RELATE(BOTH(20, 21), SPREAD, "insurance", NULL),
    SHARE(ONE(20), "insured", "@staff", 850, 1000),
    SHARE(ONE(20), "joined", "insured", 0, 80),
    SHARE(ONE(20), "left", "insured", 0, 80),
    SINCE(ONE(20), "first_insured", "@established", 10, 90),
    OWN(ONE(20), "status", "insured"),
    STEADY(ONE(21), "base", "@staff", 4000000, 9000000),
    SHARE(ONE(21), "base", "base", 970, 1030),
    {ONE(21), RELATE_RATE, false, "payable", "base", "insurance", 0, 0,
	"pension:240,medical:80,unemployment:10,injury:5,maternity:8", NULL},
    PAID(ONE(21), "paid", "payable", 8),
    NUMBER(ONE(21), LESS, "arrears", "payable", "paid", 0, 0),
    NUMBER(ONE(21), COUNT, "arrears_months", "arrears", NULL, 1, 6),
    AFTER(ONE(21), "paid_date", "month", 1, 15),
    RELATE(ONE(21), WHEN, "paid_date", "paid"),
    SHARE(ONE(22), "depositors", "@staff", 850, 1000),
    STEADY(ONE(22), "base", "depositors", 4000000, 9000000),
    {ONE(22), RELATE_RANGE, true, "rate", NULL, NULL, 5, 12, NULL, NULL},
    NUMBER(ONE(22), PERCENT, "payable", "base", "rate", 0, 0),
    PAID(ONE(22), "deposited", "payable", 5),
    NUMBER(ONE(22), LESS, "arrears", "payable", "deposited", 0, 0),
    NUMBER(ONE(22), SAME, "paid_to", "month", "arrears", 0, 0),
    CODE(
	ONE(22), IF_MORE, "account_status", "arrears", 0, "deferred", "normal"),
    SINCE(ONE(22), "opened", "@established", 30, 120),

    /* Customs. */
    NUMBER(ONE(23), ROWS, NULL, NULL, NULL, 1, 0),
    SINCE(ONE(23), "registered", "@established", 30, 700),
    AFTER(ONE(23), "level_date", "registered", 100, 2000),
    CODE(ONE(23), CODE, "level", NULL, 0,
	"regular,regular,regular,regular,general,advanced", NULL),
    NUMBER(ONE(23), CHANCE, "cancelled", NULL, NULL, 2, 0),
    SHARE(ONE(24), "imports_cny", "@month", 20, 300),
    SHARE(ONE(24), "imports_usd", "imports_cny", 139, 142),
    SHARE(ONE(24), "exports_cny", "@month", 50, 500),
    SHARE(ONE(24), "exports_usd", "exports_cny", 139, 142),
    SHARE(ONE(24), "duties", "imports_cny", 50, 200),
    NUMBER(ONE(24), RANGE, "declarations", NULL, NULL, 1, 60),

    /* Power, water, gas: about 0.75, 4 and 3.3 yuan a unit. */
    SHARE(ONE(25), "usage", "@staff", 200000, 300000),
    SHARE(ONE(25), "payable", "usage", 650, 850),
    SHARE(ONE(26), "usage", "@staff", 3000, 5000),
    SHARE(ONE(26), "payable", "usage", 3500, 4500),
    SHARE(ONE(27), "usage", "@staff", 10000, 20000),
    SHARE(ONE(27), "payable", "usage", 3000, 3600),
    PAID(UTILITY, "paid", "payable", 8),
    NUMBER(UTILITY, LESS, "arrears", "payable", "paid", 0, 0),
    SHARE(UTILITY, "late_fee", "arrears", 0, 50),
    CODE(UTILITY, IF_MORE, "breach", "arrears", 0, "late", "none"),
    CODE(UTILITY, IF_MORE, "status", "arrears", 0, "normal,normal,cut",
	"normal"),
    AFTER(UTILITY, "due", "period", 20, 20),
    AFTER(UTILITY, "paid_date", "period", 1, 20),
    RELATE(UTILITY, WHEN, "paid_date", "paid"),
    STEADY(ONE(25), "capacity", "@staff", 2000, 4000),
    OWN(ONE(25), "tariff",
	"industry_large,industry_general,industry_general,agriculture"),
    STEADY(ONE(26), "quota", "@staff", 5000, 6000),
    OWN(ONE(27), "pressure", "low,low,medium"),

    /* Property and rights. */
    RELATE(ONE(28), SPREAD, "right", NULL),
    NUMBER(ONE(28), RANGE, "area", NULL, NULL, 60, 20000),
    ONLY(ONE(28), "mortgagee", "right", "mortgage"),
    ONLY(ONE(28), "mortgage_amount", "right", "mortgage"),
    SHARE(ONE(28), "mortgage_amount", "@turnover", 50, 500),
    ONLY(ONE(28), "seizing_authority", "right", "seizure"),
    ONLY(ONE(28), "seizure_document", "right", "seizure"),
    YEARS(ONE(28), "until", "from", 1, 10),
    CODE(
	ONE(28), IF_PAST, "status", "until", 0, "historic,released", "current"),
    AFTER(ONE(29), "granted", "applied", 180, 900),
    YEARS(ONE(29), "valid_until", "applied", 10, 20),
    CODE(ONE(29), IF_HAS, "legal_status", "granted", 0, "granted",
	"pending,pending,refused,withdrawn"),
    NUMBER(ONE(29), CHANCE, "transferred", NULL, NULL, 10, 0),
    YEARS(ONE(30), "until", "registered", 1, 3),
    SHARE(ONE(30), "amount", "@turnover", 20, 300),
    AFTER(ONE(37), "from", "registered", 0, 10),
    YEARS(ONE(37), "until", "from", 1, 5),
    SHARE(ONE(37), "claim", "@turnover", 20, 500),
    AFTER(ONE(30), "cancelled", "registered", 90, 1000),
    AFTER(ONE(37), "cancelled", "registered", 90, 1000),
    CODE(ONE(30), IF_HAS, "status", "cancelled", 0, "cancelled", "current"),
    CODE(ONE(37), IF_HAS, "status", "cancelled", 0, "cancelled", "current"),
    ONLY(ONE(37), "farm_kind", "kind", "agriculture"),
    ONLY(ONE(37), "farm_level", "kind", "agriculture"),
    ONLY(ONE(37), "farm_area", "kind", "agriculture"),
    ONLY(ONE(37), "subsidy", "kind", "agriculture"),

    /* Technology, environment, honours, support. */
    YEARS(ONE(31), "valid_until", "recognised", 3, 3),
    AFTER(ONE(31), "withdrawn", "recognised", 100, 1000),
    NUMBER(ONE(31), SELDOM, "withdrawn", NULL, NULL, 3, 0),
    SHARE(ONE(32), "spending", "@turnover", 10, 150),
    SHARE(ONE(32), "super_deduction", "spending", 750, 1000),
    NUMBER(ONE(32), RATIO, "share_of_revenue", "spending", "@turnover", 0, 0),
    SHARE(ONE(32), "personnel", "@staff", 50, 400),
    NUMBER(ONE(32), RANGE, "projects", NULL, NULL, 1, 12),
    SHARE(ONE(32), "technology_revenue", "@turnover", 100, 800),
    SHARE(ONE(32), "contracts", "technology_revenue", 0, 300),
    RELATE(ONE(33), SCORE, "score", NULL),
    CODE(ONE(33), BAND, "grade", "score", 0,
	"green:90,blue:75,yellow:60,red:40,black:0", NULL),
    AFTER(ONE(33), "rated", "year", 90, 270),
    NUMBER(ONE(33), CHANCE, "key_polluter", NULL, NULL, 10, 0),
    RELATE(ONE(35), SAYS, "honour", "kind"),
    YEARS(ONE(35), "valid_until", "recognised", 1, 5),
    AFTER(ONE(35), "withdrawn", "recognised", 100, 360),
    NUMBER(ONE(35), SELDOM, "withdrawn", NULL, NULL, 3, 0),
    RELATE(ONE(36), YEAR, "year", "paid"),
    SHARE(ONE(36), "amount", "@turnover", 1, 20),

    {0, 0, RELATE_END, false, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

const struct relation *
relations(void)
{
	return table;
}
