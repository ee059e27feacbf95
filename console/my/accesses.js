// Who saw my data, and why: here, and on all nodes.

import { h } from "../base/dom.js";
import { get, post } from "../base/api.js";
import { say } from "./words.js";
import { entry } from "./parts.js";
import { keyFiles } from "./give.js";
import * as signing from "./sign.js";

function page(answer, name, more) {
	return h("section", { "data-node": answer.node },
		h("h2", say("accesses_node", name || answer.node, answer.tree_size)),
		answer.accesses.length === 0 ? h("p", say("nobody")) : answer.accesses.map(entry).reverse(),
		more);
}

// A page has its newest first; the next page is newer.
async function here(context, after) {
	const answer = await get("/v1/accesses", { after, limit: 100 });
	const more = answer.next === undefined ? null : h("button", {
		type: "button",
		onclick: async (event) => event.target.replaceWith(await here(context, answer.next)),
	}, say("more"));

	return page(answer, context.me.node.name, more);
}

async function everywhere(subject) {
	const claims = { subject, node: "all", limit: 100, time: signing.time(new Date()) };
	const jws = await signing.sign("rongxin-disclosure+jws", claims);
	const [answer, { members }] = await Promise.all([post("/v1/accesses", jws, "application/jose"), get("/v1/members")]);
	const names = new Map(members.map((member) => [member.code, member.name]));

	return answer.nodes.map((node) => (node.problem
		? h("section", h("h2", node.name || node.node), h("p.bad", say("failed", node.problem)))
		: page(node, names.get(node.node), null)));
}

export async function show(context) {
	const list = h("div", { id: "list" }, await here(context));
	const all = h("button", {
		type: "button",
		id: "all-nodes",
		onclick: () => context.tell(async () => {
			if (!signing.isReady())
				throw new Error(say("key_needed"));
			list.replaceChildren(...await everywhere(context.subject));
			return "";
		}),
	}, say("all_nodes"));

	return [h("h1", say("accesses")), h("p.note", say("accesses_about")), keyFiles(context), h("div.row", all), list];
}
