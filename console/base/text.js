// Both languages, numbers and times.

import { words } from "./words.js";

let language = localStorage.getItem("language") === "en" ? "en" : "zh";

export function lang() {
	return language;
}

export function switchLanguage() {
	language = language === "zh" ? "en" : "zh";
	localStorage.setItem("language", language);
}

// The word for a key, with {0}, {1} … filled in; a key nobody translated shows
// itself.
export function t(key, ...values) {
	const entry = words[key];
	const text = entry === undefined ? key : entry[language === "zh" ? 0 : 1];

	return text.replace(/\{(\d)\}/g, (_, index) => values[Number(index)] ?? "");
}

export function hasWord(key) {
	return words[key] !== undefined;
}

// A document's own name in the language: {zh, en}.
export function name(both) {
	if (typeof both === "string" || !both)
		return both ?? "";
	return both[language] || both.zh || both.en || "";
}

const numbers = { zh: new Intl.NumberFormat("zh-CN"), en: new Intl.NumberFormat("en-GB") };

export function count(value) {
	return value === null || value === undefined ? "–" : numbers[language].format(value);
}

// A share of 1 in percent; nothing of nothing is no share.
export function share(part, whole) {
	return whole > 0 ? percent(part / whole) : "–";
}

export function percent(value) {
	if (value === null || value === undefined)
		return "–";
	return `${(value * 100).toFixed(value > 0.995 && value < 1 ? 2 : 1)} %`;
}

export function span(ms) {
	if (ms === null || ms === undefined)
		return "–";
	if (ms < 1000)
		return `${Math.round(ms)} ms`;
	if (ms < 120000)
		return `${(ms / 1000).toFixed(1)} s`;
	if (ms < 7200000)
		return t("minutes", Math.round(ms / 60000));
	if (ms < 172800000)
		return t("hours", Math.round(ms / 3600000));
	return t("days", Math.round(ms / 86400000));
}

// The network's clock is eight hours east of Greenwich, wherever the browser is.
const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium" });

export function time(text) {
	const date = new Date(text);

	return text && !Number.isNaN(date.getTime()) ? clock.format(date) : "–";
}

export function day(text, shift = 0) {
	const date = text ? new Date(`${text}T00:00:00Z`) : new Date(Date.now() + 8 * 3600000);

	date.setUTCDate(date.getUTCDate() + shift);
	return date.toISOString().slice(0, 10);
}

export function bytes(value) {
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let at = 0;

	for (; value >= 1024 && at < units.length - 1; at++)
		value /= 1024;
	return `${at === 0 ? value : value.toFixed(1)} ${units[at]}`;
}
