// The platform list: who is where, how far, how equal, and what to do about it.

import { act, form } from "../base/act.js";
import { get } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { forget, members } from "../base/members.js";
import { diskState, divisionName, platformState, since } from "../base/state.js";
import { bytes, count, percent, span, t, time } from "../base/text.js";
import { csvButton, figure, panel, state, table } from "../base/ui.js";
import { apply, change, move } from "./admission.js";
import { expiry, hubKeysPanel, keysPanel, rollKeys } from "./keys.js";
import { platformTable } from "./province.js";
import { trailState } from "./trails.js";

async function documentOf(code) {
	forget();
	return (await members()).byCode.get(code);
}

// The same document with another status: everything else stays as it is.
export async function setStatus(code, status) {
	const document = await documentOf(code);

	await change({ ...document, status });
}

export async function changeStatus(member, status, refresh) {
	const done = await act(t(`${status}_title`, member.name), t(`${status}_text`), () => setStatus(member.code, status), status !== "active");

	if (done)
		refresh();
}

async function takeOver(platform, all, refresh) {
	const answer = await form(t("takeover_title", platform.name), [
		{ name: "from", label: t("takeover_from"), options: all.filter((one) => one.code !== platform.code).map((one) => [one.code, `${one.name} (${(one.divisions ?? []).join(" ")})`]) },
		{ name: "divisions", label: t("takeover_divisions"), value: "" }], t("review"));

	if (answer === null)
		return;
	const divisions = answer.divisions.split(/[\s,，]+/).filter(Boolean);
	const from = all.find((one) => one.code === answer.from);
	const done = await act(t("takeover_title", platform.name), t("takeover_text", from.name, divisions.length > 0 ? divisions.join(", ") : t("all_divisions")), () =>
		move(platform.code, { from: answer.from, ...(divisions.length > 0 ? { divisions } : {}) }), true);

	if (done) {
		forget();
		refresh();
	}
}

function tools(platform, all, refresh) {
	const button = (name, work, kind = "") => h(`button.tool${kind}`, { type: "button", "data-act": name, onclick: work }, t(name));

	return h("span.row-tools",
		platform.status === "active" ? button("suspend", () => changeStatus(platform, "suspended", refresh), ".danger") : button("activate", () => changeStatus(platform, "active", refresh)),
		platform.status !== "struck_off" ? button("strike_off", () => changeStatus(platform, "struck_off", refresh), ".danger") : null,
		platform.status === "active" ? button("take_over", () => takeOver(platform, all, refresh)) : null,
		platform.status === "active" ? button("roll_keys", () => rollKeys(platform, refresh)) : null);
}

function showAll(main, me) {
	const load = async () => (await get("/v1/platforms")).platforms;
	const counts = panel({ name: "platform_counts", width: "flat", title: t("platform_counts"), topics: ["nodes", "members"], load: async () => {
		const states = (await load()).filter((row) => row.status === "active").map((row) => platformState(row)[0]);

		return Object.fromEntries(["good", "late", "failed", "none"].map((kind) => [kind, states.filter((one) => one === kind).length]));
	}, draw: (body, now) => replace(body, h("div.figures", ["good", "late", "failed", "none"].map((kind) =>
		figure(`platforms_${kind}`, count(now[kind]), null, { label: kind, definition: "platform_state", to: "platforms", state: now[kind] > 0 && kind !== "good" && kind !== "none" ? kind : null })))) });
	const all = panel({ name: "platforms", title: t("platform_list"), definition: "platform_state", topics: ["nodes", "members"], load, draw: (body, rows, place) => {
		const order = { failed: 0, late: 1, none: 2, good: 3 };
		const [columns, drawn] = platformTable([...rows].sort((a, b) => order[platformState(a)[0]] - order[platformState(b)[0]]));

		replace(place, csvButton("platforms", columns, rows), me.role === "operator"
			? h("button.tool.main", { type: "button", "data-act": "apply", onclick: () => apply(all.refresh) }, t("apply")) : null);
		replace(body, drawn);
	} });

	const own = hubKeysPanel(me), keys = keysPanel();

	replace(main, h("h1", t("platforms")), h("p.lead", t("platforms_lead")), h("div.panels", counts.box, all.box, own.box, keys.box));
	return [counts, all, own, keys];
}

function drawFacts(body, platform, all, me, refresh) {
	const [kind, word, from] = platformState(platform);
	const fact = (label, value) => [h("dt", label), h("dd", value ?? "–")];

	replace(body, h("dl.facts",
		fact(t("state"), h("span", state(kind, word), " ", since(from))),
		fact(t("divisions"), (platform.divisions ?? []).map(divisionName).join(" ")),
		fact(t("m_status"), t(platform.status)),
		fact(t("software"), platform.software && t("software_line", platform.software, platform.protocol ?? "–", time(platform.started))),
		fact(t("disk"), platform.disk_total ? h("span", state(diskState(platform), t("disk_line", bytes(platform.disk_free), percent(platform.disk_free / platform.disk_total)))) : null),
		fact(t("key_certificate"), expiry(platform.certificate)),
		fact(t("key_curve"), t(platform.next_curve_key ? "curve_rolls" : "curve_since", time(platform.curve_since).slice(0, 10))),
		fact(t("revocations"), platform.revocations === null ? null : t("revocation_line", platform.revocations, span(platform.revocation_ms))),
		fact(t("m_url"), platform.url),  fact(t("parent"), all.find((one) => one.code === platform.parent)?.name ?? (platform.parent || t("the_hub"))),
		fact(t("last_status"), time(platform.received)),
		fact(t("proof"), platform.proof ? t("proof_at", time(platform.proof), platform.streams) : t("proven_of", platform.proven ?? 0, platform.streams ?? 0)),
		fact(t("trail"), h("span", state(...trailState(platform).slice(0, 2)), " ", h("a", { href: `#/trails/${platform.code}` }, t("trail_line", count(platform.trail_size), count(platform.trail_checked)))))),
	me.role === "operator" ? h("p", tools(platform, all, refresh)) : null);
}

export function show(main, { me, path }) {
	const [code] = path;

	if (!code)
		return showAll(main, me);
	const title = h("h1", code);
	const facts = panel({ name: "platform", title: t("platform"), width: "w5", topics: ["nodes", "members"], load: async () => (await get("/v1/platforms")).platforms,
		draw: (body, all) => {
			const platform = all.find((one) => one.code === code);

			title.textContent = platform?.name ?? code;
			if (platform)
				drawFacts(body, platform, all, me, facts.refresh);
			else
				replace(body, h("p.empty", t("not_a_platform")));
		} });
	const streams = panel({ name: "streams", title: t("streams"), width: "w7", definition: "proof", topics: ["nodes"], load: async () => (await get(`/v1/platforms/${code}`)).streams,
		draw: (body, rows, place) => {
			const columns = [{ label: t("stream"), key: "stream", show: (row) => h("span", h("code", row.stream), " ", row.stream === "0000" ? t("control") : divisionName(row.stream.slice(0, 2))) },
				{ label: t("position"), key: "position", number: true }, { label: t("newest"), key: "newest", number: true }, { label: t("behind_by"), key: "behind", number: true },
				{ label: t("proof"), text: (row) => t(`proof_${row.proof}`), show: (row) => state({ proven: "good", unequal: "failed", unknown: "none" }[row.proof], t(`proof_${row.proof}`)) },
				{ label: t("last_proof"), text: (row) => row.proven_at ? `${time(row.proven_at)} @ ${row.proven_position}` : "–", show: (row) => h("span", time(row.proven_at), row.proven_at ? h("span.sub", t("at_position", count(row.proven_position))) : null) },
				{ label: t("delay_ms"), number: true, text: (row) => span(row.delay_ms), sort: (row) => row.delay_ms }];

			replace(place, csvButton(`streams-${code}`, columns, rows));
			replace(body, table(columns, rows, { most: 30, mark: (row) => row.stream }));
		} });

	replace(main, h("p.crumbs", h("a", { href: "#/platforms" }, t("platforms"))), title, h("p.lead.mono", code), h("div.panels", facts.box, streams.box));
	return [facts, streams];
}
