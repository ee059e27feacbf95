// The interface's document as a page: what /v1/openapi.json says, and nothing else.

const make = (name, text, ...children) => {
	const element = document.createElement(name);
	if (text) element.textContent = text;
	element.append(...children.filter(Boolean));
	return element;
};

const marked = (element, mark) => {
	element.className = mark;
	return element;
};

const table = (heads, rows) => {
	const head = make("tr", "", ...heads.map((text) => make("th", text)));
	const body = rows.map((cells) => make("tr", "", ...cells.map((text) => make("td", text))));
	return make("table", "", make("thead", "", head), make("tbody", "", ...body));
};

const resolve = (doc, node) => {
	if (!node || !node.$ref) return node;
	return node.$ref.slice(2).split("/").reduce((at, step) => at[step], doc);
};

// A schema as a reader wants it: members with their types.
const outline = (doc, schema, depth = 0) => {
	const one = resolve(doc, schema);
	const pad = "  ".repeat(depth);
	if (!one || depth > 4) return "…";
	if (one.anyOf) return one.anyOf.map((kind) => outline(doc, kind, depth)).join(" | ");
	if (one.enum) return one.enum.map((value) => JSON.stringify(value)).join(" | ");
	if (one.type === "array") return `[${outline(doc, one.items, depth)}]`;
	if (one.type !== "object" || !one.properties) return one.format || one.type || "any";
	const need = one.required || [];
	const lines = Object.entries(one.properties).map(([name, kind]) => {
		const said = resolve(doc, kind)?.description;
		return `${pad}  ${name}${need.includes(name) ? "" : "?"}: ${outline(doc, kind, depth + 1)}${said ? `  // ${said}` : ""}`;
	});
	return `{\n${lines.join("\n")}\n${pad}}`;
};

const parameters = (doc, operation) => {
	const rows = (operation.parameters || []).map((given) => {
		const one = resolve(doc, given);
		return [one.name, one.in + (one.required ? " *" : ""), outline(doc, one.schema), one.description || ""];
	});
	return rows.length ? table(["参数 parameter", "在 in", "类型 type", "含义 meaning"], rows) : null;
};

const body = (doc, title, content) => {
	const kinds = Object.entries(content || {});
	if (!kinds.length) return null;
	const schema = kinds.map(([, value]) => value.schema).find((one) => one && Object.keys(one).length);
	const parts = [make("p", `${title}: ${kinds.map(([kind]) => kind).join(", ")}`)];
	if (schema) parts.push(make("pre", outline(doc, schema)));
	return make("div", "", ...parts);
};

const problems = (doc, types) => {
	const items = types.map((type) => {
		const link = make("a", type);
		link.href = `#problem-${type}`;
		return make("li", "", link, ` ${doc["x-problems"][type].status.join(", ")} ${doc["x-problems"][type].zh}`);
	});
	return items.length ? marked(make("ul", "", ...items), "problems") : null;
};

const operation = (doc, path, method, one) => {
	const answers = Object.entries(one.responses).filter(([status]) => status !== "default");
	const head = make("summary", "", marked(make("span", method.toUpperCase()), "method"), make("code", path),
		make("br"), one.description, " ", marked(make("span", one.summary), "weak"));
	const inside = make("div", "", make("p", `谁 who: ${one["x-who"]}`), parameters(doc, one),
		one.requestBody && body(doc, "请求 body", one.requestBody.content),
		...answers.map(([status, answer]) => body(doc, `回答 ${status}`, answer.content)),
		problems(doc, one["x-problems"] || []));
	const whole = make("details", "", head, inside);
	whole.id = one.operationId;
	return whole;
};

const show = (doc) => {
	const main = document.getElementById("operations");
	const contents = make("ul", "");
	document.getElementById("title").textContent = `融信 ${doc.info.title} API`;
	document.getElementById("about").textContent = doc.info.description;
	main.replaceChildren();
	for (const { name, description } of doc.tags) {
		const section = make("section", "", make("h2", description));
		section.id = name;
		for (const [path, methods] of Object.entries(doc.paths))
			for (const [method, one] of Object.entries(methods))
				if (one.tags.includes(name)) section.append(operation(doc, path, method, one));
		main.append(section);
		const link = make("a", description);
		link.href = `#${name}`;
		contents.append(make("li", "", link));
	}
	const rows = Object.entries(doc["x-problems"]).map(([type, one]) => {
		const link = make("a", "", make("code", `urn:rongxin:problem:${type}`));
		link.href = type === "permit" ? "/v1/problems" : `/v1/problems/${type}`;
		const row = make("tr", "", make("td", "", link),
			make("td", one.status.join(", ")), make("td", `${one.zh} ${one.en}`));
		row.id = `problem-${type}`;
		return row;
	});
	const last = make("a", "错误类型 problem types");
	last.href = "#problem-types";
	contents.append(make("li", "", last));
	main.append(marked(make("h2", "错误类型 problem types"), "anchor"), make("table", "", make("tbody", "", ...rows)));
	document.getElementById("contents").replaceChildren(contents);
	main.querySelector("h2.anchor").id = "problem-types";
	if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
};

const answer = await fetch("/v1/openapi.json");
if (answer.ok) show(await answer.json());
else document.getElementById("operations").textContent = `openapi.json: ${answer.status}`;
