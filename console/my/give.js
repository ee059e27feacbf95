// A new consent, signed here.

import { h } from "../base/dom.js";
import { get, post } from "../base/api.js";
import { say, pick } from "./words.js";
import * as signing from "./sign.js";

const PURPOSES = ["pre_loan", "in_loan", "post_loan", "guarantee_review", "dispute_check"];
const MODES = ["period", "once", "monitor"];

export function keyFiles(context) {
	return h("div", h("label", { for: "key" }, say("key")), h("input", {
		type: "file",
		id: "key",
		multiple: true,
		accept: ".key,.crt,.pem",
		onchange: (event) => context.tell(async () => {
			const names = [...event.target.files].map((file) => file.name).join(", ");

			if (!await signing.load(event.target.files))
				throw new Error(say("key_bad"));
			return say("key_ready", names);
		}),
	}));
}

function choice(id, label, options) {
	return [h("label", { for: id }, label), h("select", { id }, options.map(([value, text]) => h("option", { value }, text)))];
}

const isProtected = (item) => item.consent || [...item.fields.values()].some((field) => field.class !== "public");

function itemBoxes(catalogue) {
	return h("fieldset", { id: "items" }, h("legend", say("which")),
		[...catalogue.items.values()].filter(isProtected).map((item) => h("label",
			h("input", { type: "checkbox", value: item.number }), `${item.number} ${pick(item)}`)));
}

const value = (id) => document.getElementById(id).value;

function claims(context, items) {
	const mode = value("mode"), uses = mode === "once" ? "1" : value("uses");
	const limit = uses === "" ? "unlimited" : { uses: Number(uses), at: context.me.node.holder ?? context.me.node.code };
	const expiry = new Date(`${value("until")}T23:59:59`);

	return {
		id: `c-${crypto.randomUUID()}`, version: 1, subject: context.subject, grantee: value("bank"), items,
		purpose: value("purpose"), mode, not_before: signing.time(new Date()), expiry: signing.time(expiry),
		frequency: limit, data_life_days: Number(value("life")),
	};
}

async function give(context) {
	const items = [...document.querySelectorAll("#items input:checked")].map((box) => Number(box.value));

	if (!signing.isReady())
		throw new Error(say("key_needed"));
	if (items.length === 0)
		throw new Error(say("items_needed"));
	const jws = await signing.sign("rongxin-consent+jws", claims(context, items));
	const answer = await post("/v1/consents", jws, "application/jose");

	return say("given", answer.id, say(answer.state));
}

export async function show(context) {
	const { members } = await get("/v1/members");
	const banks = members.filter((member) => member.kind !== "platform");
	const month = new Date(Date.now() + 30 * 86400000).toISOString().slice(0, 10);

	return [h("h1", say("give")), h("p.note", say("give_about")), keyFiles(context), h("form", {
		onsubmit: (event) => {
			event.preventDefault();
			context.tell(() => give(context));
		},
	},
	choice("bank", say("bank"), banks.map((bank) => [bank.code, bank.name])),
	choice("purpose", say("purpose"), PURPOSES.map((name) => [name, say(name)])),
	choice("mode", say("mode"), MODES.map((name) => [name, say(name)])),
	h("label", { for: "until" }, say("until")), h("input", { type: "date", id: "until", required: true, value: month }),
	h("label", { for: "uses" }, say("uses")), h("input", { type: "number", id: "uses", min: 1, max: 1000000 }),
	h("label", { for: "life" }, say("life")), h("input", { type: "number", id: "life", min: 1, max: 3650, required: true, value: 90 }),
	itemBoxes(context.catalogue),
	h("div.row", h("button.main", { type: "submit", id: "sign" }, say("sign"))))];
}
