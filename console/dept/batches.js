// What was handed in, and its receipts.

import { h, replace } from "../base/dom.js";
import { get } from "../base/api.js";
import { count, day, t, time } from "../base/text.js";
import { button, itemChoice, table } from "./parts.js";
import { findingsLink, handInForm, showReceipt, stateWord } from "./hand_in.js";

const PAGE = 50;

function columns(context, place) {
	return [
		{ label: t("batch"), lead: true, show: (row) => row.batch },
		{ label: t("item"), show: (row) => context.itemName(row.item) },
		{ label: t("received"), show: (row) => time(row.received) },
		{ label: t("state"), show: (row) => h(row.state === "committed" ? "span" : "span.bad", stateWord(row.state)) },
		...["rows", "accepted", "unchanged", "rejected", "warned"].map((name) => ({ label: t(name), number: true, show: (row) => row[name] })),
		{ label: t("v_findings"), show: (row) => row.open_rows > 0 ? findingsLink(row.item, row.batch, t("see_findings", count(row.open_rows)))
			: row.rejected + row.warned > 0 ? findingsLink(row.item, row.batch, t("all_closed")) : "–" },
		{ label: t("receipt"), show: (row) => button("show-receipt", t("receipt"), () => showReceipt(context, place, row.item, row.batch)) },
	];
}

export async function show(context) {
	const list = h("div", { id: "list" }), place = h("div", { id: "shown-receipt" });
	let item = "";

	async function draw() {
		const rows = [];

		async function more(after) {
			const page = await get("/v1/feeds", { item, after, limit: PAGE });

			rows.push(...page.batches);
			replace(list, rows.length === 0 ? h("p", t("no_batches"))
				: table(columns(context, place), rows, (row) => ({ "data-batch": row.batch, "data-state": row.state })),
			page.next === null ? null : button("more", t("more"), () => context.tell(async () => { await more(page.next); return ""; }), "main"));
		}
		await more();
	}

	await draw();
	return [
		h("h1", t("v_batches")),
		handInForm(context, { title: t("hand_in"), about: t("hand_in_about"), done: draw,
			batch: () => `${day()}-${Date.now().toString(36)}` }),
		h("h2", t("own_batches")), h("p.note", t("batches_about")),
		h("div.choose", itemChoice(context, item, (value) => {
			item = value;
			context.tell(async () => { await draw(); return ""; });
		})),
		place, list,
	];
}
