// One province: who hands in what, how it is doing, and its platforms.

import { get } from "../base/api.js";
import { catalogue, categoryName, itemName } from "../base/catalogue.js";
import { chart, colours } from "../base/charts.js";
import { h, replace } from "../base/dom.js";
import { provinceOf } from "../base/provinces.js";
import { diskState, divisionName, platformState, since } from "../base/state.js";
import { day, name, percent, share, span, t } from "../base/text.js";
import { csvButton, panel, state, table } from "../base/ui.js";
import { expiry } from "./keys.js";
import { trailState } from "./trails.js";

export const parent = "overview";

function drawItems(body, rows, known, tools) {
	const columns = [
		{ label: t("item"), wide: true, text: (row) => `${row.item} ${itemName(known, row.item)}`, sort: (row) => row.item,
			show: (row) => h("a", { href: `#/departments/${row.provider}/${row.item}` }, `${row.item} ${itemName(known, row.item)}`) },
		{ label: t("category"), text: (row) => categoryName(known, row.category), sort: (row) => row.category },
		{ label: t("department"), key: "name", text: (row) => row.name || row.provider },
		{ label: t("state"), text: (row) => t(row.state), show: (row) => state(row.state) },
		{ label: t("rows_30"), key: "rows", number: true },
		{ label: t("changed"), key: "accepted", number: true },
		{ label: t("rejected"), number: true, text: (row) => share(row.rejected, row.rows), sort: (row) => row.rows ? row.rejected / row.rows : 0 },
		{ label: t("last_day"), key: "last_day" }];

	replace(tools, csvButton("province", columns, rows));
	replace(body, table(columns, rows, { mark: (row) => `${row.provider}/${row.item}` }));
}

// `beside`: there is little room.
export function platformTable(rows, beside = false) {
	const narrow = beside || matchMedia("(max-width: 760px)").matches;
	const columns = [
		{ label: t("platform"), key: "name", show: (row) => h("a", { href: `#/platforms/${row.code}` }, row.name) },
		{ label: t("divisions"), detail: narrow, text: (row) => (row.divisions ?? []).map(divisionName).join(" ") },
		{ label: t("state"), text: (row) => platformState(row)[1], show: (row) => {
			const [kind, word, from] = platformState(row);

			return h("span", state(kind, word), from ? h("span.sub", since(from)) : null);
		} },
		{ label: t("behind_by"), key: "behind", number: true },
		{ label: t("delay_ms"), number: true, detail: narrow, text: (row) => span(row.delay_ms), sort: (row) => row.delay_ms ?? -1 },
		{ label: t("proof"), detail: narrow, text: (row) => row.streams ? t("proven_short", row.proven ?? 0, row.streams) : "–" },
		{ label: t("trail"), detail: narrow, text: (row) => trailState(row)[1], show: (row) => state(trailState(row)[0], trailState(row)[1]) },
		{ label: t("disk"), number: true, detail: narrow, text: (row) => row.disk_total ? percent(row.disk_free / row.disk_total) : "–", sort: (row) => row.disk_total ? row.disk_free / row.disk_total : 2,
			show: (row) => row.disk_total ? state(diskState(row), `${Math.round(100 * row.disk_free / row.disk_total)} %`) : "–" },
		{ label: t("key_certificate"), detail: true, text: (row) => row.certificate ? row.certificate.slice(0, 10) : "–", show: (row) => expiry(row.certificate) },
		{ label: t("software"), detail: true, text: (row) => row.software ?? "", show: (row) => row.software ? `${row.software.replace("rongxin-node ", "")} · v${row.protocol ?? "–"}` : "–" }];

	return [columns, table(columns, rows, { most: 60, mark: (row) => row.code })];
}

export function show(main, { path }) {
	const [code, category] = path;
	const province = provinceOf(code);

	if (!province)
		return [replace(main, h("p.empty", t("not_found")))] && [];
	const items = panel({ name: "items", title: t("items_of_province"), topics: ["feeds"],
		load: async () => (await get(`/v1/provinces/${code}`)).items.filter((row) => !category || row.category === Number(category)),
		draw: async (body, rows, tools) => drawItems(body, rows, await catalogue(), tools) });
	const trend = panel({ name: "trend", title: t("trend"), width: "w7", topics: ["feeds"],
		load: () => get("/v1/trend", { province: code, from: day(null, -29) }),
		draw: (body, data) => drawTrend(body, data.days) });
	const platforms = panel({ name: "platforms", title: t("platforms"), definition: "platform_state", width: "w5", topics: ["nodes", "members"],
		load: async () => (await get("/v1/platforms")).platforms.filter((row) => (row.divisions ?? []).some((division) => division.slice(0, 2) === code)),
		draw: (body, rows, tools) => {
			const [columns, drawn] = platformTable(rows, true);

			replace(tools, csvButton(`platforms-${code}`, columns, rows));
			replace(body, drawn);
		} });
	const title = h("h1", name(province));

	catalogue().then((known) => category && title.append(` · ${categoryName(known, category)}`));
	replace(main, h("p.crumbs", h("a", { href: "#/overview" }, t("overview"))), title,
		category ? h("p.lead", h("a", { href: `#/province/${code}` }, t("all_categories"))) : h("p.lead", t("province_lead")),
		h("div.panels", items.box, trend.box, platforms.box));
	return [items, trend, platforms];
}

// Rows a day, taken and not.
export async function drawTrend(body, days) {
	const { link, none, failed } = colours();

	if (days.length === 0)
		return replace(body, h("p.empty", t("empty")));
	return chart(body, t("trend"), {
		xAxis: { type: "category", data: days.map((row) => row.day.slice(5)) }, yAxis: { type: "value" },
		series: [["changed", "accepted", link], ["unchanged", "unchanged", none], ["rejected", "rejected", failed]].map(([label, key, color]) =>
			({ name: t(label), type: "bar", stack: "rows", itemStyle: { color }, data: days.map((row) => row[key]) })) });
}

