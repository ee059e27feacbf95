// Panels, figures, tables, dialogs: the parts that every view is made of.

import { h, replace } from "./dom.js";
import { count, lang, t } from "./text.js";
import { definitions } from "./definitions.js";

const dialog = document.getElementById("dialog");

// A dialog that answers with the button's value; "" when it is closed.
export function ask(title, content, buttons) {
	return new Promise((resolve) => {
		const row = h("div.buttons", buttons.map(([value, label, kind]) =>
			h(`button.tool${kind ? `.${kind}` : ""}`, { type: "button", value, onclick: () => {
				dialog.close();
				resolve(value);
			} }, label)));

		replace(dialog, h("h2", { id: "dialog-title" }, title), content, row);
		dialog.setAttribute("aria-labelledby", "dialog-title");
		// By its key.  What is told late of one dialog is not of the next.
		dialog.onclose = () => dialog.open || resolve("");
		dialog.showModal();
	});
}

export function define(key, label) {
	const text = definitions[key]?.[lang() === "zh" ? 0 : 1];

	if (text === undefined)
		return null;
	return h("button.def", { type: "button", title: text, "aria-label": `${t("definition")}: ${label}`,
		onclick: () => ask(label, h("p", text), [["", t("close")]]) }, "?");
}

export function state(name, label) {
	return h(`span.state.${name}`, label ?? t(name));
}

export function problem(error) {
	return h("p.problem", { role: "alert" }, t("failed_to_load", error.message));
}

// To a panel of the page that is shown.
function toPanel(name, value) {
	return h("a", { href: location.hash, onclick: (event) => {
		event.preventDefault();
		document.querySelector(`[data-panel="${name}"]`)?.scrollIntoView({ block: "start" });
	} }, value);
}

// One figure: its name, definition, value, and where its rows are: another
// view (`href`) or a panel of this one (`to`).
export function figure(key, value, note, options = {}) {
	const label = t(options.label ?? key);
	const shown = options.href ? h("a", { href: options.href }, value) : options.to ? toPanel(options.to, value) : value;

	return h(`div.figure${options.state ? `.${options.state}` : ""}`, { "data-figure": key },
		h("span.name", label, define(options.definition ?? key, label)),
		h("span.value", shown), note ? h("span.note", note) : null);
}

const AGAIN_MS = 3000;
const tablesIn = (body) => [...body.querySelectorAll("[data-table]")];

// A panel asks one small question, shows what came, and asks again when told
// to.  What is on the page stays until the new answer is there; a table stays
// sorted and as long as its reader made it.
export function panel(options) {
	const body = h("div.body", h("p.waiting", t("waiting")));
	const tools = h("span.row-tools");
	const box = h(`section.panel${options.width ? `.${options.width}` : ""}`, { "data-panel": options.name, "aria-busy": "true" },
		h("header", h("h2", options.title), define(options.definition ?? options.name, options.title), h("span.space"), tools), body);
	let shown = null;

	async function refresh() {
		try {
			const data = await options.load();
			const text = JSON.stringify(data);

			if (text !== shown) {
				const looks = tablesIn(body).map((one) => one.look());

				shown = text;
				replace(body);
				replace(tools);
				await options.draw(body, data, tools);
				tablesIn(body).forEach((one, at) => looks[at] && one.wear(looks[at]));
			}
			box.dataset.state = "ready";
		} catch (error) {
			if (error.name === "AbortError")
				return;
			shown = null;
			box.dataset.state = "failed";
			replace(body, problem(error), h("button.tool", { type: "button", onclick: refresh }, t("retry")));
			// No answer at all: the network, or a hub that starts.
			if (error.status === undefined)
				setTimeout(() => box.isConnected && box.dataset.state === "failed" && refresh(), AGAIN_MS);
		}
		box.setAttribute("aria-busy", "false");
	}
	return { box, refresh, topics: options.topics ?? [], started: refresh() };
}

function cellText(column, row) {
	const value = column.text ? column.text(row) : row[column.key];

	return value === null || value === undefined ? "" : value;
}

// Spreadsheets take a cell that begins so for a formula.
function csvCell(value) {
	let text = String(value);

	if (typeof value !== "number" && /^[=+\-@\t\r]/.test(text))
		text = `'${text}`;
	return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvOf(columns, rows) {
	const lines = [columns.map((column) => csvCell(column.label)), ...rows.map((row) => columns.map((column) =>
		csvCell(column.csv ? column.csv(row) : cellText(column, row))))];

	return `\uFEFF${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}

export function save(name, text, type = "text/csv;charset=utf-8") {
	const link = h("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });

	document.body.append(link);
	link.click();
	link.remove();
	setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export function csvButton(name, columns, rows) {
	return h("button.tool.csv", { type: "button", onclick: () => save(`${name}.csv`, csvOf(columns, rows)) }, t("csv"));
}

// Columns: {key, label, number, wide, detail, text(row), show(row), csv(row),
// sort(row)}.  Long tables show `most` rows until asked for more; what is a
// detail stands below its row when that is opened.
export function table(columns, rows, options = {}) {
	const head = h("tr"), body = h("tbody"), more = h("p.more");
	const wide = columns.filter((column) => !column.detail), details = columns.filter((column) => column.detail);
	const opened = new Set();
	const whole = h(wide.length > 12 ? "div.tight" : "div", { "data-table": "" }, h("table", h("caption.small", { hidden: true }, options.caption ?? ""), h("thead", head), body), more);
	let sorted = [...rows], by = null, down = false, most = options.most ?? 50;

	const valueOf = (column, row) => column.sort ? column.sort(row) : cellText(column, row);
	const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), lang());

	const shown = (column, row) => column.show ? column.show(row) : column.number && typeof row[column.key] === "number" ? count(row[column.key]) : cellText(column, row);

	function toggle(mark) {
		opened.delete(mark) || opened.add(mark);
		draw();
		[...body.querySelectorAll("button.open")].find((one) => one.dataset.open === String(mark))?.focus();
	}
	function opener(row) {
		const mark = options.mark(row), isOpen = opened.has(mark);

		return h("td", h("button.open", { type: "button", "data-open": mark, "aria-expanded": String(isOpen), "aria-label": `${t("details")}: ${cellText(wide[0], row)}`,
			title: t("details"), onclick: () => toggle(mark) }, isOpen ? "−" : "+"));
	}
	function lines(row) {
		const line = h("tr", options.mark ? { "data-row": options.mark(row) } : {}, wide.map((column) =>
			h(`td${column.number ? ".number" : ""}${column.wide ? ".wide" : ""}`, shown(column, row))), details.length > 0 ? opener(row) : null);

		if (details.length === 0 || !opened.has(options.mark(row)))
			return line;
		return [line, h("tr.details", h("td", { colspan: wide.length + 1 }, h("dl.facts", details.map((column) => [h("dt", column.label), h("dd", shown(column, row))]))))];
	}
	function draw() {
		replace(body, sorted.slice(0, most).map(lines));
		replace(more, sorted.length > most ? h("button.tool", { type: "button", onclick: () => { most += 200; draw(); } },
			`${t("more")} (${count(sorted.length - most)})`) : null);
		replace(head, wide.map((column) => h(`th${column.number ? ".number" : ""}${column.wide ? ".wide" : ""}`, { scope: "col",
			"aria-sort": by === column ? (down ? "descending" : "ascending") : null },
		column.label === "" ? "" : h("button", { type: "button", onclick: () => sortBy(column) }, column.label))), details.length > 0 ? h("th") : null);
	}
	function sort(column, falling) {
		by = column;
		down = falling;
		sorted.sort((a, b) => (down ? -1 : 1) * compare(valueOf(column, a), valueOf(column, b)));
		draw();
	}
	const sortBy = (column) => sort(column, by === column ? !down : Boolean(column.number));

	whole.look = () => ({ by: columns.indexOf(by), down, most, opened });
	whole.wear = (look) => {
		most = Math.max(most, look.most);
		look.opened.forEach((mark) => opened.add(mark));
		if (columns[look.by])
			sort(columns[look.by], look.down);
		else
			draw();
	};
	if (rows.length === 0)
		return h("p.empty", options.empty ?? t("empty"));
	draw();
	return whole;
}
