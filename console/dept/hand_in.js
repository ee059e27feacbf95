// A batch goes in: its file, how far it is, its receipt.

import { h, replace } from "../base/dom.js";
import { Problem, get } from "../base/api.js";
import { bytes, count, percent, t } from "../base/text.js";
import { save } from "./save.js";
import { button, explain, pairs } from "./parts.js";

const SAMPLE = 1 << 20;

export const stateWord = (state) => t(state === "refused" ? "refused_batch" : state);
const pathOf = (item, batch) => `/v1/feeds/${item}/batches/${encodeURIComponent(batch)}`;

export function findingsLink(item, batch, text) {
	return h("a", { href: `#findings/${item}/${encodeURIComponent(batch)}` }, text);
}

// What is no UTF-8 is GB 18030, as the hub takes no third one.
async function typeOf(file) {
	const head = await file.slice(0, SAMPLE).arrayBuffer();
	const type = /\.(ndjson|jsonl)$/i.test(file.name) ? "application/x-ndjson" : "text/csv";

	try {
		new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
		return `${type}; charset=utf-8`;
	} catch {
		return `${type}; charset=gb18030`;
	}
}

// By XMLHttpRequest: only it tells how much has gone up.
function post(item, batch, type, file, progress) {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();

		request.open("POST", `/v1/feeds/${item}/batches`);
		request.setRequestHeader("content-type", type);
		request.setRequestHeader("idempotency-key", batch);
		request.responseType = "json";
		request.upload.onprogress = (event) => progress(event.loaded, event.total);
		request.onerror = () => reject(new Error(t("taken_back")));
		request.onload = () => {
			if (request.status < 300 && request.response)
				resolve(request.response);
			else
				reject(new Error(explain(new Problem(request.status, request.response ?? {}))));
		};
		request.send(file);
	});
}

async function saveReceipt(context, item, batch, signed) {
	await context.tell(async () => {
		const reply = await fetch(pathOf(item, batch), { cache: "no-store", headers: signed ? { accept: "application/jose" } : {} });

		if (!reply.ok)
			throw new Problem(reply.status, await reply.json().catch(() => ({})));
		return t("saved", save(`${batch}.receipt.${signed ? "jws" : "json"}`, await reply.text(), "application/octet-stream"));
	});
}

export function receiptCard(context, receipt) {
	const { item, batch } = receipt;
	const wrong = receipt.rejected + receipt.warned;
	const streams = receipt.streams.map((one) => `${one.stream} ${one.first}–${one.last}`);

	return h("section.card", { "data-receipt": batch, "data-state": receipt.state },
		h("h3", `${t("receipt")} ${batch} `, h(receipt.state === "committed" ? "span.good" : "span.bad", stateWord(receipt.state))),
		receipt.reason ? h("p", t("held_why", t(`held_${receipt.reason}`, receipt.share))) : null,
		pairs([
			[t("item"), context.itemName(item)],
			...["rows", "accepted", "unchanged", "rejected", "warned", "withdrawn"].filter((name) => receipt[name] !== undefined)
				.map((name) => [t(name), count(receipt[name])]),
			[t("positions"), streams.slice(0, 8).join("，") + (streams.length > 8 ? " …" : "") || "–"],
		]),
		h("div.row", button("receipt", t("save_receipt"), () => saveReceipt(context, item, batch, false)),
			button("proof", t("save_proof"), () => saveReceipt(context, item, batch, true)),
			wrong > 0 ? findingsLink(item, batch, t("v_findings")) : null));
}

export async function showReceipt(context, place, item, batch) {
	await context.tell(async () => {
		replace(place, receiptCard(context, await get(pathOf(item, batch))));
		place.firstChild.scrollIntoView({ block: "nearest" });
		return "";
	});
}

// A form; `item` alone when it may not be chosen, `done` after a receipt.
export function handInForm(context, { item, batch, title, about, done }) {
	const items = item ? [item] : context.me.items;
	const which = h("select", { id: "to-item" }, items.map((number) => h("option", { value: number }, context.itemName(number))));
	const file = h("input", { type: "file", id: "to-file", accept: ".csv,.txt,.ndjson,.jsonl,text/csv", required: true });
	const id = h("input", { type: "text", id: "to-id", value: batch(), maxlength: 128, spellcheck: "false", autocomplete: "off", required: true });
	const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("hand_in") });
	const result = h("div", { id: "result" });
	const send = h("button.main", { type: "submit", id: "send" }, t("send"));

	function progress(sent, whole) {
		bar.value = whole > 0 ? sent / whole : 0;
		context.say(sent < whole ? t("sending", bytes(sent), percent(sent / whole)) : t("merging"));
	}
	async function submit(event) {
		event.preventDefault();
		if (file.files.length !== 1)
			return context.say(t("choose_file"), true);
		if (!/^[!-~]{1,128}$/.test(id.value))
			return context.say(t("bad_id"), true);
		send.disabled = true;
		bar.hidden = false;
		await context.tell(async () => {
			const receipt = await post(Number(which.value), id.value, await typeOf(file.files[0]), file.files[0], progress);

			replace(result, receiptCard(context, receipt));
			id.value = batch();
			file.value = "";
			await done(receipt);
			return t("receipt_said", receipt.batch, stateWord(receipt.state), count(receipt.rows), count(receipt.rejected));
		});
		bar.hidden = true;
		send.disabled = false;
	}
	return h("section.card", h("h2", title), h("p.note", about),
		h("form.form", { onsubmit: submit, novalidate: true },
			h("div", h("label", { for: "to-item" }, t("item")), which),
			h("div", h("label", { for: "to-file" }, t("file")), file),
			h("div", h("label", { for: "to-id" }, t("batch_id")), id),
			h("div.row", send), bar), result);
}
