// The enterprise's page: which view is shown, in which language.

import { h, replace } from "../base/dom.js";
import { get } from "../base/api.js";
import { say, isEnglish, setEnglish } from "./words.js";
import * as report from "./report.js";
import * as accesses from "./accesses.js";
import * as consents from "./consents.js";
import * as give from "./give.js";
import * as objections from "./objections.js";
import * as bands from "./bands.js";

const views = { report, accesses, consents, give, objections, bands };
const one = (id) => document.getElementById(id);
const current = () => (views[location.hash.slice(1)] ? location.hash.slice(1) : "report");
const context = { tell, again: draw };
let drawn = 0;

// By number and name, as views look them up.
function understand(catalogue) {
	const lists = new Map(catalogue.code_lists.map((list) => [list.name, new Map(list.codes.map((code) => [code.code, code]))]));
	const fields = (item) => new Map(item.fields.map((field) => [field.name, { ...field, codes: lists.get(field.codes) }]));

	return {
		categories: catalogue.categories,
		anonymisation: catalogue.anonymisation || { dimensions: [], measures: [] },
		items: new Map(catalogue.items.map((item) => [item.number, { ...item, fields: fields(item) }])),
	};
}

// Does the work, says how it went.
async function tell(work) {
	replace(one("said"), say("loading"));
	try {
		replace(one("said"), await work());
	} catch (error) {
		replace(one("said"), h("span.bad", say("failed", error.message)));
	}
}

function drawFrame() {
	document.documentElement.lang = isEnglish() ? "en" : "zh-CN";
	document.title = say("title");
	replace(one("title"), say("title"));
	replace(one("skip"), say("skip"));
	replace(one("language"), say("other"));
	replace(one("who"), context.me.sandbox ? h("strong.bad", say("sandbox"), " ") : null,
		`${context.me.name} ${context.me.code} · ${say("held_here", context.me.node.name)}`);
	one("nav").setAttribute("aria-label", say("nav"));
	replace(one("nav"), Object.keys(views).map((name) => h("a", { href: `#${name}`, "aria-current": name === current() ? "page" : null }, say(name))));
}

// Only the view that was asked for last is shown.
async function draw() {
	const name = current(), turn = ++drawn;
	let parts;

	drawFrame();
	delete one("main").dataset.view;
	replace(one("main"), h("p", say("loading")));
	try {
		parts = await views[name].show(context);
	} catch (error) {
		parts = h("p.bad", say("failed", error.message));
	}
	if (turn !== drawn)
		return;
	replace(one("main"), parts);
	one("main").dataset.view = name;
}

async function begin() {
	context.me = await get("/v1/me");
	context.subject = context.me.code;
	context.catalogue = understand(await get("/v1/catalogue"));
	if (context.me.kind !== "subject") {
		drawFrame();
		replace(one("main"), h("p", say("not_subject", context.me.kind)));
		return;
	}
	one("language").addEventListener("click", () => {
		setEnglish(!isEnglish());
		draw();
	});
	addEventListener("hashchange", () => {
		replace(one("said"));
		draw().then(() => one("main").focus());
	});
	await draw();
}

begin().catch((error) => replace(one("main"), h("p.bad", say("failed", error.message))));
