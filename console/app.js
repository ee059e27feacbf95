// The console: which view is shown, in which language and light.

import { get } from "./base/api.js";
import { h, replace } from "./base/dom.js";
import { listen } from "./base/live.js";
import { lang, switchLanguage, t } from "./base/text.js";
import { forget as forgetCatalogue } from "./base/catalogue.js";
import { forget as forgetMembers } from "./base/members.js";
import * as actions from "./views/actions.js";
import * as alerts from "./views/alerts.js";
import * as assessment from "./views/assessment.js";
import * as catalogue from "./views/catalogue.js";
import * as departments from "./views/departments.js";
import * as member from "./views/member.js";
import * as members from "./views/members.js";
import * as overview from "./views/overview.js";
import * as platforms from "./views/platforms.js";
import * as province from "./views/province.js";
import * as report from "./views/report.js";
import * as trails from "./views/trails.js";
import * as use from "./views/use.js";

// In the order of the menu; a view with a parent is reached through that.
const views = { overview, alerts, departments, platforms, members, use, trails, assessment, catalogue, actions, province, member, report };
const main = document.getElementById("main");
let me = null;
let shown = [];
let isLive = false;

function draw() {
	const [name = "", ...rest] = decodeURI(location.hash.replace(/^#\/?/, "")).split("/");
	const view = views[name === "" ? "overview" : name];

	frame(name === "" ? "overview" : name);
	replace(main);
	shown = view ? view.show(main, { me, path: rest.map(decodeURIComponent), go: (path) => { location.hash = path; } }) : [];
	window.scrollTo(0, 0);
	if (!view)
		replace(main, h("p.empty", t("not_found")));
	main.dataset.view = name === "" ? "overview" : name;
}

function frame(current) {
	document.documentElement.lang = lang() === "zh" ? "zh-CN" : "en";
	document.title = `${t(current)} · 融信 Rongxin`;
	document.getElementById("subtitle").textContent = t("subtitle");
	document.getElementById("skip").textContent = t("skip");
	document.getElementById("language").textContent = t("other_language");
	document.getElementById("theme").textContent = t(isDark() ? "theme_light" : "theme_dark");
	document.getElementById("who").textContent = `${me.name} · ${t(`role_${me.role}`)}`;
	showLive();
	const nav = document.getElementById("nav");

	replace(nav, { "aria-label": t("subtitle") }, Object.keys(views).filter((name) => !views[name].parent).map((name) =>
		h("a", { href: `#/${name}`, "aria-current": name === (views[current]?.parent ?? current) ? "page" : null }, t(name))));
	// On a phone it is one line that scrolls.
	nav.scrollLeft = (nav.querySelector("[aria-current]")?.offsetLeft ?? 0) - nav.offsetLeft - 48;
}

function showLive() {
	const sign = document.getElementById("live");

	sign.className = isLive ? "live on" : "live";
	sign.textContent = t(isLive ? "live" : "not_live");
}

function isDark() {
	return document.documentElement.dataset.theme === "dark";
}

function setTheme(dark) {
	document.documentElement.dataset.theme = dark ? "dark" : "light";
}

// Panels whose topics are among those told; all of them when nothing is said.
function refresh(topics) {
	if (topics === null || topics.includes("catalogue"))
		forgetCatalogue();
	if (topics === null || topics.includes("members"))
		forgetMembers();
	for (const panel of shown)
		if (topics === null || panel.topics.some((topic) => topics.includes(topic)))
			panel.refresh();
}

async function start() {
	const asked = localStorage.getItem("theme");

	setTheme(asked === null ? matchMedia("(prefers-color-scheme: dark)").matches : asked === "dark");
	me = await get("/v1/me");
	document.getElementById("language").onclick = () => { switchLanguage(); draw(); };
	document.getElementById("theme").onclick = () => {
		setTheme(!isDark());
		localStorage.setItem("theme", isDark() ? "dark" : "light");
		draw();
	};
	window.addEventListener("hashchange", () => { draw(); main.focus({ preventScroll: true }); });
	draw();
	listen(refresh, (on) => {
		isLive = on;
		showLive();
	});
}

start().catch((error) => replace(main, h("p.problem", { role: "alert" }, error.message)));
