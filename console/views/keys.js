// Every key of the network, since when and until when; and how a platform's
// CURVE key rolls.

import { act, form } from "../base/act.js";
import { get } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { forget, members } from "../base/members.js";
import { t, time } from "../base/text.js";
import { csvButton, panel, state, table } from "../base/ui.js";
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

export function keysPanel() {
	return panel({ name: "keys", title: t("keys"), topics: ["members", "actions"], load: () => get("/v1/keys"), draw: (body, answer, tools) => {
		const owner = (row) => row.code ? row.name : t("the_hub");
		const columns = [
			{ label: t("owner"), text: owner, show: (row) => row.code ? h("a", { href: `#/platforms/${row.code}` }, row.name) : owner(row) },
			{ label: t("key_kind"), text: (row) => t(`key_${row.kind}`) },
			{ label: t("state"), text: (row) => t(`key_is_${keyState(row)[0]}`), show: (row) => state(keyState(row)[0], t(`key_is_${keyState(row)[0]}`)) },
			{ label: t("key_since"), text: (row) => row.since ? time(row.since).slice(0, 10) : "–" },
			{ label: t("key_roll_by"), text: (row) => row.roll_by ? time(row.roll_by).slice(0, 10) : "–" },
			{ label: t("key_expires"), text: (row) => row.expires ? time(row.expires).slice(0, 10) : "–" },
			{ label: t("key_next"), text: (row) => row.next ?? "", show: (row) => row.next ? h("code", `${row.next.slice(0, 12)}…`) : "–" },
			{ label: t("key_public"), text: (row) => row.key ?? "", show: (row) => row.key ? h("code", { title: row.key }, `${row.key.slice(0, 12)}…`) : "–" }];

		replace(tools, csvButton("keys", columns, answer.keys));
		replace(body, table(columns, answer.keys, { most: 12, mark: (row) => `${row.code ?? "hub"}/${row.kind}` }));
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
