// Who asks what, for which purpose, and what is refused.

import { get } from "../base/api.js";
import { catalogue, itemName } from "../base/catalogue.js";
import { chart, colours } from "../base/charts.js";
import { h, replace } from "../base/dom.js";
import { memberName, members } from "../base/members.js";
import { count, day, hasWord, share, t } from "../base/text.js";
import { csvButton, figure, panel, table } from "../base/ui.js";
import { protectionPanels } from "./protection.js";

const DAYS = 7;
const period = { from: day(null, 1 - DAYS), to: day(null, 0) };
const totals = (by) => get("/v1/usage/totals", { by, ...period }).then((reply) => reply.totals);
const word = (prefix, key) => hasWord(`${prefix}_${key}`) ? t(`${prefix}_${key}`) : key;
// Which answers name nobody (docs/PROTOCOL.md, Anonymised answers).
const anonymised = new Set(["statistics", "screening", "screenings"]);

function columnsOf(label, text) {
	return [{ label, wide: true, text, show: (row) => row.href ? h("a", { href: row.href }, text(row)) : text(row) }, { label: t("questions"), key: "questions", number: true },
		{ label: t("refused"), key: "refused", number: true }, { label: t("refused_share"), number: true, text: (row) => share(row.refused, row.questions), sort: (row) => row.questions ? row.refused / row.questions : 0 }];
}

// A table with a bar chart of its first rows above it.
function split(by, width, naming, titleKey = `by_${by}`) {
	const places = { member: "member", node: "trails" };

	return panel({ name: `use_${by}`, title: t(titleKey), definition: "questions", width, topics: ["usage"], load: async () => (await totals(by)).map((row) => places[by] ? { ...row, href: `#/${places[by]}/${row.key}` } : row), draw: async (body, rows, tools) => {
		const text = await naming();
		const columns = columnsOf(t(titleKey), text);
		const { link, failed, soft } = colours();
		const top = rows.slice(0, 8).reverse();

		replace(tools, csvButton(`use-${by}`, columns, rows));
		if (rows.length > 0)
			await chart(body, t(titleKey), { grid: { left: 8, right: 16, top: 30, bottom: 6, containLabel: true }, tooltip: { axisPointer: { type: "none" } },
				xAxis: { type: "value" }, yAxis: { type: "category", data: top.map(text), axisLabel: { color: soft, width: 130, overflow: "truncate" } },
				series: [{ name: t("answered"), type: "bar", stack: "q", itemStyle: { color: link }, data: top.map((row) => row.questions - row.refused) },
					{ name: t("refused"), type: "bar", stack: "q", itemStyle: { color: failed }, data: top.map((row) => row.refused) }] });
		body.append(table(columns, rows, { most: 8, mark: (row) => row.key }));
	} });
}

export function show(main, { me }) {
	const sums = panel({ name: "use", width: "flat", title: t("use_sums"), topics: ["usage"], load: () => totals("action"), draw: (body, rows) => {
		const add = (list, key) => list.reduce((sum, row) => sum + row[key], 0);
		const masked = rows.filter((row) => anonymised.has(row.key));
		const named = rows.filter((row) => row.key === "report" || row.key === "enterprise");

		replace(body, h("div.figures",
			figure("questions", count(add(rows, "questions")), t("last_days", DAYS), { to: "use_day" }), figure("refused", count(add(rows, "refused")), share(add(rows, "refused"), add(rows, "questions")), { to: "use_rule" }),
			figure("anonymised", count(add(masked, "questions")), share(add(masked, "questions"), add(rows, "questions")), { to: "use_action" }),
			figure("authorised", count(add(named, "questions")), share(add(named, "questions"), add(rows, "questions")), { to: "use_action" })));
	} });
	const days = panel({ name: "use_day", title: t("by_day"), definition: "questions", width: "w7", topics: ["usage"], load: () => totals("day"), draw: async (body, rows) => {
		const { link, failed } = colours();
		const sorted = [...rows].sort((a, b) => a.key.localeCompare(b.key));

		if (rows.length === 0)
			return replace(body, h("p.empty", t("empty")));
		return chart(body, t("by_day"), { xAxis: { type: "category", data: sorted.map((row) => row.key.slice(5)) }, yAxis: { type: "value" },
			series: [{ name: t("answered"), type: "bar", barMaxWidth: 40, stack: "q", itemStyle: { color: link }, data: sorted.map((row) => row.questions - row.refused) },
				{ name: t("refused"), type: "bar", barMaxWidth: 40, stack: "q", itemStyle: { color: failed }, data: sorted.map((row) => row.refused) }] });
	} });
	const rules = panel({ name: "use_rule", title: t("by_rule"), definition: "refusals", width: "w5", topics: ["usage"], load: () => totals("rule"), draw: (body, rows, tools) => {
		const columns = [{ label: t("rule"), wide: true, text: (row) => word("rule", row.key), show: (row) => h("span", word("rule", row.key), h("span.sub.mono", row.key)) }, { label: t("questions"), key: "questions", number: true }];

		replace(tools, csvButton("refusals", columns, rows));
		replace(body, table(columns, rows, { most: 12, empty: t("none_refused"), mark: (row) => row.key }));
	} });
	const known = async () => {
		const list = await members();

		return (row) => memberName(list, row.key);
	};
	const parts = [split("purpose", "w6", async () => (row) => word("purpose", row.key)), split("action", "w6", async () => (row) => word("action", row.key)),
		split("member", "w6", known), split("node", "w6", known), split("item", "", async () => {
			const document = await catalogue();

			return (row) => `${row.key} ${itemName(document, row.key)}`;
		})];

	const kept = protectionPanels(me);

	replace(main, h("h1", t("use")), h("p.lead", t("use_lead", DAYS)), h("div.panels", sums.box, days.box, rules.box, parts.map((part) => part.box)),
		h("h2", t("protection")), h("div.panels", kept.map((part) => part.box)));
	return [sums, days, rules, ...parts, ...kept];
}
