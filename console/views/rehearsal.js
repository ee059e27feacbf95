// A candidate catalogue: what it would do to the last day's batches.

import { post } from "../base/api.js";
import { catalogue, itemName } from "../base/catalogue.js";
import { h } from "../base/dom.js";
import { count, name, share, t, time } from "../base/text.js";
import { csvButton, figure, table } from "../base/ui.js";

export function rehearse(text) {
	return text.startsWith("{") ? post("/v1/catalogue/rehearsal", text) : post("/v1/catalogue/rehearsal", text, "application/jose");
}

// What it says, with a table by item and one by rule and field.
export async function drawRehearsal(answer) {
	const known = await catalogue();
	const ruleName = (code) => known.rules.has(code) ? name(known.rules.get(code)) : code;
	const items = answer.items.filter((row) => row.newly_rejected + row.newly_accepted + row.newly_warned > 0).sort((a, b) => b.newly_rejected - a.newly_rejected);
	const itemColumns = [{ label: t("item"), wide: true, text: (row) => `${row.item} ${itemName(known, row.item)}`, sort: (row) => row.item }, { label: t("rows"), key: "rows", number: true },
		{ label: t("newly_rejected"), key: "newly_rejected", number: true }, { label: t("newly_accepted"), key: "newly_accepted", number: true }, { label: t("newly_warned"), key: "newly_warned", number: true },
		{ label: t("rejected_then"), number: true, text: (row) => `${share(row.rejected_before, row.rows)} → ${share(row.rejected_after, row.rows)}`, sort: (row) => row.rejected_after / row.rows }];
	const ruleColumns = [{ label: t("item"), key: "item", number: true }, { label: t("field"), key: "field" }, { label: t("rule"), wide: true, text: (row) => ruleName(row.rule), show: (row) => h("span", ruleName(row.rule), h("span.sub.mono", row.rule)) },
		{ label: t("severity"), text: (row) => t(row.severity) }, { label: t("before"), key: "before", number: true }, { label: t("after"), key: "after", number: true }];

	return h("div", { "data-rehearsal": answer.version }, h("p.small", t("rehearsal_text", answer.version, answer.current, time(answer.since), count(answer.rows)), answer.all ? "" : ` ${t("rehearsal_part")}`),
		h("div.figures", figure("newly_rejected", count(answer.newly_rejected), null, { definition: "rehearsal", state: answer.newly_rejected > 0 ? "failed" : null }),
			figure("newly_accepted", count(answer.newly_accepted), null, { definition: "rehearsal" }), figure("newly_warned", count(answer.newly_warned), null, { definition: "rehearsal", state: answer.newly_warned > 0 ? "late" : null })),
		h("p.row-tools", csvButton(`rehearsal-${answer.version}`, itemColumns, answer.items), csvButton(`rehearsal-rules-${answer.version}`, ruleColumns, answer.rules)),
		table(itemColumns, items, { most: 10, empty: t("rehearsal_same"), mark: (row) => row.item }), answer.rules.length > 0 ? table(ruleColumns, answer.rules, { most: 10, mark: (row) => `${row.item}/${row.field}/${row.rule}` }) : null);
}
