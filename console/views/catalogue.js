// The sharing list: its versions, what is in one, and what two differ by.

import { act } from "../base/act.js";
import { get, post } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { forget } from "../base/catalogue.js";
import { divisionName } from "../base/state.js";
import { name, t, time } from "../base/text.js";
import { ask, csvButton, panel, table } from "../base/ui.js";
import { drawRehearsal, rehearse } from "./rehearsal.js";

const version = (number) => get(`/v1/catalogue/versions/${number}`);

// Items by number, their members as texts: {path: text}.
function flat(value, path, out) {
	if (value !== null && typeof value === "object") {
		const list = Array.isArray(value) ? value.map((one, index) => [one?.name ?? one?.number ?? one?.id ?? index, one]) : Object.entries(value);

		for (const [key, one] of list)
			flat(one, path === "" ? String(key) : `${path} › ${key}`, out);
	} else {
		out.set(path, String(value));
	}
	return out;
}

// What stands in one and not, or otherwise, in the other.
export function differences(older, newer) {
	const before = flat(older, "", new Map()), after = flat(newer, "", new Map());
	const found = [];

	for (const [path, text] of before)
		if (!after.has(path))
			found.push({ path, before: text, after: null });
		else if (after.get(path) !== text)
			found.push({ path, before: text, after: after.get(path) });
	for (const [path, text] of after)
		if (!before.has(path))
			found.push({ path, before: null, after: text });
	return found;
}

function drawItems(body, document, tools) {
	const categories = new Map(document.categories.map((category) => [category.number, category]));
	const columns = [
		{ label: t("item"), wide: true, text: (row) => `${row.number} ${name(row)}`, sort: (row) => row.number },
		{ label: t("category"), text: (row) => name(categories.get(row.category)), sort: (row) => row.category },
		{ label: t("provider"), wide: true, text: (row) => name(row.provider) }, { label: t("cadence"), text: (row) => t(row.cadence) },
		{ label: t("mode"), text: (row) => t(`mode_${row.mode}`) }, { label: t("consent"), text: (row) => t(row.consent ? "needed" : "not_needed") },
		{ label: t("retention"), text: (row) => row.retention ? t("years", row.retention.years) : "–" }, { label: t("fields"), number: true, text: (row) => row.fields.length, sort: (row) => row.fields.length }];

	replace(tools, csvButton(`catalogue-${document.version}`, columns, document.items));
	replace(body, table(columns, document.items, { mark: (row) => row.number }));
}

// What was pasted, as a document: signed, or not yet.  Null: neither.
function offeredOf(text) {
	try {
		if (text.startsWith("{"))
			return JSON.parse(text);
		const raw = atob(text.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));

		return JSON.parse(new TextDecoder().decode(Uint8Array.from(raw, (c) => c.charCodeAt(0))));
	} catch {
		return null;
	}
}

async function load(refresh) {
	const area = h("textarea", { "aria-label": t("catalogue_jws"), spellcheck: "false" });
	const file = h("input", { type: "file", "aria-label": t("file"), onchange: async () => { area.value = await file.files[0].text(); } });
	const answer = await ask(t("load_catalogue"), h("div", h("p", t("load_catalogue_text")), file, area), [["", t("cancel")], ["yes", t("review"), "main"]]);
	const text = area.value.trim();

	if (answer !== "yes" || text === "")
		return;
	const offered = offeredOf(text);

	if (offered === null) {
		await ask(t("load_catalogue"), h("p.problem", t("not_jws")), [["", t("close")]]);
		return;
	}
	let shown;

	try {
		const changes = differences(await get("/v1/catalogue"), offered);

		shown = h("div", h("p", t("catalogue_changes", offered.version, changes.length)), diffTable(changes.slice(0, 30)), h("h3", t("rehearsal")), await drawRehearsal(await rehearse(text)));
	} catch (error) {
		await ask(t("load_catalogue"), h("p.problem", { role: "alert" }, error.message), [["", t("close")]]);
		return;
	}
	// Without a signature it is only tried out.
	if (text.startsWith("{")) {
		await ask(t("rehearsal"), shown, [["", t("close")]]);
		return;
	}
	if (await act(t("load_catalogue"), shown, () => post("/v1/catalogue", text, "application/jose"))) {
		forget();
		refresh();
	}
}

// Items that are a province's own.
function provincial() {
	return panel({ name: "provincial", title: t("provincial"), topics: ["catalogue"], load: async () => {
		const { items } = await get("/v1/catalogue");

		return items.filter((item) => item.number > 1000 || item.division);
	}, draw: (body, rows, tools) => {
		const columns = [{ label: t("province"), text: (row) => row.division ? divisionName(row.division) : t("nation"), sort: (row) => row.division ?? "" },
			{ label: t("item"), wide: true, text: (row) => `${row.number} ${name(row)}`, sort: (row) => row.number }, { label: t("provider"), wide: true, text: (row) => name(row.provider) },
			{ label: t("cadence"), text: (row) => t(row.cadence) }, { label: t("fields"), number: true, text: (row) => row.fields.length, sort: (row) => row.fields.length }];

		replace(tools, csvButton("provincial", columns, rows));
		replace(body, table(columns, rows, { empty: t("no_provincial"), mark: (row) => row.number }));
	} });
}

function diffTable(changes) {
	return table([{ label: t("where"), wide: true, key: "path", show: (row) => h("span.mono", row.path) },
		{ label: t("before"), wide: true, text: (row) => row.before ?? "", show: (row) => h("span.diff-del", row.before ?? "–") },
		{ label: t("after"), wide: true, text: (row) => row.after ?? "", show: (row) => h("span.diff-add", row.after ?? "–") }], changes, { most: 100, empty: t("no_difference") });
}

export function show(main, { me, path, go }) {
	const [newer, older] = path;
	const versions = panel({ name: "versions", title: t("versions"), width: "w5", topics: ["catalogue"], load: async () => (await get("/v1/catalogue/versions")).versions ?? [],
		draw: (body, rows, tools) => {
			const columns = [{ label: t("version"), key: "version", number: true, show: (row) => h("a", { href: `#/catalogue/${row.version}` }, String(row.version)) },
				{ label: t("issued"), key: "issued" }, { label: t("in_force"), wide: true, text: (row) => time(row.known_from) }, { label: t("until"), wide: true, text: (row) => row.known_to ? time(row.known_to) : t("in_force_now") },
				{ label: "", show: (row) => rows[0] && row.version !== rows[0].version ? h("a", { href: `#/catalogue/${rows[0].version}/${row.version}` }, t("compare")) : "" }];

			replace(tools, csvButton("versions", columns.slice(0, -1), rows), me.role === "operator" ? h("button.tool.main", { type: "button", "data-act": "load", onclick: () => load(() => { go("/catalogue"); versions.refresh(); }) }, t("load_catalogue")) : null);
			replace(body, table(columns, rows, { mark: (row) => row.version }));
		} });
	const known = newer ? () => version(newer) : () => get("/v1/catalogue");
	const parts = [versions];

	if (older)
		parts.push(panel({ name: "difference", title: t("difference", older, newer), width: "w7", load: async () => differences(await version(older), await version(newer)), draw: (body, rows, tools) => {
			replace(tools, csvButton("difference", [{ label: t("where"), wide: true, key: "path" }, { label: t("before"), wide: true, key: "before" }, { label: t("after"), wide: true, key: "after" }], rows));
			replace(body, diffTable(rows));
		} }));
	parts.push(panel({ name: "catalogue", title: t("catalogue_items"), topics: ["catalogue"], load: known, draw: drawItems }), provincial());
	replace(main, h("h1", t("catalogue")), h("p.lead", t("catalogue_lead")), h("div.panels", parts.map((part) => part.box)));
	return parts;
}

