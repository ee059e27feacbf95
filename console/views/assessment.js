// A month's sharing, scored and ranked.

import { get } from "../base/api.js";
import { chart, colours } from "../base/charts.js";
import { h, replace } from "../base/dom.js";
import { count, day, name, percent, t, time } from "../base/text.js";
import { ask, csvButton, panel, table } from "../base/ui.js";

const kinds = ["department", "province", "city", "nation", "month"];

function formula(definition) {
	return h("button.def", { type: "button", "aria-label": `${t("definition")}: ${name(definition)}`, onclick: () => ask(name(definition),
		h("p", name({ zh: definition.formula_zh, en: definition.formula_en })), [["", t("close")]]) }, "?");
}

export function show(main, { path, go }) {
	const [by = "province", month = day(null, 0).slice(0, 7)] = path;
	const months = Array.from({ length: 12 }, (_, index) => {
		const date = new Date(`${day(null, 0).slice(0, 7)}-15T00:00:00Z`);

		date.setUTCMonth(date.getUTCMonth() - index);
		return date.toISOString().slice(0, 7);
	});
	const scores = panel({ name: "assessment", title: `${t(`by_${by}`)} · ${month}`, definition: "score", topics: [], load: () => get("/v1/assessment", { by, month }), draw: async (body, answer, tools) => {
		const columns = [{ label: t("rank"), key: "rank", number: true, text: (row) => row.rank ?? "–", sort: (row) => row.rank ?? 9999 },
			{ label: t("unit"), key: "name", text: (row) => row.name || row.unit || t("nation") },
			{ label: t("score"), key: "score", number: true, text: (row) => row.score ?? "–", show: (row) => h("strong", row.score === null ? "–" : row.score.toFixed(2)) },
			{ label: t("covered"), number: true, text: (row) => `${row.covered} %` },
			...answer.definitions.map((one) => ({ label: name(one), number: true, text: (row) => percent(row.indicators[one.code]?.value), sort: (row) => row.indicators[one.code]?.value ?? -1 }))];
		const scored = answer.rows.filter((row) => row.score !== null).slice(0, 34);

		replace(tools, csvButton(`assessment-${by}-${month}`, columns, answer.rows));
		body.append(h("p.small", t(`month_${answer.state}`), answer.published_at ? ` ${time(answer.published_at)}` : "", " · ", t("weights_version", answer.weights_version)));
		if (scored.length > 1)
			await chart(body, t("score"), { legend: null, grid: { left: 8, right: 14, top: 12, bottom: 6, containLabel: true }, yAxis: { type: "value", max: 100 },
				xAxis: { type: "category", data: scored.map((row) => row.name || row.unit), axisLabel: { interval: 0, rotate: 50, width: 74, overflow: "truncate" } },
				series: [{ name: t("score"), type: "bar", barMaxWidth: 26, itemStyle: { color: colours().link }, data: scored.map((row) => row.score) }] });
		body.append(table(columns, answer.rows, { most: 60, mark: (row) => row.unit }));
		body.append(h("p.small", answer.definitions.map((one) => [name(one), ` ×${count(one.weight)} `, formula(one), "  "])));
	} });
	const filters = h("div.filters", h("label", t("month"), " ", h("select", { "aria-label": t("month"), onchange: (event) => go(`/assessment/${by}/${event.target.value}`) },
		months.map((one) => h("option", { value: one, selected: one === month }, one)))),
	h("a.tool", { href: `#/report/${month}` }, t("monthly_report")), kinds.map((one) => h("a.tool", { href: `#/assessment/${one}/${month}`, "aria-current": one === by ? "true" : null }, t(`by_${one}`))));

	replace(main, h("h1", t("assessment")), h("p.lead", t("assessment_lead")), filters, h("div.panels", scores.box));
	return [scores];
}
