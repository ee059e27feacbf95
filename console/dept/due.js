// What is to be handed in, and when.

import { h } from "../base/dom.js";
import { get } from "../base/api.js";
import { count, t } from "../base/text.js";
import { table } from "./parts.js";

// The most urgent first.
function urgency(row, today) {
	if (row.first_day === null)
		return [1, "due_never", "late"];
	if (row.late)
		return [0, "due_late", "late"];
	return row.due_day === today ? [2, "due_today", "soon"] : [3, "due_fine", "good"];
}

export async function show(context) {
	const { day: today, items } = await get("/v1/departments");
	const rows = items.filter((row) => row.cadence !== null).map((row) => ({ ...row, urgency: urgency(row, today) }));

	rows.sort((a, b) => a.urgency[0] - b.urgency[0] || String(a.due_day).localeCompare(String(b.due_day)) || a.item - b.item);
	return [
		h("h1", t("v_due")), h("p.note", t("due_about", today)),
		rows.length === 0 ? h("p", t("no_duty")) : table([
			{ label: t("item"), lead: true, show: (row) => context.itemName(row.item) },
			{ label: t("state"), show: (row) => h(`span.${row.urgency[2]}`, t(row.urgency[1])) },
			{ label: t("cadence"), show: (row) => t(row.cadence) },
			{ label: t("last_day"), show: (row) => row.last_day ?? "–" },
			{ label: t("due_day"), show: (row) => row.due_day ?? "–" },
			{ label: t("due_received"), number: true, show: (row) => `${count(row.periods_received)} / ${count(row.periods_due)}` },
		], rows, (row) => ({ "data-item": row.item, "data-due": row.urgency[1] })),
	];
}
