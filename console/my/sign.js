// Signing on the subject's side: ECDSA P-256, JWS ES256 with x5c
// (docs/PROTOCOL.md, section 5).  The key is imported as not extractable and
// forgotten with the page.

let key = null, certificate = null;

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
	.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const utf8 = (text) => new TextEncoder().encode(text);

function unarmour(text, label) {
	const found = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text);

	return found && found[1].replace(/\s/g, "");
}

export const isReady = () => key !== null;

// True: both a key and a certificate were among the files.
export async function load(files) {
	const texts = await Promise.all([...files].map((file) => file.text()));
	const found = (label) => texts.map((text) => unarmour(text, label)).find(Boolean);
	const [secret, shown] = [found("PRIVATE KEY"), found("CERTIFICATE")];

	key = certificate = null;
	if (!secret || !shown)
		return false;
	try {
		const der = Uint8Array.from(atob(secret), (c) => c.charCodeAt(0));

		key = await crypto.subtle.importKey("pkcs8", der, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
		der.fill(0);
	} catch {
		return false;
	}
	certificate = shown;
	return true;
}

// A compact JWS.  WebCrypto's signatures are r and s already, as JWS has them.
export async function sign(type, claims) {
	const header = { alg: "ES256", typ: type, x5c: [certificate] };
	const text = `${base64url(utf8(JSON.stringify(header)))}.${base64url(utf8(JSON.stringify(claims)))}`;
	const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, utf8(text));

	return `${text}.${base64url(signature)}`;
}

// As the protocol writes times: to the second, UTC.
export const time = (date) => date.toISOString().replace(/\.\d+Z$/, "Z");
