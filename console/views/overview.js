// Is the country all right, who is not, and since when?

import { get } from "../base/api.js";
import { catalogue, categoryName, itemName } from "../base/catalogue.js";
import { h, replace } from "../base/dom.js";
import { provinceOf, provinces } from "../base/provinces.js";
import { platformState, since } from "../base/state.js";
import { count, lang, name, share, t } from "../base/text.js";
import { csvButton, figure, panel, state } from "../base/ui.js";

const worst = { none: 0, good: 1, late: 2, failed: 3 };
const marks = { good: "", late: "▲", failed: "■", none: "" };

// Both in one unit, which the note beneath names.
function delays(now) {
	const inSeconds = now.delay_p99_ms >= 10000;
	const text = (ms) => ms === null ? "–" : inSeconds ? (ms / 1000).toFixed(1) : count(ms);

	return [`${text(now.delay_p50_ms)} / ${text(now.delay_p99_ms)}`, t("delay_note", t(inSeconds ? "unit_seconds" : "unit_ms"))];
}

function drawFigures(body, now) {
	replace(body, h("div.figures",
		figure("records", count(now.records), t("records_note", count(now.streams)), { href: "#/platforms" }),
		figure("changes_today", count(now.changes_today), t("changes_note", count(now.rows_today), count(now.rejected_today)), { href: "#/departments" }),
		figure("questions_today", count(now.questions_today), t("questions_note", count(now.refused_today)), { href: "#/use" }),
		figure("delay", ...delays(now), { href: "#/platforms" }),
		figure("nodes", count(now.nodes_live), t("nodes_note", count(now.nodes)), { href: "#/platforms", state: now.nodes_live < now.nodes ? "failed" : null }),
		figure("alerts", count(now.open.critical + now.open.warning + now.open.info), t("alerts_note", count(now.open.critical), count(now.open.warning)),
			{ href: "#/alerts", state: now.open.critical > 0 ? "failed" : now.open.warning > 0 ? "late" : null }),
		figure("batches_held", count(now.batches_held), t("held_note"), { href: "#/departments", state: now.batches_held > 0 ? "late" : null })));
}

// What is wrong, the worst first: platforms and trails by name, feeds by
// department and item.
function concernsOf(platforms, departments, held, known) {
	const found = [];

	for (const platform of platforms) {
		const [kind, word, from] = platformState(platform);

		if (kind === "failed" || kind === "late")
			found.push({ kind, who: platform.name, what: word, since: from, href: `#/platforms/${platform.code}`,
				area: platform.trail_forked || platform.trail_short ? t("trail") : t("platform") });
	}
	for (const [provider, items] of Map.groupBy(departments.filter((row) => row.late), (row) => row.provider))
		found.push({ kind: "late", who: items[0].name, area: t("feed"), href: `#/departments/${provider}`,
			what: t("feed_late", items.slice(0, 3).map((row) => itemName(known, row.item)).join(lang() === "zh" ? "、" : ", "), items.length),
			since: items.map((row) => row.due_day).filter(Boolean).sort()[0] });
	for (const batch of held)
		found.push({ kind: "late", who: memberOf(departments, batch.provider), area: t("feed"), href: `#/departments/${batch.provider}`,
			what: t("batch_held", itemName(known, batch.item), batch.share), since: batch.received });
	return found.sort((a, b) => worst[b.kind] - worst[a.kind]);
}

function memberOf(departments, provider) {
	return departments.find((row) => row.provider === provider)?.name || provider;
}

function drawConcerns(body, found) {
	const most = 12;

	if (found.length === 0)
		return replace(body, h("p.empty", t("all_right")));
	return replace(body, h("ul.concerns", found.slice(0, most).map((one) => h("li", { "data-concern": one.who },
		state(one.kind), h("span.what", h("a", { href: one.href }, one.who), ` — ${one.what}`),
		h("span.small", one.area, " ", one.since ? since(one.since) : "")))),
	found.length > most ? h("p.small", t("and_more", found.length - most)) : null);
}

// A province is as its platforms and its cells are.
function provinceStates(platforms, cells) {
	const states = new Map();

	const put = (code, kind, reason) => {
		const known = states.get(code) ?? { state: "none", reasons: [] };

		if (worst[kind] > worst[known.state])
			known.state = kind;
		if (worst[kind] > 1)
			known.reasons.push(reason);
		states.set(code, known);
	};
	for (const platform of platforms)
		for (const division of platform.divisions ?? [])
			if (division !== "") {
				const [kind, word] = platformState(platform);
				// A city that fails is its province's worry, not its failure.
				put(division.slice(0, 2), division.length > 2 && kind === "failed" ? "late" : kind, `${platform.name}: ${word}`);
			}
	for (const cell of cells)
		put(cell.province, cell.state === "failed" ? "late" : cell.state, t("cell_reason", cell.category, t(cell.state)));
	return states;
}

function drawMap(body, states) {
	const tiles = provinces.map((province) => {
		const now = states.get(province.code) ?? { state: "none", reasons: [] };
		const text = `${name(province)}: ${t(now.state)}${now.reasons.length > 0 ? ` — ${now.reasons.slice(0, 4).join("; ")}` : ""}`;
		const tile = h(`a.tile.${now.state}`, { href: `#/province/${province.code}`, title: text, "aria-label": text, "data-province": province.code, "data-state": now.state },
			lang() === "zh" ? province.short : province.letters, h("small", { "aria-hidden": "true" }, marks[now.state]));

		tile.style.gridRow = province.row + 1;
		tile.style.gridColumn = province.column + 1;
		return tile;
	});

	replace(body, h("div.map", tiles), h("div.legend", ["good", "late", "failed", "none"].map((kind) => state(kind))));
}

function drawGrid(body, cells, known, tools) {
	const byPlace = new Map(cells.map((cell) => [`${cell.province}/${cell.category}`, cell]));
	const categories = [...known.categories.keys()].sort((a, b) => a - b);
	const rows = provinces.filter((province) => province.code < "70");
	const head = h("tr", h("th", { scope: "col" }), categories.map((category) =>
		h("th", { scope: "col" }, h("span", categoryName(known, category)))));

	replace(tools, csvButton("grid", [
		{ label: t("province"), text: (row) => name(provinceOf(row.province)) }, { label: t("category"), text: (row) => categoryName(known, row.category) },
		{ label: t("state"), text: (row) => t(row.state) }, { label: t("rows"), key: "rows" }, { label: t("rejected"), key: "rejected" },
		{ label: t("last_day"), key: "last_day" }], cells));
	replace(body, h("table.grid", h("thead", head), h("tbody", rows.map((province) => h("tr",
		h("th", { scope: "row" }, h("a", { href: `#/province/${province.code}` }, name(province))),
		categories.map((category) => {
			const cell = byPlace.get(`${province.code}/${category}`);
			const kind = cell?.state ?? "none";
			const text = cell ? t("cell_title", name(province), categoryName(known, category), t(kind), count(cell.rows), share(cell.rejected, cell.rows), cell.last_day)
				: `${name(province)}, ${categoryName(known, category)}: ${t("none")}`;

			return h("td", h(`a.cell.${kind}`, { href: `#/province/${province.code}/${category}`, title: text, "aria-label": text,
				"data-cell": `${province.code}/${category}`, "data-state": kind }, marks[kind]));
		}))))));
}

export function show(main) {
	const held = () => get("/v1/batches", { state: "held" }).then((reply) => reply.batches);
	const platforms = () => get("/v1/platforms").then((reply) => reply.platforms);
	const figures = panel({ name: "figures", width: "flat", title: t("now"), topics: ["nodes", "feeds", "usage"], load: async () => ({ ...await get("/v1/overview"), open: (await get("/v1/alerts", { limit: 1 })).open }), draw: drawFigures });
	const concerns = panel({ name: "concerns", title: t("concerns"), width: "w7", topics: ["nodes", "feeds", "members", "usage"],
		load: async () => concernsOf(await platforms(), (await get("/v1/departments")).items, await held(), await catalogue()), draw: drawConcerns });
	const map = panel({ name: "map", title: t("map"), width: "w5", topics: ["nodes", "feeds", "members"],
		load: async () => [...provinceStates(await platforms(), (await get("/v1/grid")).cells)], draw: (body, states) => drawMap(body, new Map(states)) });
	const grid = panel({ name: "grid", title: t("grid"), topics: ["feeds", "catalogue"],
		load: async () => (await get("/v1/grid")).cells, draw: async (body, cells, tools) => drawGrid(body, cells, await catalogue(), tools) });

	replace(main, h("h1", t("overview")), h("p.lead", t("overview_lead")), h("div.panels", figures.box, concerns.box, map.box, grid.box));
	return [figures, concerns, map, grid];
}

