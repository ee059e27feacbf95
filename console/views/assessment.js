// A month's sharing, scored and ranked; its publication, and the weights.

import { act, form } from "../base/act.js";
import { get, getSigned, post } from "../base/api.js";
import { chart, colours } from "../base/charts.js";
import { h, replace } from "../base/dom.js";
import { memberName, members } from "../base/members.js";
import { count, day, name, percent, t, time } from "../base/text.js";
import { ask, csvButton, panel, save, table } from "../base/ui.js";

const kinds = ["department", "province", "city", "nation", "month"];

function formula(definition) {
	return h("button.def", { type: "button", "aria-label": `${t("definition")}: ${name(definition)}`, onclick: () => ask(name(definition),
		h("p", name({ zh: definition.formula_zh, en: definition.formula_en })), [["", t("close")]]) }, "?");
}

// Frozen and signed for good; or, when it is, the signed document.
function publication(answer, me, refresh) {
	const { month } = answer;

	if (answer.state === "published")
		return h("button.tool", { type: "button", "data-act": "signed", onclick: async () => save(`${month}.jws`, await getSigned("/v1/assessment", { month }), "application/jose") }, t("signed_file"));
	if (answer.state !== "unpublished" || me.role !== "operator")
		return null;
	return h("button.tool.main", { type: "button", "data-act": "publish", onclick: async () => {
		if (await act(t("publish_month"), t("publish_text", month), () => post(`/v1/assessment/${month}/publish`, null), true))
			refresh();
	} }, t("publish_month"));
}

async function setWeights(definitions, refresh) {
	const answer = await form(t("set_weights"), [{ name: "from", label: t("weights_from"), value: day(null, 0).slice(0, 7) },
		...definitions.map((one) => ({ name: one.code, label: name(one), value: String(one.weight) }))], t("review"));

	if (answer === null)
		return;
	const { from, ...texts } = answer;
	const weights = Object.fromEntries(Object.entries(texts).map(([code, text]) => [code, Number(text)]));

	if (await act(t("set_weights"), h("span", t("weights_text", from), h("br"), definitions.map((one) => `${name(one)} ${weights[one.code]}`).join(" · ")), () =>
		post("/v1/assessment/weights", { from, weights })))
		refresh();
}

// Every version there was: none is ever changed.
function weightsPanel(me, refreshScores) {
	const list = panel({ name: "weights", title: t("weights"), topics: ["actions"], load: async () => ({ versions: (await get("/v1/assessment/weights")).versions,
		definitions: (await get("/v1/assessment", { by: "nation" })).definitions }), draw: async (body, { versions, definitions }, tools) => {
		const known = await members();
		const columns = [{ label: t("versions"), key: "version", number: true }, { label: t("weights_from"), key: "from" },
			...definitions.map((one) => ({ label: name(one), number: true, text: (row) => row.weights[one.code] ?? 0 })),
			{ label: t("operator"), text: (row) => row.set_by ? memberName(known, row.set_by) : t("shipped") }, { label: t("when"), text: (row) => row.set_by ? time(row.set_at) : "–" }];

		replace(tools, csvButton("weights", columns, versions), me.role === "operator"
			? h("button.tool", { type: "button", "data-act": "weights", onclick: () => setWeights(definitions, () => { list.refresh(); refreshScores(); }) }, t("set_weights")) : null);
		replace(body, table(columns, versions, { mark: (row) => row.version }));
	} });

	return list;
}

export function show(main, { me, path, go }) {
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

		replace(tools, csvButton(`assessment-${by}-${month}`, columns, answer.rows), publication(answer, me, scores.refresh));
		body.append(h("p.small", t(`month_${answer.state}`), answer.published_at ? ` ${time(answer.published_at)}` : "", " · ", t("weights_version", answer.weights_version)));
		if (scored.length > 1)
			await chart(body, t("score"), { legend: null, grid: { left: 8, right: 14, top: 12, bottom: 6, containLabel: true }, yAxis: { type: "value", max: 100 },
				xAxis: { type: "category", data: scored.map((row) => row.name || row.unit), axisLabel: { interval: 0, rotate: 50, width: 74, overflow: "truncate" } },
				series: [{ name: t("score"), type: "bar", barMaxWidth: 26, itemStyle: { color: colours().link }, data: scored.map((row) => row.score) }] });
		body.append(table(columns, answer.rows, { most: 60, mark: (row) => row.unit }));
		body.append(h("p.small", answer.definitions.map((one) => [name(one), ` ×${count(one.weight)} `, formula(one), "  "])));
	} });
	const weights = weightsPanel(me, scores.refresh);
	const filters = h("div.filters", h("label", t("month"), " ", h("select", { "aria-label": t("month"), onchange: (event) => go(`/assessment/${by}/${event.target.value}`) },
		months.map((one) => h("option", { value: one, selected: one === month }, one)))),
	h("a.tool", { href: `#/report/${month}` }, t("monthly_report")), kinds.map((one) => h("a.tool", { href: `#/assessment/${one}/${month}`, "aria-current": one === by ? "true" : null }, t(`by_${one}`))));

	replace(main, h("h1", t("assessment")), h("p.lead", t("assessment_lead")), filters, h("div.panels", scores.box, weights.box));
	return [scores, weights];
}
