// The catalogue in force: names of items and categories.  Asked once, and again
// when it changed.

import { get } from "./api.js";
import { name } from "./text.js";

let asked = null;

export function forget() {
	asked = null;
}

export async function catalogue() {
	asked ??= get("/v1/catalogue").then((document) => ({ document,
		items: new Map(document.items.map((item) => [item.number, item])),
		categories: new Map(document.categories.map((category) => [category.number, category])),
		rules: new Map((document.rules ?? []).map((rule) => [rule.id, rule])) }))
		.catch((error) => {
			asked = null;
			if (error.status === 404)
				return { document: null, items: new Map(), categories: new Map(), rules: new Map() };
			throw error;
		});
	return asked;
}

export function itemName(known, number) {
	const item = known.items.get(Number(number));

	return item ? name(item) : String(number);
}

export function categoryName(known, number) {
	const category = known.categories.get(Number(number));

	return category ? name(category) : String(number);
}
