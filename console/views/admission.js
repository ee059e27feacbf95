// Who wants to be on the member list, who looked at it, and who decided.

import { act, form } from "../base/act.js";
import { get, post } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { forget, memberName, members, putMember, takeOver } from "../base/members.js";
import { count, hasWord, t, time } from "../base/text.js";
import { ask, csvButton, panel, state, table } from "../base/ui.js";

const kinds = { applied: "late", reviewed: "late", admitted: "good", refused: "none" };
const keys = ["code", "name", "kind", "status", "role", "divisions", "items", "url", "curve_key", "next_curve_key", "sign_key", "trail_key"];

function text(key, value) {
	if (key === "kind")
		return t(`kind_${value}`);
	if (key === "status")
		return t(value);
	return Array.isArray(value) ? value.join(", ") || "–" : String(value);
}

// The document in words; beside what the list says now, where that differs.
export function documentFacts(document, known = null) {
	return h("dl.facts", keys.filter((key) => document[key] !== undefined || known?.[key] !== undefined).map((key) => {
		const now = document[key] === undefined ? "–" : text(key, document[key]);
		const before = known?.[key] === undefined ? null : text(key, known[key]);

		return [h("dt", hasWord(`m_${key}`) ? t(`m_${key}`) : key), h("dd", before !== null && before !== now ? [h("span.diff-del", before), " "] : null, before !== now && known ? h("span.diff-add", now) : now)];
	}));
}

const divisionsOf = (takeover) => takeover.divisions?.join(", ") ?? t("all_divisions");

// What an application wants: a document, or divisions of another platform.
function wishFacts(row, known) {
	return row.takeover ? h("p", t("takeover_wish", row.document.name, memberName(known, row.takeover.from), divisionsOf(row.takeover)))
		: documentFacts(row.document, known.byCode.get(row.code));
}

// What changes, in a word: a new member, another status, divisions.
function wishText(row, known) {
	if (row.takeover)
		return t("wish_takeover", memberName(known, row.takeover.from), divisionsOf(row.takeover));
	if (row.document.status === "struck_off")
		return t("strike_off");
	return t(known.byCode.has(row.code) ? "wish_change" : "wish_admit");
}

// Files an application; the list changes when it was reviewed and admitted.
export async function apply(refresh) {
	const answer = await form(t("apply"), [{ name: "document", label: t("member_document"), long: true }, { name: "note", label: t("note") }], t("review"));
	let document;

	if (answer === null)
		return;
	try {
		document = JSON.parse(answer.document);
	} catch {
		await ask(t("apply"), h("p.problem", t("not_json")), [["", t("close")]]);
		return;
	}
	const known = (await members()).byCode.get(document.code);

	if (await act(t("apply"), h("div", documentFacts(document, known), known ? h("p", t("member_known", t(known.status))) : null), () =>
		post("/v1/applications", { document, note: answer.note })))
		refresh();
}

// Three ways to answer one: [verb, dangerous].
function tools(row, refresh) {
	const verbs = row.state === "applied" ? ["review", "refuse"] : ["admit", "refuse"];

	return h("span.row-tools", verbs.map((verb) => h(`button.tool${verb === "refuse" ? ".danger" : ".main"}`, { type: "button", "data-act": `${verb}_application`,
		onclick: () => decide(row, verb, refresh) }, t(`${verb}_application`))));
}

async function decide(row, verb, refresh) {
	const known = await members();
	const answer = await form(t(`${verb}_application`), [{ name: "note", label: t(`${verb}_note`) }], t("review"));

	if (answer === null)
		return;
	if (await act(`${t(`${verb}_application`)} · ${row.document.name}`, h("div", wishFacts(row, known)), () =>
		post(`/v1/applications/${row.id}/${verb}`, answer.note === "" ? {} : { note: answer.note }), verb === "refuse")) {
		forget();
		refresh();
	}
}

function step(known, who, at, note) {
	return who ? h("span", memberName(known, who), h("span.sub", time(at), note ? ` ${note}` : "")) : "–";
}

// `code`: of one member, else all that wait and the newest decided.
export function applicationsPanel(me, code = "") {
	const list = panel({ name: "applications", title: t("applications"), topics: ["members"], load: () => get("/v1/applications", { state: "all", code, limit: 100 }), draw: async (body, answer, place) => {
		const known = await members();
		const line = (who, at, note) => who ? `${memberName(known, who)} ${time(at)} ${note ?? ""}` : "";
		const columns = [
			{ label: t("number"), key: "id", number: true },
			{ label: t("m_name"), wide: true, text: (row) => row.document.name, show: (row) => h("span", row.document.name, h("span.sub.mono", row.code)) },
			{ label: t("m_kind"), text: (row) => t(`kind_${row.document.kind}`) },
			{ label: t("wish"), wide: true, text: (row) => wishText(row, known) },
			{ label: t("state"), text: (row) => t(`application_${row.state}`), show: (row) => state(kinds[row.state], t(`application_${row.state}`)) },
			{ label: t("application_applied"), wide: true, text: (row) => line(row.applied_by, row.applied_at, row.note), show: (row) => step(known, row.applied_by, row.applied_at, row.note) },
			{ label: t("application_reviewed"), wide: true, text: (row) => line(row.reviewed_by, row.reviewed_at, row.review_note), show: (row) => step(known, row.reviewed_by, row.reviewed_at, row.review_note) },
			{ label: t("decided"), wide: true, text: (row) => line(row.decided_by, row.decided_at, row.decision_note), show: (row) => step(known, row.decided_by, row.decided_at, row.decision_note) },
			{ label: "", csv: () => "", show: (row) => me.role === "operator" && kinds[row.state] === "late" ? tools(row, list.refresh) : "" }];

		replace(place, csvButton("applications", columns.slice(0, -1), answer.applications), me.role === "operator" && !code
			? h("button.tool.main", { type: "button", "data-act": "apply", onclick: () => apply(list.refresh) }, t("apply")) : null);
		replace(body, h("p.small", t(answer.persons > 1 ? "two_persons" : "one_person")), table(columns, answer.applications, { most: 10, empty: t("no_applications"), mark: (row) => row.id }),
			answer.next ? h("p.small", t("first_rows", count(answer.applications.length))) : null);
	} });

	return list;
}

async function tellFiled(done) {
	if (done === "filed")
		await ask(t("apply"), h("p", t("filed")), [["", t("close")]]);
}

// A changed document: put on the list, or filed where it takes two persons.
export async function change(document) {
	await tellFiled(await putMember(document));
}

// Divisions of another platform: moved, or filed likewise.
export async function move(code, takeover) {
	await tellFiled(await takeOver(code, takeover));
}
