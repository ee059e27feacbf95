// My consents: what they allow, what was made of them; pause, resume, revoke.

import { h } from "../base/dom.js";
import { get } from "../base/api.js";
import { say, saying, pick } from "./words.js";
import { pairs, entry, local } from "./parts.js";

async function order(method, path) {
	const reply = await fetch(path, { method, cache: "no-store" });

	if (!reply.ok)
		throw new Error((await reply.json()).detail || reply.status);
	return (await reply.json()).state;
}

function frequency(claims) {
	const { frequency: limit } = claims;

	if (limit === "unlimited")
		return say("unlimited");
	return limit.per ? say("times_per", limit.uses, say(limit.per)) : say("times", limit.uses);
}

function scope(catalogue, claims) {
	const items = (claims.items || []).map((n) => `${n} ${catalogue.items.has(n) ? pick(catalogue.items.get(n)) : ""}`);
	const categories = (claims.categories || []).map((n) => {
		const category = catalogue.categories.find((one) => one.number === n);

		return category ? pick(category) : String(n);
	});

	return [...items, ...categories].join("；");
}

async function history(id) {
	const found = [];
	let after;

	do {
		const answer = await get("/v1/accesses", { after, limit: 500 });

		found.push(...answer.accesses.filter((seen) => seen.access.consent === id));
		after = answer.next;
	} while (after !== undefined);
	return found.length === 0 ? h("p", say("history_none")) : h("div", found.map(entry));
}

function button(context, name, work) {
	return h("button", { type: "button", "data-do": name, onclick: () => context.tell(work) }, say(name));
}

// Revoking is for ever: it is asked twice.
function revokeButton(context, path) {
	const sure = h("button.main", { type: "button", "data-do": "revoke-sure", hidden: true,
		onclick: () => context.tell(async () => {
			const state = await order("DELETE", path);

			await context.again();
			return say("done", say(state));
		}) }, say("revoke_sure"));

	return [h("button", { type: "button", "data-do": "revoke", onclick: () => { sure.hidden = false; sure.focus(); } }, say("revoke")), sure];
}

function orders(context, consent, more) {
	const path = `/v1/consents/${consent.id}`;
	const change = (name) => button(context, name, async () => {
		const state = await order("POST", `${path}/${name}`);

		await context.again();
		return say("done", say(state));
	});

	return h("div.row",
		consent.state === "active" ? change("pause") : null,
		consent.state === "paused" ? change("resume") : null,
		consent.state === "revoked" ? null : revokeButton(context, path),
		button(context, "history", async () => {
			more.replaceChildren(await history(consent.id));
			return "";
		}));
}

function card(context, consent) {
	const { claims } = consent;
	const expired = consent.state === "active" && new Date(claims.expiry) <= new Date();
	const state = expired ? "expired" : consent.state;
	const more = h("div");

	return h("section.card", { "data-consent": consent.id, "data-state": consent.state },
		h("h3", consent.grantee_name || claims.grantee, " ", h(state === "active" ? "span.good" : "span.bad", say(state))),
		pairs([
			[say("consent"), consent.id],
			[say("purpose"), saying(claims.purpose, claims.purpose)],
			[say("mode"), saying(claims.mode, claims.mode)],
			[say("items"), scope(context.catalogue, claims)],
			[say("term"), `${local(claims.not_before)} – ${local(claims.expiry)}`],
			[say("frequency"), frequency(claims)],
			[say("data_life"), say("days", claims.data_life_days)],
		]),
		orders(context, consent, more), more);
}

export async function show(context) {
	const found = [];
	let after;

	do {
		const answer = await get("/v1/consents", { after, limit: 500 });

		found.push(...answer.consents);
		after = answer.next;
	} while (after !== undefined);
	found.sort((a, b) => (a.claims.not_before < b.claims.not_before ? 1 : -1));
	return [h("h1", say("consents")), found.length === 0 ? h("p", say("consents_none")) : found.map((one) => card(context, one))];
}
