// What was wrong: to look at, to take away, to hand in again.

import { h, replace } from "../base/dom.js";
import { get } from "../base/api.js";
import { t, name } from "../base/text.js";
import { button, itemChoice, table } from "./parts.js";
import { findingsLink, handInForm } from "./hand_in.js";
import { save } from "./save.js";

const PAGE = 200, ROWS = 1000;

function columns(context, ofBatch) {
	return [
		...(ofBatch ? [] : [
			{ label: t("batch"), lead: true, show: (row) => findingsLink(row.item, row.batch, row.batch) },
			{ label: t("item"), show: (row) => context.itemName(row.item) }]),
		{ label: t("line"), number: true, show: (row) => row.line },
		{ label: t("field"), show: (row) => (row.field === "" ? t("whole_row") : context.fieldName(row.item, row.field)) },
		{ label: t("what"), show: (row) => name(row) || row.rule },
		{ label: t("severity"), show: (row) => h(row.severity === "reject" ? "span.bad" : "span", t(row.severity)) },
		...(ofBatch ? [{ label: t("state"), show: (row) => (row.state === "open" ? t("open") : h("span.good", t("closed_by", row.closed_by))) }] : []),
	];
}

// Draws pages of what `path` lists into `list`, one after the other.
async function listing(context, list, path, query, ofBatch) {
	const rows = [];

	async function more(after) {
		const page = await get(path, { ...query, after, limit: PAGE });

		rows.push(...page.findings);
		replace(list, rows.length === 0 ? h("p", t(ofBatch ? "none_found" : "no_open"))
			: table(columns(context, ofBatch), rows, (row) => ({ "data-line": row.line, "data-state": row.state })),
		page.next === null ? null : button("more", t("more"), () => context.tell(async () => { await more(page.next); return ""; }), "main"));
	}
	await more();
}

// A page's last line: of CSV the first cell of the last row ("batch:line"), of
// NDJSON a member of the last object.
function lastLine(text) {
	const found = [...text.matchAll(/^(?:\{"_corrects":)?"\d+:(\d+)"/gm)];

	return found.length > 0 ? { count: found.length, line: Number(found[found.length - 1][1]) } : { count: 0, line: 0 };
}

// The rows as they came, all pages as one file.
async function download(item, batch) {
	const path = `/v1/feeds/${item}/batches/${encodeURIComponent(batch)}/findings?format=csv&limit=${ROWS}&after=`;
	let whole = "", after = 0, type, page;

	do {
		const reply = await fetch(path + after, { cache: "no-store" });

		if (!reply.ok)
			throw new Error((await reply.json()).detail || `HTTP ${reply.status}`);
		type = reply.headers.get("content-type");
		const text = await reply.text();

		page = lastLine(text);
		whole += after > 0 && type.startsWith("text/csv") ? text.slice(text.indexOf("\n") + 1) : text;
		after = page.line;
	} while (page.count >= ROWS);
	if (after === 0) {
		const { findings } = await get(`/v1/feeds/${item}/batches/${encodeURIComponent(batch)}/findings`, { limit: ROWS });

		return t(findings.some((one) => one.state === "open") ? "nothing_to_download" : "all_corrected");
	}
	return t("saved", save(`${batch}.to-correct.${type.startsWith("text/csv") ? "csv" : "ndjson"}`, whole, type));
}

async function ofBatch(context, item, batch) {
	const list = h("div", { id: "list" });
	const draw = () => listing(context, list, `/v1/feeds/${item}/batches/${encodeURIComponent(batch)}/findings`, {}, true);
	let again = 0;

	await draw();
	return [
		h("p", h("a", { href: "#findings" }, `← ${t("all_findings")}`)),
		h("h1", t("findings_of", batch)), h("p.note", context.itemName(item)),
		h("div.row", button("download", t("download"), () => context.tell(() => download(item, batch)), "main")),
		handInForm(context, { item, title: t("hand_in_again"), about: t("again_about"), done: draw,
			batch: () => `${batch.slice(0, 100)}.fix-${(Date.now() + again++).toString(36)}` }),
		list,
	];
}

export async function show(context, [item, batch]) {
	const list = h("div", { id: "list" });
	const draw = (which) => listing(context, list, "/v1/findings", { state: "open", item: which }, false);

	if (batch !== undefined)
		return ofBatch(context, Number(item), batch);
	await draw(item);
	return [
		h("h1", t("v_findings")), h("p.note", t("findings_about")),
		h("div.choose", itemChoice(context, item, (value) => context.tell(async () => { await draw(value); return ""; }))),
		list,
	];
}
