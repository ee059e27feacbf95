// What several views are made of.

import { h } from "../base/dom.js";
import { time } from "../base/text.js";
import { words as common } from "../base/words.js";
import { say, saying, isEnglish } from "./words.js";

export const pairs = (facts) => h("dl", facts.map(([label, value]) => h("div", h("dt", label), h("dd", value))));

// Saves on this device; the name that it got.
export function download(blob, name) {
	const link = h("a", { href: URL.createObjectURL(blob), download: name });

	document.body.append(link);
	link.click();
	link.remove();
	setTimeout(() => URL.revokeObjectURL(link.href), 60000);
	return name;
}

// As the papers and the departments' page have it.
export const local = time;

// Why something was refused, by the rule's name.
const reason = (rule) => common[`rule_${rule}`]?.[isEnglish() ? 1 : 0] ?? rule;

export function entry(seen) {
	const { access } = seen;
	const refused = access.rule && access.rule !== "allowed";

	return h("section.card", { "data-entry": seen.index },
		h("h3", `${seen.name || access.member}`),
		pairs([
			[say("time"), local(access.time)],
			[say("action"), saying(`a_${access.action}`, access.action)],
			[say("purpose"), saying(access.purpose, access.purpose)],
			[say("items"), access.items.length > 0 ? access.items.join(", ") : "—"],
			[say("consent"), access.consent || "—"],
			[say("outcome"), refused ? h("span.bad", say("refused", reason(access.rule))) : say("allowed")],
			[say("entry"), String(seen.index)],
		]));
}
