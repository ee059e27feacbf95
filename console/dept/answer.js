// What the department says to an objection: told what it does, asked why,
// confirmed, sent.

import { h, replace } from "../base/dom.js";
import { post } from "../base/api.js";
import { t } from "../base/text.js";
import { explain } from "./parts.js";

const NOTED = ["refuse", "suspend", "decide", "terminate", "join"];
const WORDLESS = ["resume", "part"];
const NOTE_MAX = 1000;

// The first is chosen by nobody: a decision is not what was left as it was.
function outcomes(objection, withdraw) {
	const names = objection.repair ? ["repaired", "upheld"] : ["corrected", "upheld", "undetermined"];

	return h("fieldset", h("legend", t("outcome")), names.map((name) => h("label",
		h("input", { type: "radio", name: "outcome", value: name, required: true,
			onchange: () => { withdraw.hidden = name !== "corrected"; } }),
		h("span", t(`outcome_${name}`)))));
}

// With which one, by its number and what it is about.
function otherOnes(context, others) {
	return [h("label", { for: "to" }, t("together_choose")), h("select", { id: "to", name: "to", required: true },
		others.map((one) => h("option", { value: one.id }, `${one.id} · ${context.itemName(one.item)} ${one.key?.join("、") ?? ""}`)))];
}

function fieldsOf(context, objection, verb, others) {
	const withdraw = h("label.check", { hidden: true }, h("input", { type: "checkbox", name: "withdraw" }), h("span", t("withdraw")));

	return [
		verb === "decide" ? [outcomes(objection, withdraw), withdraw] : null,
		verb === "join" ? otherOnes(context, others) : null,
		WORDLESS.includes(verb) ? null : [
			h("label", { for: "note" }, t(NOTED.includes(verb) ? "note_needed" : "note_free")),
			h("textarea", { id: "note", name: "note", rows: 4, maxlength: NOTE_MAX, required: NOTED.includes(verb) })],
	];
}

function read(form) {
	const given = new FormData(form), body = {};

	if (given.get("note")?.trim())
		body.note = given.get("note").trim();
	if (given.get("to"))
		body.to = given.get("to");
	if (given.get("outcome"))
		body.outcome = given.get("outcome");
	if (body.outcome === "corrected" && given.get("withdraw"))
		body.withdraw = true;
	return body;
}

export function answer(context, objection, verb, done, others = []) {
	const dialog = document.getElementById("dialog");
	const failed = h("p.bad", { role: "alert" });
	const send = h(verb === "terminate" ? "button.danger" : "button.main", { type: "submit", "data-do": "confirm" }, t("confirm"));

	async function submit(event) {
		event.preventDefault();
		send.disabled = true;
		replace(failed);
		try {
			const stands = await post(`/v1/objections/${objection.id}/${verb}`, read(event.target));

			dialog.close();
			await done(objection.id);
			context.say(t("answered", objection.id, t(`o_${stands.state}`)));
		} catch (problem) {
			replace(failed, explain(problem));
		}
		send.disabled = false;
	}
	replace(dialog, h("h2", { id: "dialog-title" }, t(`do_${verb}`)),
		h("p.note", `${objection.id} · ${objection.subject}`),
		h("p", t(objection.repair && ["accept", "terminate"].includes(verb) ? `means_${verb}_repair` : `means_${verb}`)),
		h("form", { onsubmit: submit }, fieldsOf(context, objection, verb, others), failed,
			h("div.row", h("button", { type: "button", onclick: () => dialog.close() }, t("cancel")), send)));
	dialog.showModal();
}
