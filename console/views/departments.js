// Who owes what, what came, and how good it was.

import { act } from "../base/act.js";
import { get, post } from "../base/api.js";
import { catalogue, itemName } from "../base/catalogue.js";
import { chart, colours } from "../base/charts.js";
import { h, replace } from "../base/dom.js";
import { count, day, name, percent, share, span, t, time } from "../base/text.js";
import { csvButton, define, panel, state, table } from "../base/ui.js";
import { drawTrend } from "./province.js";

const ratio = (part, whole) => whole > 0 ? part / whole : null;

// The figures of several items as those of one.
export function summed(rows) {
	const keys = ["rows", "accepted", "unchanged", "rejected", "warned", "conflicts", "dated", "lag_seconds", "values_due", "values_present",
		"open_rows", "periods_due", "periods_received"];
	const sum = { provider: rows[0].provider, name: rows[0].name, items: rows.length, late: rows.filter((row) => row.late).length };

	for (const key of keys)
		sum[key] = rows.reduce((total, row) => total + (row[key] ?? 0), 0);
	sum.last_day = rows.map((row) => row.last_day).filter(Boolean).sort().at(-1) ?? null;
	return sum;
}

function stateOf(row) {
	const rejected = ratio(row.rejected, row.rows) ?? 0;

	if (rejected > 0.2)
		return "failed";
	if (row.last_day === null && row.rows === 0)
		return "none";
	return row.late || rejected > 0.05 ? "late" : "good";
}

const qualityColumns = () => [
	{ label: t("timeliness"), number: true, definition: "timeliness", text: (row) => percent(ratio(Math.min(row.periods_received, row.periods_due), row.periods_due)), sort: (row) => ratio(row.periods_received, row.periods_due) ?? -1 },
	{ label: t("completeness"), number: true, text: (row) => percent(ratio(row.values_present, row.values_due)), sort: (row) => ratio(row.values_present, row.values_due) ?? -1 },
	{ label: t("accuracy"), number: true, text: (row) => percent(ratio(row.rows - row.rejected, row.rows)), sort: (row) => ratio(row.rows - row.rejected, row.rows) ?? -1 },
	{ label: t("consistency"), number: true, text: (row) => percent(ratio(row.rows - row.conflicts, row.rows)), sort: (row) => ratio(row.rows - row.conflicts, row.rows) ?? -1 }];

function definitionLine() {
	return h("p.small", ["timeliness", "completeness", "accuracy", "consistency", "open_rows"].map((key) => [t(key), " ", define(key, t(key)), "  "]));
}

function drawAll(body, items, tools) {
	const rows = [...Map.groupBy(items, (row) => row.provider).values()].map(summed);
	const columns = [
		{ label: t("department"), key: "name", text: (row) => row.name || row.provider, show: (row) => h("a", { href: `#/departments/${row.provider}` }, row.name || row.provider) },
		{ label: t("state"), text: (row) => t(stateOf(row)), show: (row) => state(stateOf(row)) },
		{ label: t("items"), number: true, text: (row) => row.late > 0 ? t("items_late", row.items, row.late) : String(row.items), sort: (row) => row.late },
		{ label: t("rows_30"), key: "rows", number: true }, { label: t("rejected"), key: "rejected", number: true }, ...qualityColumns(),
		{ label: t("open_rows"), key: "open_rows", number: true }, { label: t("last_day"), text: (row) => row.last_day ?? "–" }];

	replace(tools, csvButton("departments", columns, rows));
	replace(body, table(columns, rows, { mark: (row) => row.provider }), definitionLine());
}

function drawOne(body, items, known, tools) {
	const columns = [
		{ label: t("item"), wide: true, text: (row) => `${row.item} ${itemName(known, row.item)}`, sort: (row) => row.item,
			show: (row) => h("a", { href: `#/departments/${row.provider}/${row.item}` }, `${row.item} ${itemName(known, row.item)}`) },
		{ label: t("state"), text: (row) => t(stateOf(row)), show: (row) => state(stateOf(row)) },
		{ label: t("cadence"), detail: true, text: (row) => row.cadence ? t(row.cadence) : "–" },
		{ label: t("due_received"), number: true, text: (row) => row.periods_due === null ? "–" : `${row.periods_received} / ${row.periods_due}` },
		{ label: t("last_day"), detail: true, text: (row) => row.last_day ?? "–" }, { label: t("due_day"), detail: true, text: (row) => row.due_day ?? "–" },
		{ label: t("rows_30"), key: "rows", number: true }, { label: t("changed"), detail: true, key: "accepted", number: true },
		{ label: t("rejected"), key: "rejected", number: true }, { label: t("conflicts"), detail: true, key: "conflicts", number: true }, ...qualityColumns(),
		{ label: t("lag"), detail: true, number: true, text: (row) => row.dated > 0 ? span(1000 * row.lag_seconds / row.dated) : "–", sort: (row) => row.dated > 0 ? row.lag_seconds / row.dated : -1 },
		{ label: t("open_rows"), key: "open_rows", number: true }];

	replace(tools, csvButton("department", columns, items));
	replace(body, table(columns, items, { mark: (row) => row.item }), definitionLine());
}

function ruleName(known, code) {
	const rule = known.rules.get(code);

	return rule ? name(rule) : code;
}

async function drawRules(body, rules, known, tools) {
	const total = [...Map.groupBy(rules, (row) => `${row.rule}/${row.severity}`).values()].map((rows) =>
		({ rule: rows[0].rule, severity: rows[0].severity, count: rows.reduce((sum, row) => sum + row.count, 0) })).sort((a, b) => b.count - a.count);
	const columns = [{ label: t("rule"), wide: true, text: (row) => ruleName(known, row.rule), show: (row) => h("span", ruleName(known, row.rule), h("span.sub.mono", row.rule)) },
		{ label: t("severity"), text: (row) => t(row.severity) }, { label: t("count"), key: "count", number: true }];
	const { failed, late, soft } = colours();
	const top = total.slice(0, 8).reverse();

	replace(tools, csvButton("rules", columns, total));
	if (total.length > 0)
		await chart(body, t("rules"), { legend: null, grid: { left: 8, right: 40, top: 6, bottom: 6, containLabel: true },
			xAxis: { type: "value", splitLine: { show: false }, axisLabel: { show: false } },
			yAxis: { type: "category", data: top.map((row) => ruleName(known, row.rule)), axisLabel: { color: soft, width: 150, overflow: "truncate" } },
			series: [{ type: "bar", label: { show: true, position: "right", color: soft }, data: top.map((row) => ({ value: row.count, itemStyle: { color: row.severity === "reject" ? failed : late } })) }] });
	body.append(table(columns, total, { most: 10 }));
}

function drawFindings(body, reply, tools) {
	const text = (row) => t("lang_zh") === "1" ? row.zh : row.en;
	const columns = [
		{ label: t("batch"), key: "batch", show: (row) => h("code", row.batch) }, { label: t("item"), key: "item", number: true },
		{ label: t("line"), key: "line", number: true }, { label: t("field"), key: "field" },
		{ label: t("rule"), wide: true, text, show: (row) => h("span", text(row), h("span.sub.mono", row.rule)) }, { label: t("severity"), text: (row) => t(row.severity) }];

	replace(tools, csvButton("findings", columns, reply.findings));
	replace(body, table(columns, reply.findings, { most: 10, empty: t("no_findings") }), reply.next ? h("p.small", t("first_rows", reply.findings.length)) : null);
}

function decide(batch, what, refresh) {
	return act(t(`${what}_batch`), t(`${what}_text`, batch.batch, count(batch.rows)), () =>
		post(`/v1/feeds/${batch.item}/batches/${encodeURIComponent(batch.batch)}/${what}?provider=${encodeURIComponent(batch.provider)}`, null), what === "refuse").then((done) => done && refresh());
}

function heldPanel(me, provider) {
	const held = panel({ name: "held", title: t("batches_held"), topics: ["feeds"],
		load: async () => (await get("/v1/batches", { state: "held" })).batches.filter((row) => !provider || row.provider === provider),
		draw: async (body, rows, tools) => {
			const known = await catalogue();
			const columns = [
				{ label: t("batch"), key: "batch", show: (row) => h("code", row.batch) }, { label: t("item"), wide: true, text: (row) => `${row.item} ${itemName(known, row.item)}` },
				{ label: t("reason"), text: (row) => t(`held_${row.reason}`, row.share) }, { label: t("rows"), key: "rows", number: true },
				{ label: t("rejected"), key: "rejected", number: true }, { label: t("withdrawn"), key: "withdrawn", number: true },
				{ label: t("received"), text: (row) => time(row.received) },
				{ label: "", show: (row) => me.role === "operator" ? h("span.row-tools",
					h("button.tool", { type: "button", "data-act": "release", onclick: () => decide(row, "release", held.refresh) }, t("release")),
					h("button.tool.danger", { type: "button", "data-act": "refuse", onclick: () => decide(row, "refuse", held.refresh) }, t("refuse"))) : "" }];

			replace(tools, csvButton("held", columns.slice(0, -1), rows));
			replace(body, table(columns, rows, { empty: t("none_held"), mark: (row) => row.batch }));
		} });

	return held;
}

function showAll(main, me) {
	const all = panel({ name: "departments", title: t("departments"), topics: ["feeds", "members"], load: async () => (await get("/v1/departments")).items, draw: drawAll });
	const trend = panel({ name: "trend", title: t("trend"), width: "w7", topics: ["feeds"], load: () => get("/v1/trend", { from: day(null, -29) }), draw: (body, data) => drawTrend(body, data.days) });
	const rules = panel({ name: "rules", title: t("rules"), width: "w5", topics: ["feeds"], load: async () => (await get("/v1/quality", { limit: 1 })).rules,
		draw: async (body, list, tools) => drawRules(body, list, await catalogue(), tools) });
	const held = heldPanel(me);
	const sources = panel({ name: "sources", title: t("sources"), topics: ["feeds"], load: async () => (await get("/v1/sources")).sources,
		draw: (body, rows, tools) => {
			const columns = [{ label: t("source"), key: "name" }, { label: t("item"), key: "item", number: true }, { label: t("state"), key: "state" },
				{ label: t("rows"), key: "rows", number: true }, { label: t("last_success"), text: (row) => time(row.last_success) }, { label: t("error"), key: "error" }];

			replace(tools, csvButton("sources", columns, rows));
			replace(body, table(columns, rows, { empty: t("no_sources") }));
		} });

	replace(main, h("h1", t("departments")), h("p.lead", t("departments_lead")), h("div.panels", all.box, held.box, trend.box, rules.box, sources.box));
	return [all, held, trend, rules, sources];
}

export function show(main, { me, path }) {
	const [provider, item] = path;

	if (!provider)
		return showAll(main, me);
	const mine = { provider, item };
	const items = panel({ name: "department", title: t("items_of_department"), topics: ["feeds", "catalogue"],
		load: async () => (await get("/v1/departments", { provider })).items.filter((row) => !item || row.item === Number(item)),
		draw: async (body, rows, tools) => {
			title.firstChild.textContent = rows[0]?.name || provider;
			drawOne(body, rows, await catalogue(), tools);
		} });
	const trend = panel({ name: "trend", title: t("trend"), width: "w7", topics: ["feeds"], load: () => get("/v1/trend", { ...mine, from: day(null, -29) }), draw: (body, data) => drawTrend(body, data.days) });
	const rules = panel({ name: "rules", title: t("rules"), width: "w5", topics: ["feeds"], load: async () => (await get("/v1/quality", { ...mine, limit: 1 })).rules,
		draw: async (body, list, tools) => drawRules(body, list, await catalogue(), tools) });
	const fields = panel({ name: "fields", title: t("completeness_by_field"), width: "w6", topics: ["feeds"], load: async () => (await get("/v1/quality", { ...mine, limit: 1 })).fields,
		draw: (body, rows, tools) => {
			const columns = [{ label: t("item"), key: "item", number: true }, { label: t("field"), key: "field" }, { label: t("rows"), key: "rows", number: true },
				{ label: t("present"), number: true, text: (row) => share(row.present, row.rows), sort: (row) => ratio(row.present, row.rows) ?? -1 }];

			replace(tools, csvButton("fields", columns, rows));
			replace(body, table(columns, rows, { most: 10 }));
		} });
	const findings = panel({ name: "findings", title: t("open_findings"), width: "w6", topics: ["feeds"], load: () => get("/v1/findings", { ...mine, state: "open" }), draw: drawFindings });
	const held = heldPanel(me, provider);
	// They name subjects, which is not for who only looks.
	const conflicts = me.role === "viewer" ? null : panel({ name: "conflicts", title: t("conflicts"), topics: ["feeds"], load: async () => {
		const { conflicts: rows, next } = await get("/v1/conflicts", { item, limit: 500 });

		return { rows: rows.filter((row) => row.providers.includes(provider)), next };
	}, draw: async (body, answer, tools) => {
		const known = await catalogue();
		const names = (row) => row.providers.map((one) => one === row.wins ? `${one} ✓` : one).join(" ");
		const columns = [{ label: t("item"), wide: true, text: (row) => `${row.item} ${itemName(known, row.item)}`, sort: (row) => row.item }, { label: t("subject"), key: "subject", show: (row) => h("code", row.subject) },
			{ label: t("record_key"), text: (row) => row.key.replaceAll("\u001f", " · ") }, { label: t("says_who"), wide: true, text: names }, { label: t("fields"), wide: true, text: (row) => (row.fields ?? []).join(", ") }, { label: t("since_when"), text: (row) => time(row.since) }];

		replace(tools, csvButton("conflicts", columns, answer.rows));
		replace(body, table(columns, answer.rows, { most: 10, empty: t("no_conflicts") }), answer.next ? h("p.small", t("first_rows", 500)) : null);
	} });
	const title = h("h1", h("span", provider));

	catalogue().then((known) => item && title.append(` · ${item} ${itemName(known, item)}`));
	replace(main, h("p.crumbs", h("a", { href: "#/departments" }, t("departments")), item ? [" / ", h("a", { href: `#/departments/${provider}` }, provider)] : null), title,
		h("p.lead.mono", provider), h("div.panels", items.box, held.box, trend.box, rules.box, fields.box, findings.box, conflicts?.box));
	return [items, held, trend, rules, fields, findings, conflicts].filter(Boolean);
}
