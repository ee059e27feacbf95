// Saves on this device; the name that it got.

import { h } from "../base/dom.js";

export function save(name, text, type = "text/csv;charset=utf-8") {
	const safe = name.replace(/[^\w.+@-]/g, "_");
	const link = h("a", { href: URL.createObjectURL(new Blob([text], { type })), download: safe });

	document.body.append(link);
	link.click();
	link.remove();
	setTimeout(() => URL.revokeObjectURL(link.href), 10000);
	return safe;
}
