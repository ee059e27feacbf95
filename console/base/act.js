// Actions: each is confirmed, sent, and its answer shown.

import { h, fill } from "./dom.js";
import { t } from "./text.js";
import { ask } from "./ui.js";

// Asks whether to, does it, and tells what came of it.  True: done.
export async function act(title, text, work, danger = false) {
	const answer = await ask(title, h("div", h("p", text), h("p.small", t("action_kept"))),
		[["", t("cancel")], ["yes", t("confirm"), danger ? "danger" : "main"]]);

	if (answer !== "yes")
		return false;
	try {
		await work();
	} catch (error) {
		await ask(title, h("p.problem", { role: "alert" }, error.message), [["", t("close")]]);
		return false;
	}
	return true;
}

// A form in a dialog; null when it is cancelled.
export async function form(title, fields, submit) {
	const inputs = new Map();
	const rows = fields.map((field) => {
		const input = field.options
			? h("select", { name: field.name }, field.options.map(([value, label]) => h("option", { value, selected: value === field.value }, label)))
			: field.long ? fill(h("textarea", { name: field.name, spellcheck: "false" }), [field.value ?? ""])
				: h("input", { type: "text", name: field.name, value: field.value ?? "", spellcheck: "false" });

		inputs.set(field.name, input);
		return h("label", field.label, input);
	});
	const answer = await ask(title, h("div", rows), [["", t("cancel")], ["yes", submit, "main"]]);

	return answer === "yes" ? Object.fromEntries([...inputs].map(([name, input]) => [name, input.value.trim()])) : null;
}
