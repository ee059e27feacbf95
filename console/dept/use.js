// What the data was good for: how often it was shown, and for what.

import { h, replace } from "../base/dom.js";
import { get } from "../base/api.js";
import { count, day, t } from "../base/text.js";
import { bars, choice, everyDay, figure, table } from "./parts.js";

const total = (counts) => counts.reduce((sum, one) => sum + one.questions, 0);

// One row an item, one column a purpose that occurs.
function byItem(found) {
	const rows = new Map();

	for (const one of found) {
		const row = rows.get(one.item) ?? { item: one.item, questions: 0, by: {} };

		row.questions += one.questions;
		row.by[one.purpose] = (row.by[one.purpose] ?? 0) + one.questions;
		rows.set(one.item, row);
	}
	return [...rows.values()].sort((a, b) => b.questions - a.questions);
}

async function draw(place, context, term) {
	const from = day(null, 1 - term), to = day();
	const found = await get("/v1/usage/own", { from, to });
	const rows = byItem(found.items), all = total(found.items);
	const purposes = [...new Set(found.items.map((one) => one.purpose))];
	const days = everyDay(from, to, found.days, (one) => ({ taken: one.questions }));

	replace(place,
		h("div.figures", figure("shown", t("shown_times"), count(all)),
			figure("used", t("items_used"), t("used_of", count(rows.length), count(context.me.items.length))),
			purposes.map((purpose) => figure(purpose, t(`purpose_${purpose}`), count(total(found.items.filter((one) => one.purpose === purpose)))))),
		rows.length === 0 ? h("p", t("not_used")) : [
			h("h2", t("use_days")),
			bars(days, t("bars_use", from, to, count(all)), [
				{ label: t("day"), lead: true, show: (row) => row.day },
				{ label: t("shown_times"), number: true, show: (row) => row.taken }]),
			h("h2", t("by_item")),
			table([
				{ label: t("item"), lead: true, show: (row) => context.itemName(row.item) },
				...purposes.map((purpose) => ({ label: t(`purpose_${purpose}`), number: true, show: (row) => row.by[purpose] ?? 0 })),
				{ label: t("total"), number: true, show: (row) => row.questions },
			], rows, (row) => ({ "data-item": row.item })),
		]);
}

export async function show(context) {
	const place = h("div", { id: "use" });

	await draw(place, context, 30);
	return [
		h("h1", t("v_use")), h("p.note", t("use_about")),
		h("div.choose", choice("term", t("term"), [7, 30, 90, 365].map((n) => [n, t("last_n", n)]), 30,
			(value) => context.tell(async () => { await draw(place, context, Number(value)); return ""; }))),
		place,
	];
}
