// One member: its document, what it may ask and asks, who let it in.

import { form } from "../base/act.js";
import { get } from "../base/api.js";
import { catalogue } from "../base/catalogue.js";
import { h, replace } from "../base/dom.js";
import { memberName, members } from "../base/members.js";
import { day, hasWord, percent, share, t, time } from "../base/text.js";
import { ask, csvButton, panel, save, state, table } from "../base/ui.js";
import { applicationsPanel, documentFacts } from "./admission.js";
import { changeStatus } from "./platforms.js";

export const parent = "members";

const numbers = ["per_minute", "burst", "per_day", "subjects_per_day"];

// The catalogue's limits that may fit a member, in the order in which they are
// tried (docs/CATALOGUE.md, Limits).
export function limitsOf(document, member) {
	return (document?.limits ?? []).filter((rule) => (!rule.members || rule.members.includes(member.code)) && (!rule.kinds || rule.kinds.includes(member.kind)));
}

// Questions a day at one node, whatever the purpose; null: not limited.
export function quotaOf(document, member) {
	// Departments and platforms ask nothing.
	if (member.kind === "department" || member.kind === "platform")
		return null;
	return limitsOf(document, member).find((rule) => !rule.purposes)?.per_day ?? null;
}

const word = (prefix, key) => hasWord(`${prefix}_${key}`) ? t(`${prefix}_${key}`) : key;

// The catalogue with this member's own limit before all others: a document to
// be signed where the catalogue's key is.
export function withQuota(document, member, quota) {
	const rule = { name: `member-${member.code.toLowerCase()}`, members: [member.code], ...quota };
	const others = (document.limits ?? []).filter((one) => one.name !== rule.name);

	return { ...document, version: document.version + 1, issued: day(null, 0), limits: [rule, ...others] };
}

async function changeQuota(member) {
	const { document } = await catalogue();
	const now = limitsOf(document, member).find((rule) => !rule.purposes) ?? {};
	const answer = await form(t("change_quota"), numbers.map((key) => ({ name: key, label: t(key), value: now[key] === undefined ? "" : String(now[key]) })), t("review"));

	if (answer === null)
		return;
	const quota = Object.fromEntries(numbers.filter((key) => answer[key] !== "").map((key) => [key, Number(answer[key])]));

	if (Object.values(quota).some((value) => !Number.isInteger(value) || value < 1)) {
		await ask(t("change_quota"), h("p.problem", t("quota_numbers")), [["", t("close")]]);
		return;
	}
	const next = withQuota(document, member, quota);
	const done = await ask(t("change_quota"), h("div", h("p", t("quota_text", next.version)), h("pre.mono", JSON.stringify(next.limits[0], null, 1)),
		h("p.small", h("code", `rongxin catalogue sign catalogue-${next.version}.json --key catalogue.key`))), [["", t("cancel")], ["save", t("save"), "main"]]);

	if (done === "save")
		save(`catalogue-${next.version}.json`, JSON.stringify(next, null, 1), "application/json");
}

function drawQuotas(body, rules, me, member, tools) {
	const columns = [
		{ label: t("rule"), key: "name", show: (row) => h("code", row.name) },
		{ label: t("applies_to"), text: (row) => row.members ? t("this_member") : (row.kinds ?? []).map((kind) => t(`kind_${kind}`)).join(" ") || t("everybody") },
		{ label: t("by_purpose"), text: (row) => (row.purposes ?? []).map((one) => word("purpose", one)).join(" ") || t("any_purpose") },
		...numbers.map((key) => ({ label: t(key), key, number: true, text: (row) => row[key] ?? "–", sort: (row) => row[key] ?? -1 }))];

	replace(tools, csvButton(`quotas-${member.code}`, columns, rules), me.role === "operator"
		? h("button.tool", { type: "button", "data-act": "quota", onclick: () => changeQuota(member) }, t("change_quota")) : null);
	replace(body, table(columns, rules, { empty: t("no_limits"), mark: (row) => row.name }));
}

// Rows of hours as sums by one of their members.
function sumBy(rows, key) {
	return [...Map.groupBy(rows.filter((row) => row.item === 0), (row) => row[key]).entries()].map(([value, list]) => ({ key: value,
		questions: list.reduce((sum, row) => sum + row.questions, 0), refused: list.reduce((sum, row) => sum + row.refused, 0) })).sort((a, b) => b.questions - a.questions);
}

function usePanel(code, member, options) {
	return panel({ ...options, topics: ["usage"], load: async () => sumBy((await get("/v1/usage", { member: code, from: day(null, options.days), limit: 5000 })).usage, options.by), draw: async (body, rows, tools) => {
		const known = await members(), { document } = await catalogue();
		const quota = quotaOf(document, await member);
		const label = (row) => options.by === "node" ? memberName(known, row.key) : word(options.by, row.key);
		const columns = [{ label: t(`by_${options.by}`), wide: true, text: label }, { label: t("questions"), key: "questions", number: true }, { label: t("refused"), key: "refused", number: true },
			{ label: t("refused_share"), number: true, text: (row) => share(row.refused, row.questions), sort: (row) => row.questions ? row.refused / row.questions : 0 },
			options.by === "node" ? { label: t("of_quota"), number: true, text: (row) => quota === null ? "–" : percent(row.questions / quota), sort: (row) => row.questions } : null].filter(Boolean);

		replace(tools, csvButton(`${options.name}-${code}`, columns, rows));
		replace(body, table(columns, rows, { most: 12, mark: (row) => row.key }));
	} });
}

export function budgetColumns(known) {
	return [
		{ label: t("by_node"), text: (row) => memberName(known, row.node), show: (row) => h("a", { href: `#/platforms/${row.node}` }, memberName(known, row.node)) },
		{ label: t("by_member"), text: (row) => memberName(known, row.member), show: (row) => h("a", { href: `#/member/${row.member}` }, memberName(known, row.member)) },
		{ label: t("budget_kind"), text: (row) => t(`budget_${row.kind}`) },
		{ label: t("spent"), key: "spent", number: true }, { label: t("budget"), key: "budget", number: true },
		{ label: t("state"), text: (row) => share(row.spent, row.budget), sort: (row) => row.budget ? row.spent / row.budget : 0,
			show: (row) => state(row.spent >= row.budget ? "failed" : row.spent > 0.8 * row.budget ? "late" : "good", share(row.spent, row.budget)) },
		{ label: t("budget_until"), key: "until" }];
}

export function show(main, { me, path }) {
	const [code] = path;
	const title = h("h1", code);
	const one = members().then((known) => known.byCode.get(code) ?? { code });
	const facts = panel({ name: "member", title: t("member"), topics: ["members"], load: async () => (await members()).byCode.get(code) ?? null, draw: (body, member) => {
		if (member === null)
			return replace(body, h("p.empty", t("not_a_member")));
		title.textContent = member.name || code;
		return replace(body, documentFacts(member), me.role !== "operator" || member.code === me.code ? null : h("p", h("span.row-tools", member.status === "active"
			? h("button.tool.danger", { type: "button", "data-act": "suspend", onclick: () => changeStatus(member, "suspended", facts.refresh) }, t("suspend"))
			: h("button.tool", { type: "button", "data-act": "activate", onclick: () => changeStatus(member, "active", facts.refresh) }, t("activate")))));
	} });
	const quotas = panel({ name: "quotas", title: t("quotas"), topics: ["catalogue", "members"], load: async () => limitsOf((await catalogue()).document, await one), draw: async (body, rules, tools) =>
		drawQuotas(body, rules, me, await one, tools) });
	const today = usePanel(code, one, { name: "member_today", title: t("use_today"), definition: "of_quota", width: "w6", by: "node", days: 0 });
	const purposes = usePanel(code, one, { name: "member_purpose", title: t("use_by_purpose"), definition: "questions", width: "w6", by: "purpose", days: -6 });
	const budgets = panel({ name: "budgets", title: t("budgets"), topics: ["nodes"], load: async () => (await get("/v1/budgets")).budgets.filter((row) => row.member === code), draw: async (body, rows, tools) => {
		const columns = budgetColumns(await members());

		replace(tools, csvButton(`budgets-${code}`, columns, rows));
		replace(body, table(columns, rows, { most: 12, empty: t("no_budgets") }));
	} });
	const done = panel({ name: "member_actions", title: t("actions"), topics: ["actions"], load: async () => (await get("/v1/actions", { limit: 1000 })).actions.filter((row) => row.target === code), draw: async (body, rows, tools) => {
		const known = await members();
		const columns = [{ label: t("when"), text: (row) => time(row.at) }, { label: t("operator"), text: (row) => memberName(known, row.who) }, { label: t("action"), text: (row) => word("did", row.action) },
			{ label: t("m_status"), text: (row) => row.detail.status ? t(row.detail.status) : row.detail.state ? t(`application_${row.detail.state}`) : "" }];

		replace(tools, csvButton(`actions-${code}`, columns, rows));
		replace(body, table(columns, rows, { most: 12 }));
	} });
	const applications = applicationsPanel(me, code);

	replace(main, h("p.crumbs", h("a", { href: "#/members" }, t("members"))), title, h("p.lead.mono", code),
		h("div.panels", facts.box, quotas.box, today.box, purposes.box, budgets.box, done.box, applications.box));
	return [facts, quotas, today, purposes, budgets, done, applications];
}
