// What the nodes' trails say, and whether the hub can vouch for them.

import { get } from "../base/api.js";
import { chart, colours } from "../base/charts.js";
import { h, replace } from "../base/dom.js";
import { members } from "../base/members.js";
import { since } from "../base/state.js";
import { count, t, time } from "../base/text.js";
import { csvButton, figure, panel, save, state, table } from "../base/ui.js";

// [state, word, since]
export function trailState(row) {
	if (row.trail_forked)
		return ["failed", t("trail_forked"), row.trail_forked];
	if (row.trail_short)
		return ["failed", t("trail_short"), row.trail_short];
	if (row.trail_size === null || row.trail_counted === null)
		return ["none", t("trail_none"), null];
	if (row.trail_size > row.trail_counted + 5000)
		return ["late", t("trail_gap", count(row.trail_size - row.trail_counted)), null];
	return row.trail_witnessed ? ["good", t("trail_good"), null] : ["none", t("trail_unwitnessed"), null];
}

const order = { failed: 0, late: 1, none: 2, good: 3 };

function draw(body, rows, tools) {
	const columns = [
		{ label: t("platform"), key: "name", show: (row) => h("a", { href: `#/trails/${row.code}` }, row.name) },
		{ label: t("state"), text: (row) => trailState(row)[1], show: (row) => {
			const [kind, word, from] = trailState(row);

			return h("span", state(kind, word), from ? h("span.sub", since(from)) : null);
		} },
		{ label: t("trail_size"), key: "trail_size", number: true }, { label: t("trail_counted"), key: "trail_counted", number: true },
		{ label: t("trail_checked"), key: "trail_checked", number: true }, { label: t("last_status"), text: (row) => time(row.received) }];

	replace(tools, csvButton("trails", columns, rows));
	replace(body, table(columns, [...rows].sort((a, b) => order[trailState(a)[0]] - order[trailState(b)[0]]), { most: 60, mark: (row) => row.code }));
}

function gapsPanel(code = "") {
	return panel({ name: "gaps", title: t("gaps"), topics: ["usage"], load: async () => (await get("/v1/trails/gaps")).gaps.filter((row) => !code || row.code === code), draw: (body, rows, tools) => {
		const columns = [{ label: t("platform"), key: "name", show: (row) => h("a", { href: `#/trails/${row.code}` }, row.name) }, { label: t("gap_from"), text: (row) => time(row.from) },
			{ label: t("gap_until"), text: (row) => time(row.until) }, { label: t("gap_hours"), key: "hours", number: true }, { label: t("gap_entries"), key: "entries", number: true }];

		replace(tools, csvButton("gaps", columns, rows));
		replace(body, table(columns, rows, { most: 20, empty: t("no_gaps") }));
	} });
}

function showAll(main) {
	const load = async () => (await get("/v1/platforms")).platforms.filter((row) => row.status === "active");
	const sums = panel({ name: "trail_sums", width: "flat", title: t("now"), topics: ["usage", "nodes"], load: async () => {
		const rows = await load();

		return { counted: rows.reduce((sum, row) => sum + (row.trail_counted ?? 0), 0), witnessed: rows.filter((row) => row.trail_witnessed).length,
			forked: rows.filter((row) => row.trail_forked).length, short: rows.filter((row) => row.trail_short).length };
	}, draw: (body, now) => replace(body, h("div.figures",
		figure("trail_entries", count(now.counted), null, { to: "trails" }), figure("trails_witnessed", count(now.witnessed), null, { to: "trails" }),
		figure("trails_forked", count(now.forked), null, { to: "trails", state: now.forked > 0 ? "failed" : null }), figure("trails_short", count(now.short), null, { to: "trails", state: now.short > 0 ? "failed" : null }))) });
	const all = panel({ name: "trails", title: t("trails"), definition: "trail_state", topics: ["usage", "nodes", "members"], load, draw });

	const gaps = gapsPanel();

	replace(main, h("h1", t("trails")), h("p.lead", t("trails_lead")), h("div.panels", sums.box, all.box, gaps.box));
	return [sums, all, gaps];
}

export function show(main, { path }) {
	const [code] = path;

	if (!code)
		return showAll(main);
	const title = h("h1", code);
	const facts = panel({ name: "trail", title: t("trail"), width: "w5", topics: ["usage", "nodes"], load: async () => (await get("/v1/platforms")).platforms.find((row) => row.code === code) ?? null,
		draw: (body, row) => {
			if (row === null)
				return replace(body, h("p.empty", t("not_a_platform")));
			const [kind, word, from] = trailState(row);

			title.textContent = row.name;
			return replace(body, h("dl.facts", h("dt", t("state")), h("dd", state(kind, word), " ", since(from)), h("dt", t("trail_size")), h("dd", count(row.trail_size)),
				h("dt", t("trail_counted")), h("dd", count(row.trail_counted)), h("dt", t("trail_checked")), h("dd", count(row.trail_checked)),
				h("dt", t("last_status")), h("dd", time(row.received))), h("p.small", t("trail_lookup")), h("p", h("code", `rongxin trail verify URL --member ${code}.member.json --network network.json`)));
		} });
	const newest = panel({ name: "checkpoint", title: t("checkpoint"), width: "w7", definition: "checkpoint", topics: ["usage"],
		load: () => get(`/v1/nodes/${code}/checkpoint`).catch((error) => {
			if (error.status === 404)
				return "";
			throw error;
		}), draw: (body, text, tools) => {
			replace(tools, text ? h("button.tool", { type: "button", onclick: () => save(`${code}.checkpoint`, text, "text/plain") }, t("save")) : null);
			replace(body, text ? h("pre.mono", text) : h("p.empty", t("trail_unwitnessed")));
		} });
	const lookup = panel({ name: "lookup", title: t("lookup"), topics: [], load: async () => ({ url: (await get("/v1/platforms")).platforms.find((row) => row.code === code)?.url ?? null,
		newest: (await get(`/v1/platforms/${code}/checkpoints`)).checkpoints[0] ?? null,
		trail: (await members()).byCode.get(code)?.trail_key ?? "", witness: (await get("/v1/keys")).keys.find((key) => key.kind === "witness")?.key ?? "" }), draw: (body, answer) => {
		const input = h("input", { type: "text", inputmode: "numeric", "aria-label": t("lookup_index"), size: "12" });
		const hub = `/${answer.newest?.size ?? ""}/${answer.newest?.root ?? ""}/${code}/${answer.trail}/${answer.witness}`;

		// The page is the node's own: entries are nowhere else.
		replace(body, h("p.small", t("lookup_text")), answer.url ? h("form.filters", { onsubmit: (event) => {
			event.preventDefault();
			if (/^\d+$/.test(input.value.trim()))
				window.open(`${answer.url}/entry/#${input.value.trim()}${hub}`, "_blank", "noopener");
		} }, h("label", `${t("lookup_index")} `, input), h("button.tool.main", { type: "submit" }, t("lookup"))) : h("p", t("lookup_no_url")),
		h("p.small", h("code", `rongxin trail entry INDEX --node ${answer.url ?? "URL"}`)));
	} });
	const gaps = gapsPanel(code);
	const kept = panel({ name: "checkpoints", title: t("checkpoints"), topics: ["usage"], load: async () => (await get(`/v1/platforms/${code}/checkpoints`)).checkpoints, draw: async (body, rows, tools) => {
		const columns = [{ label: t("hour"), text: (row) => time(row.hour) }, { label: t("trail_size"), key: "size", number: true }, { label: t("more_entries"), key: "more", number: true, text: (row) => row.more ?? "–" },
			{ label: t("root"), key: "root", show: (row) => h("code", `${row.root.slice(0, 24)}…`) }];

		replace(tools, csvButton(`checkpoints-${code}`, columns, rows));
		if (rows.length > 1)
			await chart(body, t("checkpoints"), { legend: null, grid: { left: 8, right: 14, top: 10, bottom: 6, containLabel: true }, xAxis: { type: "category", data: rows.map((row) => time(row.hour).slice(5, 16)).reverse() },
				yAxis: { type: "value" }, series: [{ name: t("trail_size"), type: "line", step: "end", itemStyle: { color: colours().link }, data: rows.map((row) => row.size).reverse() }] });
		body.append(table(columns, rows, { most: 24 }));
	} });

	replace(main, h("p.crumbs", h("a", { href: "#/trails" }, t("trails"))), title, h("p.lead.mono", code), h("div.panels", facts.box, newest.box, lookup.box, gaps.box, kept.box));
	return [facts, newest, lookup, gaps, kept];
}
