// What the rules found, who knows of it, and the rules themselves.

import { act, form } from "../base/act.js";
import { get, post } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { since } from "../base/state.js";
import { count, hasWord, name, t, time } from "../base/text.js";
import { csvButton, figure, panel, state, table } from "../base/ui.js";

const kinds = { critical: "failed", warning: "late", info: "none" };

// Rules are data: one may come with a unit that nobody translated.
function unit(rule) {
	return hasWord(`unit_${rule.unit}`) ? t(`unit_${rule.unit}`) : rule.unit;
}

// The streams of a node that an alert is about.
const streams = (row) => (row.detail?.streams ?? []).map((one) => one.stream).join(" ");

// Where the rows behind an alert are.
function behind(row) {
	const detail = row.detail ?? {};

	if (detail.provider)
		return `#/departments/${detail.provider}${detail.item ? `/${detail.item}` : ""}`;
	return detail.node ? `#/platforms/${detail.node}` : null;
}

async function acknowledge(row, refresh) {
	const answer = await form(t("acknowledge"), [{ name: "note", label: t("note") }], t("review"));

	if (answer !== null && await act(t("acknowledge"), `${name(row)} — ${row.name || row.subject}`, () =>
		post(`/v1/alerts/${row.id}/acknowledge`, answer.note === "" ? {} : { note: answer.note })))
		refresh();
}

function columnsOf(me, refresh) {
	return [
		{ label: t("severity"), text: (row) => t(row.severity), show: (row) => state(kinds[row.severity] ?? "none", t(row.severity)) },
		{ label: t("alert"), wide: true, text: (row) => name(row), show: (row) => h("span", name(row), h("span.sub.mono", row.rule)) },
		{ label: t("target"), wide: true, text: (row) => row.name || row.subject, csv: (row) => `${row.name || row.subject} ${streams(row)}`.trim(), show: (row) => h("span", behind(row) ? h("a", { href: behind(row) }, row.name || row.subject) : row.name || row.subject,
			streams(row) ? h("span.sub.mono", streams(row)) : null) },
		{ label: t("value"), number: true, text: (row) => row.value === null ? "–" : `${count(row.value)} ${unit(row)}`, sort: (row) => row.value ?? 0 },
		{ label: t("threshold"), number: true, text: (row) => row.threshold === null ? "–" : `${count(row.threshold)} ${unit(row)}` },
		{ label: t("raised"), text: (row) => time(row.raised_at) },
		{ label: t("state"), text: (row) => t(`alert_${row.state}`), show: (row) => h("span", t(`alert_${row.state}`), row.acknowledged_at ? h("span.sub", since(row.acknowledged_at), row.note ? ` ${row.note}` : "") : null,
			row.closed_at ? h("span.sub", time(row.closed_at)) : null) },
		{ label: "", csv: () => "", show: (row) => me.role === "operator" && row.state === "raised"
			? h("button.tool", { type: "button", "data-act": "acknowledge", onclick: () => acknowledge(row, refresh) }, t("acknowledge")) : "" }];
}

async function changeRule(rule, refresh) {
	const answer = await form(name(rule), [{ name: "threshold", label: `${t("threshold")} (${unit(rule)})`, value: String(rule.threshold) },
		{ name: "severity", label: t("severity"), value: rule.severity, options: ["critical", "warning", "info"].map((one) => [one, t(one)]) },
		{ name: "raise_seconds", label: `${t("raise_after")} (s)`, value: String(rule.raise_seconds) }, { name: "close_seconds", label: `${t("close_after")} (s)`, value: String(rule.close_seconds) },
		{ name: "enabled", label: t("enabled"), value: String(rule.enabled), options: [["true", t("yes")], ["false", t("no")]] }], t("review"));

	if (answer !== null && await act(name(rule), 
		`${t("threshold")}: ${answer.threshold} ${unit(rule)}; ${t("severity")}: ${t(answer.severity)}; ${t("raise_after")}: ${answer.raise_seconds} s; ${t("close_after")}: ${answer.close_seconds} s; ${t("enabled")}: ${t(answer.enabled === "true" ? "yes" : "no")}`, () =>
		post(`/v1/alerts/rules/${rule.name}`, { threshold: Number(answer.threshold), severity: answer.severity, raise_seconds: Number(answer.raise_seconds), close_seconds: Number(answer.close_seconds), enabled: answer.enabled === "true" })))
		refresh();
}

export function show(main, { me }) {
	const sums = panel({ name: "alert_sums", width: "flat", title: t("now"), topics: ["nodes", "feeds", "actions"], load: async () => (await get("/v1/alerts", { limit: 1 })).open,
		draw: (body, open) => replace(body, h("div.figures", ["critical", "warning", "info"].map((kind) =>
			figure(`alerts_${kind}`, count(open[kind] ?? 0), null, { label: kind, definition: "alerts", to: "alerts_open", state: open[kind] > 0 && kinds[kind] !== "none" ? kinds[kind] : null })))) });
	const list = (key, asked, width) => {
		const one = panel({ name: key, title: t(key), definition: "alerts", width, topics: ["nodes", "feeds", "actions"], load: async () => (await get("/v1/alerts", { state: asked, limit: 200 })).alerts, draw: (body, rows, tools) => {
			const columns = columnsOf(me, one.refresh);

			replace(tools, csvButton(key, columns.slice(0, -1), rows));
			replace(body, table(columns, rows, { most: 30, empty: t(asked === "closed" ? "none_closed" : "all_right"), mark: (row) => `${row.rule}/${row.subject}` }));
		} });

		return one;
	};
	const open = list("alerts_open", "open"), closed = list("alerts_closed", "closed");
	const rules = panel({ name: "alert_rules", title: t("alert_rules"), topics: ["actions"], load: async () => (await get("/v1/alerts/rules")).rules, draw: (body, rows, tools) => {
		const columns = [{ label: t("alert"), wide: true, text: (row) => name(row), show: (row) => h("span", name(row), h("span.sub.mono", row.name)) },
			{ label: t("severity"), text: (row) => t(row.severity) }, { label: t("threshold"), number: true, text: (row) => `${count(row.threshold)} ${unit(row)}`, sort: (row) => row.threshold },
			{ label: t("raise_after"), number: true, text: (row) => `${row.raise_seconds} s`, sort: (row) => row.raise_seconds }, { label: t("close_after"), number: true, text: (row) => `${row.close_seconds} s`, sort: (row) => row.close_seconds },
			{ label: t("enabled"), text: (row) => t(row.enabled ? "yes" : "no") },
			{ label: "", csv: () => "", show: (row) => me.role === "operator" ? h("button.tool", { type: "button", "data-act": "rule", onclick: () => changeRule(row, rules.refresh) }, t("change")) : "" }];

		replace(tools, csvButton("alert-rules", columns.slice(0, -1), rows));
		replace(body, table(columns, rows, { mark: (row) => row.name }));
	} });

	replace(main, h("h1", t("alerts")), h("p.lead", t("alerts_lead")), h("div.panels", sums.box, open.box, closed.box, rules.box));
	return [sums, open, closed, rules];
}
