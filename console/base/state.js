// How a platform and a province are doing, from what the hub says of them.

import { provinceOf } from "./provinces.js";
import { count, name, t, time } from "./text.js";

// The worst first: [state, word, since].
export function platformState(platform) {
	if (platform.status !== "active")
		return ["none", t(platform.status), null];
	if (platform.trail_forked)
		return ["failed", t("trail_forked"), platform.trail_forked];
	if (platform.trail_short)
		return ["failed", t("trail_short"), platform.trail_short];
	if (platform.unequal > 0)
		return ["failed", t("unequal", platform.unequal), null];
	if (platform.link === "never")
		return ["none", t("never_seen"), null];
	if (platform.link === "silent")
		return ["failed", t("silent"), platform.received];
	if (platform.late)
		return ["late", t("behind", count(platform.behind)), platform.waiting];
	return ["good", t("good"), null];
}

// As the hub's own alert has it: nearly full from nine tenths on.
export function diskState(platform) {
	if (!platform.disk_total)
		return "none";
	return platform.disk_free * 10 < platform.disk_total ? "failed" : platform.disk_free * 5 < platform.disk_total ? "late" : "good";
}

// "44": of a province; "4401" is a city's, "440106" a county's, which holds
// nothing, "" the nation's.
export function divisionName(division) {
	const province = provinceOf(division);

	if (division === "")
		return t("nation");
	if (!province)
		return division;
	if (division.length > 4)
		return t("county_door", `${name(province)} ${division}`);
	return division.length > 2 ? `${name(province)} ${division}` : name(province);
}

export function since(moment) {
	return moment ? t("since", moment.length === 10 ? moment : time(moment)) : "";
}
