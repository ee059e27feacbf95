// A new objection or application for repair, signed here.

import { h, replace } from "../base/dom.js";
import { post } from "../base/api.js";
import { say, pick } from "./words.js";
import { keyFiles } from "./give.js";
import * as signing from "./sign.js";
import { oneLine } from "./state.js";

const WRONG = ["wrong", "not_ours", "outdated", "expired", "duplicate"];
const REPAIR = ["fulfilled", "lifted"];
const FILES_MAX = 20;
const FILE_BYTES_MAX = 5 * 1024 * 1024;
const TYPES = ["application/pdf", "image/jpeg", "image/png"];
const TEXT_MAX = 1000;

const one = (id) => document.getElementById(id);

async function ownItems(subject) {
	const reply = await fetch("/v1/reports", {
		method: "POST",
		cache: "no-store",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ subject, purpose: "self" }),
	});

	if (!reply.ok)
		throw new Error((await reply.json()).detail || reply.status);
	return (await reply.json()).items.filter((entry) => entry.records.length > 0);
}

// The values of the record's key fields; none: the item's one record.
function keyOf(item, record) {
	return item.key.map((name) => record[name]).filter((value) => value !== undefined).map(String);
}

function recordChoice(catalogue, items) {
	return h("select", { id: "record", required: true }, h("option", { value: "" }, say("choose")),
		items.map((entry) => {
			const item = catalogue.items.get(entry.item);

			return h("optgroup", { label: `${entry.item} ${item ? pick(item) : ""}` },
				entry.records.map((record, i) => {
					const key = item ? keyOf(item, record) : [];
					const state = record.state === "current" || !record.state ? "" : ` ${say(record.state)}`;

					return h("option", { value: JSON.stringify({ item: entry.item, key }) },
						`${key.join("、") || say("record", i + 1)}${state}`);
				}));
		}));
}

const reasons = (label, names) => h("optgroup", { label: say(label) }, names.map((name) => h("option", { value: name }, say(`r_${name}`))));

async function digestOf(file) {
	const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));

	return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function claims(context, files) {
	const { item, key } = JSON.parse(one("record").value);
	const materials = await Promise.all(files.map(async (file) => ({ name: file.name, sha256: await digestOf(file) })));
	const said = {
		id: `o-${crypto.randomUUID().slice(0, 18)}`, subject: context.subject, item, reason: one("reason").value,
		text: oneLine(one("text").value), time: signing.time(new Date()),
	};

	if (key.length > 0)
		said.key = key;
	return materials.length > 0 ? { ...said, materials } : said;
}

// The bytes go beside what was signed, which names them by digest.
async function give(said, bytes, i) {
	const reply = await fetch(`/v1/objections/${said.id}/materials/${said.materials[i].sha256}`, {
		method: "PUT", cache: "no-store", headers: { "content-type": "application/octet-stream" }, body: bytes,
	});

	if (!reply.ok)
		throw new Error(`${bytes.name}: ${(await reply.json()).detail || reply.status}`);
}

async function file(context) {
	const files = [...one("materials").files];

	if (!signing.isReady())
		throw new Error(say("key_needed"));
	if (files.length > FILES_MAX)
		throw new Error(say("files_many", FILES_MAX));
	if (files.some((one) => one.size === 0 || one.size > FILE_BYTES_MAX || !TYPES.includes(one.type)))
		throw new Error(say("files_bad"));
	const said = await claims(context, files);
	const answer = await post("/v1/objections", await signing.sign("rongxin-objection+jws", said), "application/jose");

	await Promise.all(files.map((one, i) => give(said, one, i)));
	await context.again();
	return say("object_done", answer.id, say(`o_${answer.state}`));
}

function field(id, label, input, note) {
	return [h("label", { for: id }, label), input, note ? h("p.note", { id: `${id}-note` }, note) : null];
}

export async function form(context) {
	const items = await ownItems(context.subject);
	const chosen = h("ul", { id: "chosen" });
	const listChosen = (event) => replace(chosen, [...event.target.files].map((name) => h("li", name.name)));

	return h("section", h("h2", say("object")), h("p.note", say("object_about")), keyFiles(context), h("form", {
		id: "object",
		onsubmit: (event) => {
			event.preventDefault();
			context.tell(() => file(context));
		},
	},
	field("record", say("which_record"), recordChoice(context.catalogue, items)),
	field("reason", say("reason"), h("select", { id: "reason" }, reasons("objection_kind", WRONG), reasons("repair_kind", REPAIR))),
	field("text", say("o_text"), h("textarea", { id: "text", required: true, rows: 5, maxlength: TEXT_MAX, "aria-describedby": "text-note" }), say("text_about")),
	field("materials", say("materials"), h("input", { id: "materials", type: "file", multiple: true, accept: ".pdf,.jpg,.jpeg,.png", "aria-describedby": "materials-note", onchange: listChosen }), say("materials_about")),
	chosen,
	h("div.row", h("button.main", { type: "submit", id: "file" }, say("object_send")))));
}
