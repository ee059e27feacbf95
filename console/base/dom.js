// Elements without markup: text is always text.

export function h(name, ...parts) {
	const [tag, ...classes] = name.split(".");
	const node = document.createElement(tag || "div");

	if (classes.length > 0)
		node.className = classes.join(" ");
	fill(node, parts);
	return node;
}

// Children and attributes; an object that is no node holds attributes.
export function fill(node, parts) {
	for (const part of parts.flat(4)) {
		if (part === null || part === undefined || part === false)
			continue;
		if (part instanceof Node)
			node.append(part);
		else if (typeof part === "object")
			Object.entries(part).forEach(([name, value]) => set(node, name, value));
		else
			node.append(String(part));
	}
	return node;
}

function set(node, name, value) {
	if (value === null || value === undefined || value === false)
		return;
	if (name.startsWith("on"))
		node.addEventListener(name.slice(2), value);
	else
		node.setAttribute(name, value === true ? "" : value);
}

export function replace(node, ...parts) {
	node.replaceChildren();
	return fill(node, parts);
}
