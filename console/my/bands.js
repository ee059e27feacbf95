// How I look to institutions that screen without names.

import { h } from "../base/dom.js";
import { get } from "../base/api.js";
import { say, pick } from "./words.js";
import { local } from "./parts.js";

function value(answer, measure, shown) {
	if (shown === null)
		return say("band_hidden");
	if (typeof shown === "boolean")
		return say(shown ? "yes" : "no");
	return answer.bands[measure.name][Number(shown.slice(1))];
}

function table(label, rows) {
	return h("table", h("caption", label), h("thead", h("tr", h("th", { scope: "col" }, say("band_what")), h("th", { scope: "col" }, say("band_seen")))),
		h("tbody", rows.map(([name, text]) => h("tr", h("th", { scope: "row" }, name), h("td", text)))));
}

const place = (text) => (text === "*" || text === "?" ? say("band_hidden") : text);

export async function show(context) {
	const answer = await get("/v1/bands");
	const { dimensions, measures } = context.catalogue.anonymisation;
	const head = [h("h1", say("bands")), h("p.note", say("bands_about", answer.population.k, local(answer.population.time)))];

	if (!answer.counted)
		return [...head, h("p", { id: "bands-none" }, say("bands_not_counted"))];
	if (!answer.shown)
		return [...head, h("p", { id: "bands-none" }, say("bands_not_shown", answer.population.k))];
	return [...head, h("p.note", say("bands_logged", answer.receipt.index)),
		table(say("band_places"), dimensions.map((one) => [pick(one), place(answer.row[one.name])])),
		table(say("band_measures"), measures.map((one) => [pick(one), value(answer, one, answer.row[one.name])]))];
}
