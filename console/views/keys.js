// Every key of the network, since when and until when; and how a platform's
// CURVE key and the hub's own keys roll.

import { act, form } from "../base/act.js";
import { get, post } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { forget, members } from "../base/members.js";
import { span, t, time } from "../base/text.js";
import { ask, csvButton, panel, state, table } from "../base/ui.js";
import { change } from "./admission.js";

const DAY = 86400000;

// What ends or is to roll soon: [state, when].
export function keyState(key) {
	const end = [key.expires, key.roll_by].filter(Boolean).map((moment) => new Date(moment).getTime()).sort((a, b) => a - b)[0];

	if (end === undefined)
		return ["none", null];
	// A key that is to roll works on; a certificate that ended does not.
	if (key.expires && end < Date.now() + 7 * DAY)
		return ["failed", end];
	return [end < Date.now() + 30 * DAY ? "late" : "good", end];
}

export function expiry(moment) {
	if (!moment)
		return "–";
	return h("span", state(keyState({ expires: moment })[0], moment.slice(0, 10)));
}

// How the roll of a key of the hub stands; null: none is under way.
function rollOf(row) {
	if (row.code || !row.next)
		return null;
	if (row.start)
		return "start";
	return !row.announced ? "ready" : row.heard < row.platforms ? "spreads" : "heard";
}

function rollText(row) {
	const roll = rollOf(row);

	return roll ? t(`roll_is_${roll}`, row.heard, row.platforms) : "";
}

const commands = { batch: "rongxin key roll-batch /etc/rongxin/batch --network /etc/rongxin/network.json", curve: "rongxin key roll /etc/rongxin/hub --network /etc/rongxin/network.json" };
const step = (text, command) => h("li", text, command ? [" ", h("code", command)] : null);

// The secret is made on the hub's machine and stays there; what is said here is
// the public key that network.json names by now.
async function rollHubKey(row, refresh) {
	const title = `${t("the_hub")} · ${t(`key_${row.kind}`)}`;
	const command = commands[row.kind], roll = rollOf(row);
	const steps = h("ol", step(t("roll_step_make"), command), step(t("roll_step_announce")), step(t("roll_step_wait")), step(t("roll_step_finish"), `${command} --finish`));

	if (roll !== "ready") {
		await ask(title, h("div", roll ? h("p", rollText(row)) : null, steps), [["", t("close")]]);
		return;
	}
	if (await act(title, h("span", t("roll_announce_text"), " ", h("code", row.next)), () => post(`/v1/keys/${row.kind}/roll`, { key: row.next })))
		refresh();
}

const age = (row) => row.since ? span(Date.now() - new Date(row.since).getTime()) : "–";
const date = (moment) => moment ? time(moment).slice(0, 10) : "–";
const short = (key) => h("code", { title: key }, `${key.slice(0, 12)}…`);

function columnsOf(first) {
	return [...first,
		{ label: t("key_kind"), text: (row) => t(`key_${row.kind}`) },
		{ label: t("state"), text: (row) => t(`key_is_${keyState(row)[0]}`), show: (row) => state(keyState(row)[0], t(`key_is_${keyState(row)[0]}`)) },
		{ label: t("key_since"), text: (row) => date(row.since) },
		{ label: t("key_age"), number: true, text: age, sort: (row) => row.since ? Date.now() - new Date(row.since).getTime() : -1 },
		{ label: t("key_roll_by"), text: (row) => date(row.roll_by) },
		{ label: t("key_expires"), text: (row) => date(row.expires) },
		{ label: t("key_next"), text: (row) => row.next ?? "", csv: (row) => `${row.next ?? ""} ${rollText(row)}`.trim(),
			show: (row) => row.next ? h("span", short(row.next), h("span.sub", rollText(row))) : "–" },
		{ label: t("key_public"), text: (row) => row.key ?? "", show: (row) => row.key ? short(row.key) : "–" }];
}

const load = async (own) => (await get("/v1/keys")).keys.filter((row) => !row.code === own);

export function hubKeysPanel(me) {
	const keys = panel({ name: "hub_keys", title: t("hub_keys"), topics: ["members", "actions", "nodes"], load: () => load(true), draw: (body, rows, tools) => {
		const button = (row) => h(`button.tool${rollOf(row) === "ready" ? ".main" : ""}`, { type: "button", "data-act": `roll_${row.kind}`, onclick: () => rollHubKey(row, keys.refresh) }, t("roll_keys"));
		const columns = [...columnsOf([]), { label: "", csv: () => "", show: (row) => me.role === "operator" && commands[row.kind] ? button(row) : "" }];

		replace(tools, csvButton("hub-keys", columns.slice(0, -1), rows));
		replace(body, table(columns, rows, { mark: (row) => row.kind }));
	} });

	return keys;
}

export function keysPanel() {
	return panel({ name: "keys", title: t("platform_keys"), topics: ["members", "actions"], load: () => load(false), draw: (body, rows, tools) => {
		const columns = columnsOf([{ label: t("owner"), key: "name", show: (row) => h("a", { href: `#/platforms/${row.code}` }, row.name) }]);

		replace(tools, csvButton("keys", columns, rows));
		replace(body, table(columns, rows, { most: 12, mark: (row) => `${row.code}/${row.kind}` }));
	} });
}

const isCurve = (text) => /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/.test(text);

// The node's secret never leaves it: the hub is told the next public key, lets
// it in with either, and after the node's new start only with the next.
export async function rollKeys(platform, refresh) {
	forget();
	const document = (await members()).byCode.get(platform.code);
	const next = document.next_curve_key;
	const answer = next
		? { step: "finish" }
		: await form(t("roll_keys"), [{ name: "key", label: t("roll_key_label") }], t("review"));

	if (answer === null)
		return;
	const { next_curve_key: _, ...rest } = document;
	const changed = next ? { ...rest, curve_key: next } : { ...rest, next_curve_key: answer.key };
	const text = next ? t("roll_finish_text", platform.name, `${next.slice(0, 12)}…`)
		: isCurve(answer.key) ? t("roll_begin_text", platform.name, `${answer.key.slice(0, 12)}…`) : t("roll_no_key");

	if (await act(t("roll_keys"), text, () => change(changed), Boolean(next))) {
		forget();
		refresh();
	}
}
