// What is held about me, and files of it to take along.

import { h } from "../base/dom.js";
import { get } from "../base/api.js";
import { say, pick, isEnglish } from "./words.js";
import { pairs, download, local } from "./parts.js";

const ask = (subject, accept) => fetch(`/v1/reports?lang=${isEnglish() ? "en" : "zh"}`, {
	method: "POST",
	cache: "no-store",
	headers: { "content-type": "application/json", accept },
	body: JSON.stringify({ subject, purpose: "self" }),
});

async function answer(reply) {
	if (!reply.ok)
		throw new Error((await reply.json()).detail || reply.status);
	return reply;
}

function words(field, value) {
	const code = field && field.codes && field.codes.get(String(value));

	if (code)
		return pick(code);
	if (typeof value === "boolean")
		return value ? "✓" : "✗";
	return String(value);
}

function record(item, entry, index, count) {
	const state = entry.state === "current" ? null : h("span.bad", ` ${say(entry.state)}`);
	const facts = Object.entries(entry).filter(([name]) => !["state", "statements"].includes(name)).map(([name, value]) => {
		const field = item && item.fields.get(name);

		return [field ? pick(field) : say(name), words(field, value)];
	});

	const said = (entry.statements ?? []).map((one) => [say("statement"), `${one.text} (${one.time.slice(0, 10)})`]);

	return [count > 1 || state ? h("h4", say("record", index + 1), state) : null, pairs([...facts, ...said])];
}

function mark(item) {
	if (item && item.negative)
		return h("span.bad", ` ${say("negative")}`);
	return item && item.positive ? h("span.good", ` ${say("positive")}`) : null;
}

function section(catalogue, entry) {
	const item = catalogue.items.get(entry.item);
	const known = entry.records.length > 0;

	return h("section.card",
		h("h3", `${entry.item} ${item ? pick(item) : ""}`, known ? mark(item) : null),
		h("p.note", known ? `${say("provider")} ${item ? pick(item.provider) : entry.provider} · ${say("as_of")} ${local(entry.as_of).slice(0, 10)}` : say("none")),
		entry.records.map((one, i) => record(item, one, i, entry.records.length)));
}

function byCategory(catalogue, items) {
	return catalogue.categories.map((category) => {
		const mine = items.filter((entry) => catalogue.items.get(entry.item)?.category === category.number);

		return mine.length === 0 ? null : [h("h2", pick(category)), mine.map((entry) => section(catalogue, entry))];
	});
}

// The node's own word on each: report signed, consents, who saw it.
async function bundle(subject) {
	const signed = await (await answer(await ask(subject, "application/jose"))).text();
	const consents = await get("/v1/consents", { limit: 500 });
	const accesses = await get("/v1/accesses", { limit: 500 });

	return JSON.stringify({ subject, report: signed, consents, accesses }, null, 1);
}

function files(context) {
	const { subject, tell } = context;
	const form = (name, accept, ending) => h("button", {
		type: "button",
		id: `take-${ending}`,
		onclick: () => tell(async () => {
			const reply = await answer(await ask(subject, accept));

			return say("saved", download(await reply.blob(), `${subject}.${ending}`));
		}),
	}, say(name));

	return h("section", h("h2", say("take")), h("p.note", say("take_about")), h("div.row",
		form("take_pdf", "application/pdf", "pdf"),
		form("take_html", "text/html", "html"),
		form("take_signed", "application/jose", "jws"),
		h("button", {
			type: "button",
			id: "take-bundle",
			onclick: () => tell(async () => say("saved", download(new Blob([await bundle(subject)]), `${subject}.json`))),
		}, say("take_bundle"))));
}

export async function show(context) {
	const report = await (await answer(await ask(context.subject, "application/json"))).json();

	return [h("h1", say("report")), h("p.note", say("report_about", report.receipt.index)), files(context), byCategory(context.catalogue, report.items)];
}
