// Who is on the member list, and how much they ask.

import { get } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { forget, members } from "../base/members.js";
import { catalogue } from "../base/catalogue.js";
import { count, day, t } from "../base/text.js";
import { csvButton, panel, state, table } from "../base/ui.js";
import { applicationsPanel } from "./admission.js";
import { quotaOf } from "./member.js";
import { changeStatus } from "./platforms.js";

const states = { active: "good", suspended: "late", struck_off: "none" };

function draw(body, rows, me, tools, refresh) {
	const columns = [
		{ label: t("m_name"), key: "name", show: (row) => h("span", row.kind === "platform" ? h("a", { href: `#/platforms/${row.code}` }, row.name)
			: row.kind === "department" ? h("a", { href: `#/departments/${row.code}` }, row.name) : h("a", { href: `#/member/${row.code}` }, row.name), h("span.sub.mono", row.code)) },
		{ label: t("m_kind"), text: (row) => t(`kind_${row.kind}`) + (row.kind === "operator" ? ` · ${t(`role_${row.role ?? "operator"}`)}` : "") },
		{ label: t("m_status"), text: (row) => t(row.status), show: (row) => state(states[row.status], t(row.status)) },
		{ label: t("m_items"), text: (row) => row.kind === "department" ? (row.items ?? []).join(", ") : "", show: (row) => row.kind === "department" ? t("item_count", (row.items ?? []).length) : "" },
		{ label: t("questions_7"), key: "questions", number: true }, { label: t("refused"), key: "refused", number: true },
		{ label: t("questions_today"), key: "today", number: true },
		{ label: t("quota_day"), number: true, text: (row) => row.quota === null ? "–" : count(row.quota), sort: (row) => row.quota ?? -1 },
		{ label: "", csv: () => "", show: (row) => me.role !== "operator" || row.code === me.code ? "" : h("span.row-tools",
			row.status === "active" ? h("button.tool.danger", { type: "button", "data-act": "suspend", onclick: () => changeStatus(row, "suspended", refresh) }, t("suspend"))
				: h("button.tool", { type: "button", "data-act": "activate", onclick: () => changeStatus(row, "active", refresh) }, t("activate"))) }];

	replace(tools, csvButton("members", columns.slice(0, -1), rows));
	replace(body, table(columns, rows, { mark: (row) => row.code }));
}

export function show(main, { me, path }) {
	const [kind] = path;
	const list = panel({ name: "members", title: t("member_list"), topics: ["members", "usage"], load: async () => {
		forget();
		const used = new Map((await get("/v1/usage/totals", { by: "member" })).totals.map((row) => [row.key, row]));
		const now = new Map((await get("/v1/usage/totals", { by: "member", from: day(null, 0) })).totals.map((row) => [row.key, row]));
		const { document } = await catalogue();
		const rank = ["operator", "department", "bank", "guarantee", "service", "subject", "platform"];

		return (await members()).list.filter((row) => !kind || row.kind === kind).map((row) =>
			({ ...row, questions: used.get(row.code)?.questions ?? 0, refused: used.get(row.code)?.refused ?? 0, today: now.get(row.code)?.questions ?? 0, quota: quotaOf(document, row) }))
			.sort((a, b) => rank.indexOf(a.kind) - rank.indexOf(b.kind) || b.questions - a.questions);
	}, draw: (body, rows, tools) => {
		replace(filters, h("a.tool", { href: "#/members", "aria-current": kind ? null : "true" }, t("all")),
			["operator", "department", "platform", "bank", "guarantee", "service", "subject"].map((one) =>
				h("a.tool", { href: `#/members/${one}`, "aria-current": one === kind ? "true" : null }, t(`kind_${one}`))), h("span.small", count(rows.length)));
		draw(body, rows, me, tools, list.refresh);
	} });
	const filters = h("div.filters");
	const waiting = applicationsPanel(me);

	replace(main, h("h1", t("members")), h("p.lead", t("members_lead")), filters, h("div.panels", waiting.box, list.box));
	return [waiting, list];
}
