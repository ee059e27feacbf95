// Names of members by their codes; asked once, and again when the list changed.

import { get } from "./api.js";

let asked = null;

export function forget() {
	asked = null;
}

export async function members() {
	asked ??= get("/v1/members").then(({ members: list }) => ({ list, byCode: new Map(list.map((member) => [member.code, member])) }))
		.catch((error) => {
			asked = null;
			throw error;
		});
	return asked;
}

export function memberName(known, code) {
	return known.byCode.get(code)?.name || code;
}
