// Apache ECharts, loaded when the first chart is drawn; pages do without it.

import { h } from "./dom.js";
import { t } from "./text.js";

let library = null;
const drawn = new Map();

function load() {
	library ??= import("../vendor/echarts.js").catch(() => null);
	return library;
}

function style(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function colours() {
	return { good: style("good"), late: style("late"), failed: style("failed"), none: style("none"),
		ink: style("ink"), soft: style("soft"), line: style("line"), link: style("link"), card: style("card") };
}

// Tooltips are drawn on the canvas: as elements they would need inline styles,
// which the page's policy refuses.
function complete(option) {
	const { ink, soft, line, card } = colours();
	const label = { color: soft, hideOverlap: true };
	const axis = { axisLabel: label, axisLine: { lineStyle: { color: line } }, splitLine: { lineStyle: { color: line } }, nameTextStyle: { color: soft } };
	const one = (given) => ({ ...axis, ...given, axisLabel: { ...label, ...given.axisLabel } });
	const axes = (given) => given && (Array.isArray(given) ? given.map(one) : one(given));

	return { animation: false, textStyle: { fontFamily: getComputedStyle(document.documentElement).fontFamily, color: ink },
		grid: { left: 8, right: 14, top: 34, bottom: 6, containLabel: true }, ...option,
		legend: option.legend === null ? undefined : { top: 0, left: 0, itemWidth: 14, itemHeight: 9, textStyle: { color: soft }, ...option.legend },
		tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: card, borderColor: line, textStyle: { color: ink, fontSize: 12 }, ...option.tooltip },
		xAxis: axes(option.xAxis), yAxis: axes(option.yAxis) };
}

// A chart in `body`, told to screen readers by `label`; the table beside it has
// the numbers.
export async function chart(body, label, option, kind = "") {
	const place = h(`div.chart${kind ? `.${kind}` : ""}`, { role: "img", "aria-label": label });
	const echarts = await load();

	if (echarts === null) {
		body.append(h("p.empty", t("no_charts")));
		return;
	}
	body.append(place);
	for (const [old, instance] of drawn)
		if (!old.isConnected) {
			instance.dispose();
			drawn.delete(old);
		}
	const instance = echarts.init(place, null, { renderer: "canvas" });

	instance.setOption(complete(option));
	drawn.set(place, instance);
	place.dataset.drawn = "yes";
}

window.addEventListener("resize", () => drawn.forEach((instance) => instance.resize()));
window.addEventListener("beforeprint", () => drawn.forEach((instance) => instance.resize()));
