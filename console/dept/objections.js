// Objections and applications for repair that wait for this department: what
// is said, what proves it, until when, and what may be done.  To operators, those
// that no single department answers, and all others.

import { h, replace } from "../base/dom.js";
import { get } from "../base/api.js";
import { count, t, time } from "../base/text.js";
import { button, choice, pairs, table } from "./parts.js";
import { answer } from "./answer.js";

const OPEN = ["filed", "accepted", "suspended"];
const ENDS = ["corrected", "upheld", "undetermined", "repaired", "refused", "terminated"];
const GOOD = ["corrected", "repaired"], BAD = ["refused", "terminated"];
const REPLIED = ["corrected", "upheld", "undetermined", "repaired"];
const ACTS = {
	filed: ["accept", "refuse", "terminate"],
	accepted: ["decide", "suspend", "terminate"],
	suspended: ["resume", "terminate"],
};
const DAY = 86400000;
// The alert of operators is raised as early.
const SOON = 5;

// The whole list of one state.
async function all(state, provider) {
	const found = [];
	let after;

	do {
		const page = await get("/v1/objections", { state, provider, after });

		found.push(...page.objections);
		after = page.next;
	} while (after !== undefined);
	return found;
}

const leadOf = (one) => one.joined ?? one.together;

// One that is joined comes behind the one that is decided.
function inOrder(list) {
	const first = (a, b) => a.due.localeCompare(b.due) || a.id.localeCompare(b.id);
	const alone = list.filter((one) => !list.some((other) => other.id === leadOf(one))).sort(first);

	const behind = (one) => list.filter((other) => leadOf(other) === one.id).sort(first).flatMap((other) => [other, ...behind(other)]);

	return alone.flatMap((one) => [one, ...behind(one)]);
}

// Those that it may be decided with: the hub refuses all others.
function partners(objection, list) {
	const sameRecords = (other) => other.item === objection.item && (!other.key || !objection.key || String(other.key) === String(objection.key));

	if (leadOf(objection) || list.some((other) => other.together === objection.id))
		return [];
	return list.filter((other) => other.id !== objection.id && !leadOf(other) && other.subject === objection.subject && other.provider === objection.provider &&
		other.repair === objection.repair && OPEN.includes(other.state) && (objection.state === "filed" || other.state === objection.state) && !sameRecords(other));
}

function daysLeft(objection) {
	return Math.ceil((new Date(objection.due) - Date.now()) / DAY);
}

function urgency(objection) {
	if (objection.state === "suspended")
		return ["paused", ""];
	const left = daysLeft(objection);

	return left <= 0 ? ["overdue", "late"] : left <= SOON ? ["soon", "soon"] : ["fine", ""];
}

// The days that have gone by, in words and as a bar.
function clock(objection) {
	const days = Math.max(1, Math.round((new Date(objection.due) - new Date(objection.filed)) / DAY)), left = daysLeft(objection);
	const [name, colour] = urgency(objection);
	const text = t(`clock_${name}`, Math.abs(left), time(objection.due));

	return h("p.clock", { "data-clock": name }, h("progress", { max: days, value: Math.min(days, Math.max(0, days - left)), "aria-label": text }),
		" ", h(colour === "" ? "span" : `span.${colour}`, text));
}

function materialsOf(objection) {
	const named = objection.claims.materials ?? [], came = new Set(objection.received ?? []);

	if (named.length === 0)
		return h("p.note", t("no_materials"));
	return h("ul", named.map((file) => h("li", came.has(file.sha256)
		? h("a", { href: `/v1/objections/${objection.id}/materials/${file.sha256}`, download: file.name, "data-material": file.sha256 }, file.name)
		: h("span", file.name, " ", h("span.note", t("material_missing"))))));
}

function papersOf(objection) {
	return ["application",
		objection.accepted || objection.state === "refused" ? "notice" : null,
		REPLIED.includes(objection.state) ? "reply" : null,
		objection.state === "terminated" ? "termination" : null].filter(Boolean);
}

function paper(objection, kind) {
	return h("a.button.small", { href: `/v1/objections/${objection.id}/papers/${kind}?lang=${t("language_code")}`, target: "_blank", rel: "noopener",
		"data-paper": kind }, t(kind === "notice" && objection.state === "refused" ? "paper_refusal" : `paper_${kind}`));
}

// What the ledger holds of the records that it is about.
async function showRecords(context, objection, place) {
	const { records } = await get(`/v1/ledger/${objection.subject}`, { item: objection.item });
	const key = objection.key?.join("\u001f");
	const found = records.filter((one) => key === undefined || one.key === key);

	replace(place, found.length === 0 ? h("p", t("record_gone")) : found.map((record) =>
		table([
			{ label: t("field"), lead: true, show: ([field]) => context.fieldName(objection.item, field) },
			{ label: t("value"), show: ([, value]) => value },
		], [...Object.entries(record.fields), [t("state"), t(`record_${record.state}`)], [t("received"), time(record.known_from)]])));
}

function facts(context, objection) {
	const { claims } = objection;

	return pairs([
		[t("o_number"), objection.id],
		context.isOperator ? [t("department"), objection.provider ? context.memberName(objection.provider) : t("no_single_department")] : null,
		[t("subject"), objection.subject],
		[t("record"), objection.key?.join("、") ?? t("all_records")],
		[t("reason"), t(`reason_${objection.reason}`)],
		[t("o_text"), claims.text],
		[t("filed_on"), time(objection.filed)],
		objection.accepted ? [t("accepted_on"), time(objection.accepted)] : null,
		objection.ended ? [t("ended_on"), time(objection.ended)] : null,
		objection.note ? [t("o_note"), objection.note] : null,
		objection.together ? [t("together_why"), objection.together_note] : null,
		objection.statement ? [t("o_statement"), objection.statement] : null,
		objection.informed !== undefined ? [t("o_informed"), count(objection.informed)] : null,
	].filter(Boolean));
}

function acts(context, objection, list, done) {
	const { state } = objection, others = partners(objection, list);
	const act = (verb, i) => button(verb, t(`do_${verb}`), () => answer(context, objection, verb, done, others), i === 0 ? "main" : verb === "terminate" ? "danger" : "plain");

	if (!OPEN.includes(state) || objection.joined || context.looksOnly)
		return null;
	return h("div.row.acts", (objection.together ? ["part"] : [...ACTS[state], others.length > 0 ? "join" : null]).filter(Boolean).map(act));
}

function card(context, objection, list, done) {
	const { state } = objection, open = OPEN.includes(state);
	const colour = GOOD.includes(state) ? "span.good" : BAD.includes(state) ? "span.bad" : "span";
	const joined = list.filter((one) => one.joined === objection.id).map((one) => one.id);
	const records = h("div");

	const together = list.filter((one) => one.together === objection.id).map((one) => one.id);

	return h(leadOf(objection) ? "section.card.joined" : "section.card", { "data-objection": objection.id, "data-state": state },
		h("h2", { tabindex: "-1" }, t(objection.repair ? "a_repair" : "an_objection"), " ", context.itemName(objection.item), " ", h(colour, `[${t(`o_${state}`)}]`)),
		open ? clock(objection) : null,
		objection.joined ? h("p", t("joined_to", objection.joined)) : null,
		joined.length > 0 ? h("p", t("joined_here", joined.join("、"))) : null,
		objection.together ? h("p", t("together_with", objection.together)) : null,
		together.length > 0 ? h("p", t("together_here", together.join("、"))) : null,
		facts(context, objection),
		h("h3", t("materials")), materialsOf(objection),
		h("div.row", papersOf(objection).map((kind) => paper(objection, kind)),
			button("records", t("see_record"), () => context.tell(async () => { await showRecords(context, objection, records); return ""; }))),
		records,
		acts(context, objection, list, done));
}

function summary(list) {
	const late = list.filter((one) => urgency(one)[0] === "overdue").length, soon = list.filter((one) => urgency(one)[0] === "soon").length;

	return [h("p", { id: "open-count" }, t("open_objections", count(list.length))),
		late > 0 ? h("p.late", t("warn_overdue", count(late))) : null,
		soon > 0 ? h("p.soon", t("warn_soon", count(soon))) : null];
}

export async function show(context) {
	const place = h("div", { id: "list" });
	let which = "open", whose = context.isOperator ? "none" : undefined;

	async function draw() {
		const list = which === "open" ? inOrder((await Promise.all(OPEN.map((state) => all(state, whose)))).flat()) : (await all(which, whose)).reverse();

		replace(place, which === "open" ? summary(list) : null,
			list.length === 0 ? h("p", t("no_objections")) : list.map((one) => card(context, one, list, done)));
	}
	// It may have left the list; then what is left is read.
	async function done(id) {
		await draw();
		(place.querySelector(`[data-objection="${CSS.escape(id)}"] h2`) ?? document.getElementById("main")).focus();
	}

	await draw();
	return [
		h("h1", t("v_objections")), h("p.note", t(context.isOperator ? "operators_about" : "objections_about")),
		h("div.choose", context.isOperator ? choice("whose", t("department"), [["none", t("no_single_department")], ["", t("all_departments")]], whose, (value) => {
			whose = value || undefined;
			context.tell(async () => { await draw(); return ""; });
		}) : null, choice("which", t("state"), [["open", t("o_open")], ...ENDS.map((state) => [state, t(`o_${state}`)])], which, (value) => {
			which = value;
			context.tell(async () => { await draw(); return ""; });
		})),
		place,
	];
}
