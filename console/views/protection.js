// Does what protects subjects hold: revocations, budgets, patterns of abuse,
// objections and their clocks.

import { get } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { memberName, members } from "../base/members.js";
import { count, hasWord, span, t, time } from "../base/text.js";
import { csvButton, figure, panel, state, table } from "../base/ui.js";
import { budgetColumns } from "./member.js";

// The bound is that of the alert: what an operator declared.
async function bound() {
	const { rules } = await get("/v1/alerts/rules");

	return 1000 * (rules.find((rule) => rule.name === "revocation_late")?.threshold ?? 60);
}

function sums() {
	return panel({ name: "protection", width: "flat", title: t("protection"), topics: ["nodes", "actions"], load: async () => {
		const [{ platforms }, { budgets }, { patterns }, clocks, most] = await Promise.all([get("/v1/platforms"), get("/v1/budgets"), get("/v1/alerts/patterns", { limit: 1000 }), get("/v1/objections/clocks"), bound()]);
		const told = platforms.filter((row) => row.status === "active" && row.revocations !== null);
		const add = (key) => clocks.providers.reduce((sum, row) => sum + row[key], 0);

		return { most, revocations: told.reduce((sum, row) => sum + row.revocations, 0), slowest: Math.max(0, ...told.filter((row) => row.revocations > 0).map((row) => row.revocation_ms)),
			spent: budgets.filter((row) => row.left === 0).length, budgets: budgets.length, patterns: patterns.length, open: add("open"), overdue: add("overdue") };
	}, draw: (body, now) => replace(body, h("div.figures",
		figure("revocation_delay", span(now.slowest), t("revocation_note", now.revocations, span(now.most)), { to: "revocations", state: now.slowest > now.most ? "failed" : null }),
		figure("budgets_spent", count(now.spent), t("budgets_note", count(now.budgets)), { to: "budgets", state: now.spent > 0 ? "late" : null }),
		figure("abuse_patterns", count(now.patterns), t("patterns_note"), { to: "patterns", state: now.patterns > 0 ? "late" : null }),
		figure("objections_open", count(now.open), t("objections_note", count(now.overdue)), { to: "objections", state: now.overdue > 0 ? "failed" : null }))) });
}

function revocations() {
	return panel({ name: "revocations", title: t("revocations"), definition: "revocation_delay", width: "w6", topics: ["nodes"], load: async () => ({ most: await bound(), rows: (await get("/v1/platforms")).platforms.filter((row) => row.status === "active") }), draw: (body, answer, tools) => {
		const kind = (row) => row.revocations === null || row.revocations === 0 ? "none" : row.revocation_ms > answer.most ? "failed" : "good";
		const columns = [{ label: t("platform"), key: "name", show: (row) => h("a", { href: `#/platforms/${row.code}` }, row.name) },
			{ label: t("revocations_24"), number: true, text: (row) => row.revocations ?? "–", sort: (row) => row.revocations ?? -1 },
			{ label: t("slowest"), text: (row) => row.revocations ? span(row.revocation_ms) : "–", sort: (row) => row.revocations ? row.revocation_ms : -1, csv: (row) => row.revocation_ms ?? "",
				show: (row) => state(kind(row), row.revocations ? span(row.revocation_ms) : "–") }];

		replace(tools, csvButton("revocations", columns, answer.rows));
		replace(body, table(columns, [...answer.rows].sort((a, b) => (b.revocation_ms ?? -1) - (a.revocation_ms ?? -1)), { most: 8, mark: (row) => row.code }));
	} });
}

function budgets() {
	return panel({ name: "budgets", title: t("budgets"), topics: ["nodes"], load: async () => (await get("/v1/budgets")).budgets, draw: async (body, rows, tools) => {
		const columns = budgetColumns(await members());

		replace(tools, csvButton("budgets", columns, rows));
		replace(body, table(columns, rows, { most: 8, empty: t("no_budgets") }));
	} });
}

function patterns() {
	return panel({ name: "patterns", title: t("patterns"), definition: "abuse_patterns", topics: ["nodes", "actions"], load: async () => (await get("/v1/alerts/patterns", { limit: 1000 })).patterns, draw: async (body, rows, tools) => {
		const known = await members();
		const columns = [{ label: t("day"), key: "day" }, { label: t("by_node"), text: (row) => memberName(known, row.node) },
			{ label: t("by_member"), text: (row) => memberName(known, row.member), show: (row) => h("a", { href: `#/member/${row.member}` }, memberName(known, row.member)) },
			{ label: t("pattern"), text: (row) => hasWord(`pattern_${row.kind}`) ? t(`pattern_${row.kind}`) : row.kind, show: (row) => h("span", hasWord(`pattern_${row.kind}`) ? t(`pattern_${row.kind}`) : row.kind, h("span.sub.mono", row.kind)) },
			{ label: t("count"), key: "count", number: true }, { label: t("last_seen"), text: (row) => time(row.last_seen) }];

		replace(tools, csvButton("patterns", columns, rows));
		replace(body, table(columns, rows, { most: 8, empty: t("no_patterns") }));
	} });
}

// `reads`: may see whose they are.
function clocks(reads) {
	return panel({ name: "objections", title: t("objections"), definition: "objections_open", width: "w6", topics: ["members", "feeds", "actions"], load: () => get("/v1/objections/clocks"), draw: (body, answer, tools) => {
		const columns = [{ label: t("department"), text: (row) => row.name || row.provider || t("operators_decide"), show: (row) => row.provider ? h("a", { href: `#/departments/${row.provider}` }, row.name || row.provider) : reads ? h("a", { href: "/dept/#objections" }, t("operators_decide")) : t("operators_decide") },
			{ label: t("objections_open"), key: "open", number: true }, { label: t("overdue"), key: "overdue", number: true, show: (row) => row.overdue > 0 ? state("failed", count(row.overdue)) : "0" },
			{ label: t("suspended_clock"), key: "suspended", number: true }, { label: t("next_due"), text: (row) => row.next_due ? time(row.next_due).slice(0, 10) : "–" },
			{ label: t("ended_30"), key: "ended_30", number: true }, { label: t("days_30"), number: true, text: (row) => row.days_30 ?? "–", sort: (row) => row.days_30 ?? -1 }];

		replace(tools, csvButton("objections", columns, answer.providers), reads ? h("a.tool", { href: "/dept/#objections" }, t("to_objections")) : null);
		replace(body, h("p.small", Object.entries(answer.states).map(([key, number]) => `${hasWord(`objection_${key}`) ? t(`objection_${key}`) : key} ${count(number)}`).join(" · ")),
			table(columns, answer.providers, { most: 8, empty: t("no_objections") }));
	} });
}

export function protectionPanels(me) {
	return [sums(), revocations(), clocks(me.role !== "viewer"), budgets(), patterns()];
}
