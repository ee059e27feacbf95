// What several views are made of.

import { h } from "../base/dom.js";
import { count, hasWord, t } from "../base/text.js";

export const pairs = (facts) => h("dl", facts.map(([label, value]) => h("div", h("dt", label), h("dd", value))));

export const figure = (name, label, value) => h("div.figure", { "data-figure": name }, h("span", label), h("strong", value));

const number = (value) => (typeof value === "number" ? count(value) : value);

// Columns: {label, number, lead, show(row)}.  On a phone each row is a card;
// the roles keep it a table for screen readers.
export function table(columns, rows, mark = () => ({})) {
	const name = (column) => [column.number ? "number" : null, column.lead ? "lead" : null].filter(Boolean).map((one) => `.${one}`).join("");

	return h("table.stack", { role: "table" },
		h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((column) =>
			h(`th${name(column)}`, { scope: "col", role: "columnheader" }, column.label)))),
		h("tbody", { role: "rowgroup" }, rows.map((row) => h("tr", { role: "row", ...mark(row) }, columns.map((column) =>
			h(`td${name(column)}`, { role: "cell", "data-label": column.label }, column.number ? number(column.show(row)) : column.show(row)))))));
}

// A labelled choice; `change` gets the value.
export function choice(id, label, options, value, change) {
	return h("div", h("label", { for: id }, label), h("select", { id, onchange: (event) => change(event.target.value) },
		options.map(([key, text]) => h("option", { value: key, selected: String(key) === String(value) }, text))));
}

export const itemChoice = (context, value, change) => choice("item", t("item"),
	[["", t("all_items")], ...context.me.items.map((number) => [number, context.itemName(number)])], value, change);

function part(name, attributes) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", name);

	Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
	return node;
}

// Bars of days: {day, taken, wrong}; the numbers stand in the table beside it.
export function bars(days, label, columns) {
	const most = Math.max(1, ...days.map((day) => day.taken + day.wrong));
	const picture = part("svg", { class: "bars", role: "img", "aria-label": label, viewBox: `0 0 ${days.length} 100`, preserveAspectRatio: "none" });

	days.forEach((day, i) => {
		const wrong = 100 * day.wrong / most, taken = 100 * day.taken / most;

		picture.append(part("rect", { class: "taken", x: i + 0.1, y: 100 - taken, width: 0.8, height: taken }),
			part("rect", { class: "wrong", x: i + 0.1, y: 100 - taken - wrong, width: 0.8, height: wrong }));
	});
	return h("div", h("p.note", t("most", count(most))), picture,
		h("div.ends", h("span", days[0].day), h("span", days[days.length - 1].day)),
		h("details", h("summary", t("as_table")), table(columns, days.filter((day) => day.taken + day.wrong > 0).reverse())));
}

// One for each day, also those of which the hub has nothing.
export function everyDay(first, last, found, read) {
	const known = new Map(found.map((one) => [one.day, one]));
	const days = [];

	for (const at = new Date(`${first}T00:00:00Z`); at.toISOString().slice(0, 10) <= last; at.setUTCDate(at.getUTCDate() + 1)) {
		const day = at.toISOString().slice(0, 10);

		days.push({ day, taken: 0, wrong: 0, ...(known.has(day) ? read(known.get(day)) : {}) });
	}
	return days;
}

export function button(id, label, work, kind = "small") {
	return h(`button.${kind}`, { type: "button", "data-do": id, onclick: work }, label);
}

// In this page's words, where it has some for the type of the problem.
export function explain(problem) {
	return hasWord(`p_${problem.type}`) ? t(`p_${problem.type}`, problem.message) : problem.message;
}
