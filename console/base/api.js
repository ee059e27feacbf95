// The hub's HTTP endpoints (docs/PROTOCOL.md, section 7), and nothing else.

export class Problem extends Error {
	constructor(status, document) {
		super(document.detail || document.title || `HTTP ${status}`);
		this.status = status;
		this.type = (document.type || "").replace("urn:rongxin:problem:", "");
	}
}

async function ask(path, options) {
	const reply = await fetch(path, { cache: "no-store", ...options });
	const type = reply.headers.get("content-type") || "";

	if (!reply.ok)
		throw new Problem(reply.status, type.includes("json") ? await reply.json() : {});
	return type.includes("json") ? reply.json() : reply.text();
}

// What several panels ask at the same moment is asked once.
const asking = new Map();

export function get(path, query = {}) {
	const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
	const text = new URLSearchParams(given).toString();
	const whole = text === "" ? path : `${path}?${text}`;

	if (!asking.has(whole))
		asking.set(whole, ask(whole).finally(() => asking.delete(whole)));
	return asking.get(whole);
}

// The same thing as a signed document.
export function getSigned(path, query) {
	return ask(`${path}?${new URLSearchParams(query)}`, { headers: { accept: "application/jose" } });
}

export function post(path, body, type = "application/json") {
	const text = typeof body === "string" ? body : JSON.stringify(body ?? {});

	return ask(path, { method: "POST", body: body === null ? undefined : text, headers: { "content-type": type } });
}
