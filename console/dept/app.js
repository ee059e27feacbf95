// The departments' page: which view is shown, in which language.

import "./words.js";
import "./words_objections.js";
import { h, replace } from "../base/dom.js";
import { get } from "../base/api.js";
import { catalogue, itemName } from "../base/catalogue.js";
import { memberName, members } from "../base/members.js";
import { lang, name, switchLanguage, t } from "../base/text.js";
import * as batches from "./batches.js";
import * as findings from "./findings.js";
import * as quality from "./quality.js";
import * as use from "./use.js";
import * as due from "./due.js";
import * as objections from "./objections.js";

const all = { batches, findings, objections, quality, use, due };
let views = all;
const one = (id) => document.getElementById(id);
const context = { tell, say };
let drawn = 0;

// "#findings/12/2026-11": the view, and what it is asked about.
function place() {
	const [view, ...rest] = location.hash.slice(1).split("/");

	return views[view] ? [view, rest.map(decodeURIComponent)] : [Object.keys(views)[0], []];
}

function say(text, bad = false) {
	replace(one("said"), bad ? h("span.bad", text) : text);
}

// Does the work, says how it went.
async function tell(work) {
	say(t("loading"));
	try {
		say(await work());
	} catch (error) {
		say(t("did_fail", error.message), true);
	}
}

function drawFrame() {
	document.documentElement.lang = lang() === "en" ? "en" : "zh-CN";
	document.title = t(context.isOperator ? "operators_title" : "title");
	replace(one("title"), document.title);
	replace(one("skip"), t("skip"));
	replace(one("language"), t("other_language"));
	replace(one("who"), `${context.me.name} ${context.me.code}`);
	one("nav").setAttribute("aria-label", t("nav"));
	replace(one("nav"), Object.keys(views).map((view) =>
		h("a", { href: `#${view}`, "aria-current": view === place()[0] ? "page" : null }, t(`v_${view}`))),
	context.isOperator ? h("a", { href: "/console/#/use" }, t("to_console")) : null);
}

// Only the view that was asked for last is shown.
async function draw() {
	const [view, asked] = place(), turn = ++drawn;
	let parts;

	drawFrame();
	delete one("main").dataset.view;
	replace(one("main"), h("p", t("loading")));
	try {
		parts = await views[view].show(context, asked);
	} catch (error) {
		parts = h("p.bad", t("did_fail", error.message));
	}
	if (turn !== drawn)
		return;
	replace(one("main"), parts);
	one("main").dataset.view = view;
}

async function begin() {
	const known = await catalogue();

	context.me = await get("/v1/me");
	context.isOperator = context.me.kind === "operator";
	context.looksOnly = context.isOperator && context.me.role !== "operator";
	if (context.isOperator) {
		const list = await members();

		views = { objections };
		context.memberName = (code) => memberName(list, code);
	}
	context.rules = known.rules;
	context.itemName = (number) => `${number} ${itemName(known, number)}`;
	context.fieldName = (number, field) => name([...known.items.get(number)?.fields ?? [], ...known.document?.common ?? []]
		.find((each) => each.name === field)) || field;
	one("language").addEventListener("click", () => {
		switchLanguage();
		say("");
		draw();
	});
	addEventListener("hashchange", () => {
		say("");
		draw().then(() => one("main").focus());
	});
	await draw();
}

begin().catch((error) => replace(one("main"), h("p.bad", t("did_fail", error.message))));
