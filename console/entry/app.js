// One entry of this node's trail, and whether it is in the trail that the hub
// witnessed.  The console leads here with #INDEX/SIZE/ROOT/CODE/TRAIL/WITNESS:
// size and root are those of the hub's newest checkpoint, and the two keys those
// with which this node, CODE, and the hub sign.

import { get } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { time } from "../base/text.js";
import { words as common } from "../base/words.js";
import { canVerify, checkpointOf, isSigned, leafOf, rootOf } from "./proof.js";

const words = {
	title: ["查询日志条目", "An entry of the trail"],
	skip: ["跳到正文", "Skip to content"],
	other: ["English", "中文"],
	ask: ["条目序号", "Index of the entry"],
	show: ["查找", "Look up"],
	entry: ["条目", "The entry"],
	proof: ["证明", "Its proof"],
	failed: ["未能读取：{0}", "Could not be read: {0}"],
	not_yet: ["条目尚未进入经见证的检查点，约三秒后再试。", "The entry is in no witnessed checkpoint yet: try again in some three seconds."],
	leaf_good: ["条目与其叶哈希相符", "The entry is that of its leaf hash"],
	leaf_bad: ["条目与叶哈希不符", "The entry is not that of its leaf hash"],
	root_good: ["证明导向检查点的根（{0} 条）", "The proof leads to the checkpoint's root ({0} entries)"],
	root_bad: ["证明不导向检查点的根", "The proof does not lead to the checkpoint's root"],
	trail_good: ["检查点的节点签名成立（Ed25519，密钥取自枢纽名单）", "The node's signature of the checkpoint holds (Ed25519, the key from the hub's list)"],
	trail_bad: ["检查点没有该节点的有效签名", "The checkpoint bears no valid signature of the node"],
	witness_good: ["检查点的枢纽见证签名成立（Ed25519）", "The hub's signature of the checkpoint holds (Ed25519)"],
	witness_bad: ["检查点没有枢纽的有效见证签名", "The checkpoint bears no valid signature of the hub"],
	no_verify: ["未验证签名：此浏览器不支持 Ed25519。请用命令行验证：", "The signatures were not checked: this browser has no Ed25519. Check them with the command line:"],
	no_keys: ["未验证签名：没有可信的密钥。请从枢纽控制台打开本页，或用命令行验证：", "The signatures were not checked: there is no key to trust. Open this page from the hub's console, or check them with the command line:"],
	hub_good: ["与枢纽所存的检查点相同", "It is the checkpoint that the hub has"],
	hub_bad: ["与枢纽所存的检查点不同：日志分叉", "It is not the checkpoint that the hub has: the trail is forked"],
	hub_other: ["枢纽所存的检查点有 {0} 条，此处有 {1} 条：条数不同，未比较", "The hub has a checkpoint of {0} entries, this one has {1}: not compared"],
};
const one = (id) => document.getElementById(id);
let english = localStorage.getItem("language") === "en";

function say(key, ...values) {
	return words[key][english ? 1 : 0].replace(/\{(\d)\}/g, (_, at) => values[Number(at)]);
}

const unknown = (...text) => h("li", { "data-good": "unknown" }, "— ", ...text);
const mark = (good, text) => h(`li.${good ? "good" : "bad"}`, { "data-good": String(good) }, good ? "✓ " : "✗ ", text);

// The two signatures; never a tick for what was not checked.
async function signaturesOf(note, index, keys) {
	const trail = `rongxin/trail/${keys.code}`;
	const commands = h("pre", `rongxin trail entry ${index} --node ${location.origin} --receipt receipt.json\nrongxin trail verify --receipt receipt.json --network network.json --member ${keys.code || "CODE"}.member.json`);

	if (!keys.code || !keys.trail || !keys.witness)
		return [unknown(say("no_keys"), commands)];
	if (!await canVerify())
		return [unknown(say("no_verify"), commands)];
	const node = checkpointOf(note).origin === trail && await isSigned(note, trail, 1, keys.trail);
	const hub = await isSigned(note, "rongxin/witness/", 4, keys.witness);

	return [mark(node, say(node ? "trail_good" : "trail_bad")), mark(hub, say(hub ? "witness_good" : "witness_bad"))];
}

async function proofOf(entry, receipt, hub, keys) {
	const checkpoint = checkpointOf(receipt.checkpoint);
	const leaf = await leafOf(entry) === receipt.leaf_hash;
	const root = checkpoint.size === receipt.tree_size && await rootOf(receipt) === checkpoint.root;
	const list = [mark(leaf, say(leaf ? "leaf_good" : "leaf_bad")), mark(root, root ? say("root_good", checkpoint.size) : say("root_bad")),
		...await signaturesOf(receipt.checkpoint, receipt.index, keys)];

	if (hub && hub.size === checkpoint.size)
		list.push(mark(hub.root === checkpoint.root, say(hub.root === checkpoint.root ? "hub_good" : "hub_bad")));
	else if (hub)
		list.push(h("li", say("hub_other", hub.size, checkpoint.size)));
	return h("section", { id: "proof" }, h("h2", say("proof")), h("ul", list), h("pre", receipt.checkpoint));
}

// What a member of the entry is called, and what it says in words.
const labels = { time: ["时间", "time"], member: ["查询机构", "asked by"], subject: ["主体", "subject"], purpose: ["目的", "purpose"], action: ["操作", "what"],
	items: ["展示的事项", "items shown"], rule: ["结果", "outcome"], consent: ["授权编号", "consent"], consent_rule: ["受保护字段", "protected fields"], authorised: ["依授权展示", "shown under a consent"],
	level: ["报告级别", "level"], stream: ["数据流", "stream"], position: ["位点", "position"], answer: ["应答的摘要", "digest of the answer"], via: ["经由平台", "through"], vouch: ["转达凭证", "word"], asked: ["询问的平台", "nodes asked"] };

function wordsOf(key, value) {
	const prefix = { purpose: "purpose", action: "action", rule: "rule", consent_rule: "rule" }[key];
	const pair = key === "rule" && value === "allowed" ? ["允许", "allowed"] : common[`${prefix}_${value}`];

	if (key === "time")
		return h("span", time(value), " ", h("span.note", value));
	return pair ? h("span", pair[english ? 1 : 0], " ", h("span.note", value)) : typeof value === "object" ? JSON.stringify(value) : String(value);
}

function facts(access) {
	return h("section", { id: "entry" }, h("h2", say("entry")), h("dl", Object.entries(access).filter(([, value]) => value !== null && value !== "").map(([key, value]) =>
		h("div", { "data-fact": key }, h("dt", labels[key]?.[english ? 1 : 0] ?? key), h("dd", wordsOf(key, value))))));
}

async function draw() {
	const [index, ...told] = decodeURIComponent(location.hash.slice(1)).split("/");
	const [size, root, code, trail, witness] = told;
	const input = h("input", { type: "text", inputmode: "numeric", value: index, "aria-label": say("ask"), size: "12" });
	const form = h("form.row", { onsubmit: (event) => { event.preventDefault(); location.hash = [input.value.trim(), ...told].join("/"); } }, h("label", `${say("ask")} `, input), h("button", { type: "submit" }, say("show")));
	const parts = [form];

	document.documentElement.lang = english ? "en" : "zh-CN";
	document.title = say("title");
	for (const name of ["title", "skip"])
		one(name).textContent = say(name);
	one("language").textContent = say("other");
	delete one("main").dataset.shown;
	try {
		if (/^\d+$/.test(index)) {
			const entry = await get(`/v1/trail/entries/${index}`);
			const receipt = await get(`/v1/trail/receipts/${index}`).catch((error) => {
				if (error.status === 404)
					return null;
				throw error;
			});

			parts.push(facts(entry.access), receipt ? await proofOf(entry, receipt, size ? { size: Number(size), root } : null, { code, trail, witness }) : h("p.bad", say("not_yet")));
		}
	} catch (error) {
		parts.push(h("p.bad", { role: "alert" }, say("failed", error.message)));
	}
	replace(one("main"), parts);
	one("main").dataset.shown = index;
}

one("language").onclick = () => {
	english = !english;
	localStorage.setItem("language", english ? "en" : "zh");
	draw();
};
window.addEventListener("hashchange", draw);
get("/v1/me").then((me) => { one("who").textContent = `${me.node.name || me.node.code} · ${me.name ?? ""}`; }).finally(draw);
