// What operators did.

import { get } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { memberName, members } from "../base/members.js";
import { hasWord, t, time } from "../base/text.js";
import { csvButton, panel, table } from "../base/ui.js";

export function show(main) {
	const list = panel({ name: "actions", title: t("actions"), topics: ["actions"], load: async () => (await get("/v1/actions", { limit: 500 })).actions, draw: async (body, rows, tools) => {
		const known = await members();
		const detail = (row) => Object.entries(row.detail).filter(([key]) => key !== "name").map(([key, value]) => `${hasWord(`m_${key}`) ? t(`m_${key}`) : key}: ${typeof value === "object" ? JSON.stringify(value) : memberName(known, String(value))}`).join("; ");
		const columns = [{ label: t("number"), key: "number", number: true }, { label: t("when"), text: (row) => time(row.at) }, { label: t("operator"), text: (row) => memberName(known, row.who) },
			{ label: t("action"), text: (row) => hasWord(`did_${row.action}`) ? t(`did_${row.action}`) : row.action },
			{ label: t("target"), wide: true, text: (row) => row.detail.name ?? memberName(known, row.target), show: (row) => h("span", row.detail.name ?? memberName(known, row.target), h("span.sub.mono", row.target)) },
			{ label: t("detail"), wide: true, text: detail }];

		replace(tools, csvButton("actions", columns, rows));
		replace(body, table(columns, rows, { most: 100, mark: (row) => row.number }));
	} });

	replace(main, h("h1", t("actions")), h("p.lead", t("actions_lead")), h("div.panels", list.box));
	return [list];
}
