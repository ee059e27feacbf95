// How good it is, item by item, and how that went.

import { h, replace } from "../base/dom.js";
import { get } from "../base/api.js";
import { count, day, name, share, t } from "../base/text.js";
import { bars, choice, everyDay, figure, itemChoice, table } from "./parts.js";

const sum = (rows, key) => rows.reduce((whole, row) => whole + row[key], 0);

function columns(context) {
	return [
		{ label: t("item"), lead: true, show: (row) => context.itemName(row.item) },
		...["rows", "accepted", "unchanged", "rejected", "warned"].map((key) => ({ label: t(key), number: true, show: (row) => row[key] })),
		{ label: t("rejected_share"), number: true, show: (row) => share(row.rejected, row.rows) },
		{ label: t("completeness"), number: true, show: (row) => share(row.values_present, row.values_due) },
		{ label: t("consistency"), number: true, show: (row) => share(row.rows - row.conflicts, row.rows) },
		{ label: t("open_rows"), number: true, show: (row) => (row.open_rows > 0 ? h("a", { href: `#findings/${row.item}` }, count(row.open_rows)) : "0") },
	];
}

const trendColumns = () => [
	{ label: t("day"), lead: true, show: (row) => row.day },
	{ label: t("taken"), number: true, show: (row) => row.taken },
	{ label: t("rejected"), number: true, show: (row) => row.wrong },
];

async function drawTrend(place, context, item, term) {
	const from = day(null, 1 - term), to = day();
	const [trend, facts] = await Promise.all([get("/v1/trend", { item, from, to }), get("/v1/quality", { item, from, to, limit: 1 })]);
	const days = everyDay(from, to, trend.days, (one) => ({ taken: one.rows - one.rejected, wrong: one.rejected }));
	const rules = new Map();

	for (const one of facts.rules) {
		const seen = rules.get(`${one.rule} ${one.severity}`) ?? { ...one, count: 0 };

		seen.count += one.count;
		rules.set(`${one.rule} ${one.severity}`, seen);
	}
	replace(place,
		h("p", h("span.key", t("taken")), " ", h("span.key.wrong", t("rejected"))),
		bars(days, t("bars_say", from, to, count(sum(trend.days, "rows")), count(sum(trend.days, "rejected"))), trendColumns()),
		h("h2", t("why_wrong")),
		rules.size === 0 ? h("p", t("nothing_wrong")) : table([
			{ label: t("rule"), lead: true, show: (row) => name(context.rules.get(row.rule)) || row.rule },
			{ label: t("severity"), show: (row) => t(row.severity) },
			{ label: t("count"), number: true, show: (row) => row.count },
		], [...rules.values()].sort((a, b) => b.count - a.count), (row) => ({ "data-rule": row.rule })));
}

export async function show(context) {
	const { items } = await get("/v1/departments");
	const place = h("div", { id: "trend" });
	let item = "", term = 30;
	const again = () => context.tell(async () => { await drawTrend(place, context, item, term); return ""; });

	await drawTrend(place, context, item, term);
	return [
		h("h1", t("v_quality")), h("p.note", t("quality_about")),
		h("div.figures",
			figure("rows", t("rows"), count(sum(items, "rows"))),
			figure("rejected", t("rejected_share"), share(sum(items, "rejected"), sum(items, "rows"))),
			figure("complete", t("completeness"), share(sum(items, "values_present"), sum(items, "values_due"))),
			figure("on_time", t("on_time"), t("used_of", count(items.filter((one) => !one.late).length), count(items.length))),
			figure("open", t("open_rows"), count(sum(items, "open_rows")))),
		h("h2", t("trend_of")),
		h("div.choose", itemChoice(context, item, (value) => { item = value; again(); }),
			choice("term", t("term"), [30, 90, 365].map((n) => [n, t("last_n", n)]), term, (value) => { term = Number(value); again(); })),
		place,
		h("h2", t("by_item_30")),
		items.some((one) => one.rows > 0) ? table(columns(context), items.filter((one) => one.rows > 0 || one.open_rows > 0), (row) => ({ "data-item": row.item }))
			: h("p", t("nothing_handed_in")),
	];
}
