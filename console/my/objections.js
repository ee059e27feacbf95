// My objections and applications for repair: how they stand, their papers.

import { h } from "../base/dom.js";
import { get } from "../base/api.js";
import { say, saying, pick, isEnglish } from "./words.js";
import { pairs, download, local } from "./parts.js";
import { form } from "./object.js";
import { statementForm } from "./state.js";

const OUTCOMES = ["corrected", "upheld", "undetermined", "repaired"];
const GOOD = ["corrected", "repaired", "accepted"];
const BAD = ["refused", "terminated"];
const DAY = 86400000;

export async function all() {
	const found = new Map();
	let after;

	do {
		const answer = await get("/v1/objections", { after, limit: 500 });

		answer.objections.forEach((one) => found.set(one.id, one));
		after = answer.next;
	} while (after !== undefined);
	return [...found.values()];
}

// What is pending has only what was claimed.
const facts = (objection) => ({ ...objection.claims, ...objection });
const isOpen = (objection) => ["pending", "filed", "accepted", "suspended"].includes(objection.state);

function what(catalogue, objection) {
	const item = catalogue.items.get(objection.item);
	const key = (objection.key || []).join("、") || say("all_records");

	return `${objection.item} ${item ? pick(item) : ""} · ${key}`;
}

// The days of the clock that have gone by, in words and as a bar.
function clock(objection) {
	const days = Math.round((new Date(objection.due) - new Date(objection.filed)) / DAY);
	const left = Math.ceil((new Date(objection.due) - new Date()) / DAY);
	const text = left < 0 ? say("overdue", -left) : say("days_left", left, local(objection.due));

	return h("div", h("progress", { max: days, value: Math.max(0, Math.min(days, days - left)), "aria-label": text }),
		h(left < 0 ? "span.bad" : "span", ` ${text}`));
}

function papersOf(objection) {
	const { state } = objection;

	if (state === "pending")
		return ["application"];
	return ["application",
		objection.accepted || state === "refused" ? "notice" : null,
		OUTCOMES.includes(state) ? "reply" : null,
		state === "terminated" ? "termination" : null].filter(Boolean);
}

function paper(context, objection, kind) {
	const path = `/v1/objections/${objection.id}/papers/${kind}?lang=${isEnglish() ? "en" : "zh"}`;
	const name = say(`paper_${kind}`);

	return [h("a.button", { href: path, target: "_blank", rel: "noopener", "data-paper": kind }, name),
		h("button", {
			type: "button",
			"data-pdf": kind,
			"aria-label": `${name} PDF`,
			onclick: () => context.tell(async () => {
				const reply = await fetch(path, { cache: "no-store", headers: { accept: "application/pdf" } });

				if (!reply.ok)
					throw new Error((await reply.json()).detail || reply.status);
				return say("saved", download(await reply.blob(), `${objection.id}-${kind}.pdf`));
			}),
		}, "PDF")];
}

async function readers(objection) {
	const found = [];
	let after;

	do {
		const answer = await get(`/v1/objections/${objection.id}/readers`, { after });

		found.push(...answer.readers);
		after = answer.next;
	} while (after !== undefined);
	if (found.length === 0)
		return h("p", say("readers_none"));
	return h("ul", found.map((one) => h("li", `${one.name || one.member} · ${local(one.time)} · ${saying(one.purpose, one.purpose)}`)));
}

function card(context, one) {
	const objection = facts(one), { state } = objection;
	const colour = GOOD.includes(state) ? "span.good" : BAD.includes(state) ? "span.bad" : "span";
	const more = h("div");
	const materials = objection.materials || [];

	return h("section.card", { "data-objection": objection.id, "data-state": state },
		h("h3", what(context.catalogue, objection), " ", h(colour, `[${say(`o_${state}`)}]`)),
		isOpen(objection) && objection.due ? clock(objection) : null,
		pairs([
			[say("o_number"), objection.id],
			[say("reason"), say(`r_${objection.reason}`)],
			objection.text ? [say("o_text"), objection.text] : null,
			materials.length > 0 ? [say("materials"), materials.map((file) => file.name).join("、")] : null,
			materials.length > 0 && objection.state !== "pending" ? [say("received"), say("received_count", (objection.received || []).length, materials.length)] : null,
			objection.filed ? [say("filed"), local(objection.filed)] : null,
			objection.accepted ? [say("accepted_on"), local(objection.accepted)] : null,
			objection.ended ? [say("ended"), local(objection.ended)] : null,
			objection.note ? [say("o_note"), objection.note] : null,
			objection.statement ? [say("statement"), objection.statement] : null,
			objection.informed !== undefined ? [say("informed"), say("informed_count", objection.informed)] : null,
			objection.joined ? [say("joined"), objection.joined] : null,
			objection.together ? [say("together"), `${objection.together} · ${objection.together_note}`] : null,
			objection.pending_statement ? [say("pending_statement"), objection.pending_statement.text] : null,
		].filter(Boolean)),
		["pending", "refused", "terminated"].includes(state) ? null : statementForm(context, objection),
		h("div.row", papersOf(objection).map((kind) => paper(context, objection, kind)),
			state === "pending" ? null : h("button", {
				type: "button",
				"data-do": "readers",
				onclick: () => context.tell(async () => {
					more.replaceChildren(await readers(objection));
					return "";
				}),
			}, say("readers"))), more);
}

export async function show(context) {
	const found = await all();

	found.sort((a, b) => (isOpen(b) - isOpen(a)) || ((a.filed || "9") < (b.filed || "9") ? 1 : -1));
	return [h("h1", say("objections")), h("p.note", say("objections_about")),
		h("p", h("a", { href: "#objections", onclick: (event) => {
			event.preventDefault();
			document.getElementById("record").focus();
		} }, say("object_jump"))),
		found.length === 0 ? h("p", say("objections_none")) : found.map((one) => card(context, one)),
		await form(context)];
}
