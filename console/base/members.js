// Names of members by their codes; asked once, and again when the list changed.

import { get, post } from "./api.js";

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

// Does it; where that takes two persons it becomes an application.
async function doOrFile(path, body, application) {
	try {
		await post(path, body);
	} catch (error) {
		if (error.type !== "review_needed")
			throw error;
		await post("/v1/applications", { ...application, note: "" });
		return "filed";
	} finally {
		forget();
	}
	return "done";
}

export const putMember = (document) => doOrFile("/v1/members", document, { document });
export const takeOver = (code, takeover) => doOrFile(`/v1/members/${code}/takeover`, takeover, { code, takeover });
