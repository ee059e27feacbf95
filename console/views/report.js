// A month on paper: what a ministry files.

import { get } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { count, day, name, percent, share, t, time } from "../base/text.js";
import { csvButton, figure, panel, table } from "../base/ui.js";

const last = (month) => {
	const date = new Date(`${month}-01T00:00:00Z`);

	date.setUTCMonth(date.getUTCMonth() + 1, 0);
	return date.toISOString().slice(0, 10);
};

function scored(by, month) {
	return panel({ name: `report_${by}`, title: t(`report_${by}`), definition: "score", load: () => get("/v1/assessment", { by, month }), draw: (body, answer, tools) => {
		const columns = [{ label: t("rank"), key: "rank", number: true, text: (row) => row.rank ?? "–" }, { label: t("unit"), text: (row) => row.name || row.unit || t("nation") },
			{ label: t("score"), number: true, text: (row) => row.score === null ? "–" : row.score.toFixed(2), sort: (row) => row.score ?? -1 },
			{ label: t("covered"), number: true, text: (row) => `${row.covered} %` },
			...answer.definitions.map((one) => ({ label: name(one), number: true, text: (row) => percent(row.indicators[one.code]?.value), sort: (row) => row.indicators[one.code]?.value ?? -1 }))];

		replace(tools, csvButton(`report-${by}-${month}`, columns, answer.rows));
		replace(body, h("p.small", t(`month_${answer.state}`), answer.published_at ? ` ${time(answer.published_at)}` : "", " · ", t("weights_version", answer.weights_version)),
			table(columns, answer.rows, { most: 400 }));
	} });
}

// On paper nobody can ask what a figure means.
function formulas(month) {
	return panel({ name: "report_formulas", title: t("report_formulas"), load: () => get("/v1/assessment", { by: "nation", month }), draw: (body, answer, tools) => {
		const objections = answer.rows[0]?.indicators.objections;
		const columns = [{ label: t("indicator"), text: (one) => name(one) }, { label: t("weight"), number: true, text: (one) => count(one.weight) },
			{ label: t("definition"), text: (one) => name({ zh: one.formula_zh, en: one.formula_en }) }];

		replace(tools, csvButton("formulas", columns, answer.definitions));
		replace(body, table(columns, answer.definitions),
		objections ? h("p.small", t("report_objections", count(objections.of), count(objections.has), count(objections.corrected ?? 0))) : null);
	} });
}

export const parent = "assessment";

export function show(main, { path }) {
	const [month = day(null, 0).slice(0, 7)] = path;
	const span = { from: `${month}-01`, to: last(month) };
	const sums = panel({ name: "report_sums", width: "flat", title: t("now"), load: async () => {
		const [{ days }, { totals }, { open }] = await Promise.all([get("/v1/trend", span), get("/v1/usage/totals", { by: "day", ...span }), get("/v1/alerts", { limit: 1 })]);
		const add = (rows, key) => rows.reduce((sum, row) => sum + row[key], 0);

		return { rows: add(days, "rows"), accepted: add(days, "accepted"), rejected: add(days, "rejected"), questions: add(totals, "questions"), refused: add(totals, "refused"), alerts: open };
	}, draw: (body, now) => replace(body, h("div.figures", figure("rows", count(now.rows), t("report_changed", count(now.accepted)), { definition: "trend", href: "#/departments" }),
		figure("rejected", count(now.rejected), share(now.rejected, now.rows), { definition: "accuracy", href: "#/departments" }), figure("questions", count(now.questions), null, { href: "#/use" }),
		figure("refused", count(now.refused), share(now.refused, now.questions), { href: "#/use" }))) });
	const parts = [sums, scored("nation", month), scored("month", month), scored("department", month), scored("province", month), scored("city", month), formulas(month)];

	replace(main, h("p.crumbs", h("a", { href: "#/assessment" }, t("assessment"))), h("h1", t("report_title", month)), h("p.lead", t("report_made", time(new Date().toISOString()))),
		h("p", h("button.tool.main", { type: "button", onclick: () => window.print() }, t("print"))), h("div.panels", parts.map((part) => part.box)));
	return parts;
}
