// Is the country all right?

import { get } from "../base/api.js";
import { h, replace } from "../base/dom.js";
import { count, span, t } from "../base/text.js";
import { figure, panel } from "../base/ui.js";

function drawFigures(body, now) {
	replace(body, h("div.figures",
		figure("records", count(now.records), t("records_note", count(now.streams))),
		figure("changes_today", count(now.changes_today), t("changes_note", count(now.rows_today), count(now.rejected_today))),
		figure("questions_today", count(now.questions_today), t("questions_note", count(now.refused_today))),
		figure("delay", `${span(now.delay_p50_ms)} / ${span(now.delay_p99_ms)}`, t("delay_note")),
		figure("nodes", count(now.nodes_live), t("nodes_note", count(now.nodes)), { state: now.nodes_live < now.nodes ? "failed" : null }),
		figure("batches_held", count(now.batches_held), t("held_note"), { state: now.batches_held > 0 ? "late" : null })));
}

export function show(main) {
	const figures = panel({ name: "figures", title: t("overview"), topics: ["nodes", "feeds", "usage"],
		load: async () => {
			const now = await get("/v1/overview");

			delete now.time;
			return now;
		}, draw: drawFigures });

	replace(main, h("h1", t("overview")), h("p.lead", t("overview_lead")), h("div.panels", figures.box));
	return [figures];
}
