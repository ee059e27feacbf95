// What is to be read beside a record that I have objected to, signed here.

import { h } from "../base/dom.js";
import { Problem } from "../base/api.js";
import { say } from "./words.js";
import * as signing from "./sign.js";

const TEXT_MAX = 1000;

// Texts of signed documents are one line.
export const oneLine = (text) => text.replace(/\s+/g, " ").trim();

async function send(context, objection, text) {
	if (!signing.isReady())
		throw new Error(say("key_needed"));
	const said = { objection: objection.id, subject: context.subject, statement: oneLine(text), time: signing.time(new Date()) };
	const reply = await fetch(`/v1/objections/${objection.id}/statement`, {
		method: "PUT", cache: "no-store", headers: { "content-type": "application/jose" },
		body: await signing.sign("rongxin-statement+jws", said),
	});

	if (!reply.ok)
		throw new Problem(reply.status, await reply.json());
	return say("state_done");
}

export function statementForm(context, objection) {
	const id = `state-${objection.id}`;
	const text = h("textarea", { id, rows: 4, maxlength: TEXT_MAX, required: true, "aria-describedby": `${id}-note` }, objection.statement ?? "");

	return h("details", h("summary", say(objection.statement ? "state_anew" : "state_add")),
		h("form", { "data-state-form": objection.id, onsubmit: (event) => {
			event.preventDefault();
			context.tell(() => send(context, objection, text.value));
		} },
		h("label", { for: id }, say("statement")), text, h("p.note", { id: `${id}-note` }, say("state_about")),
		h("div.row", h("button", { type: "submit" }, say("state_send")))));
}
