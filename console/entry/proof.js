// The proof that an entry is in a trail (docs/PROTOCOL.md, section 6), computed
// here: nothing of it is believed but the keys, which come from the hub.

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function digest(...parts) {
	return new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
}

// RFC 6962: a leaf's hash of the commitment SHA-256(nonce || entry).
export async function leafOf(entry) {
	return hex(await digest(new Uint8Array([0]), await digest(bytesOf(entry.nonce), bytesOf(entry.entry))));
}

// The root that the proof leads to (RFC 9162, 2.1.3.2); null: it does not fit.
export async function rootOf(receipt) {
	let at = BigInt(receipt.index), last = BigInt(receipt.tree_size) - 1n, hash = fromHex(receipt.leaf_hash);

	if (at > last)
		return null;
	for (const step of receipt.proof) {
		if (last === 0n)
			return null;
		if (at % 2n === 1n || at === last) {
			hash = await digest(new Uint8Array([1]), fromHex(step), hash);
			while (at % 2n === 0n && at !== 0n) {
				at /= 2n;
				last /= 2n;
			}
		} else {
			hash = await digest(new Uint8Array([1]), hash, fromHex(step));
		}
		at /= 2n;
		last /= 2n;
	}
	return last === 0n ? hex(hash) : null;
}

// {body, lines: [{name, blob}]} of a signed note (C2SP signed-note); null: it is none.
function partsOf(note) {
	const end = note.lastIndexOf("\n\n");
	const lines = note.slice(end + 2).split("\n").filter(Boolean).map((line) => line.match(/^— (\S+) ([A-Za-z0-9+/=]+)$/));

	if (end < 0 || lines.length === 0 || lines.includes(null))
		return null;
	return { body: note.slice(0, end + 1), lines: lines.map(([, name, blob]) => ({ name, blob: bytesOf(blob) })) };
}

// {origin, size, root} of a checkpoint.
export function checkpointOf(note) {
	const [origin, size, root] = note.split("\n");

	return { origin, size: Number(size), root: hex(bytesOf(root)) };
}

// Can this browser check an Ed25519 signature?  The vector is the first of RFC 8032, 7.1.
export async function canVerify() {
	const key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
	const signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

	return await verify(key, fromHex(signature), new Uint8Array(0)).catch(() => false);
}

async function verify(key, signature, message) {
	return crypto.subtle.verify("Ed25519", await crypto.subtle.importKey("raw", fromHex(key), "Ed25519", false, ["verify"]), signature, message);
}

// Does `note` bear a signature of `key`, whose name begins with `begin`?  Kind 1
// signs the body, kind 4 with the time before it (C2SP tlog-cosignature).
export async function isSigned(note, begin, kind, key) {
	const parts = partsOf(note), text = new TextEncoder();

	if (!parts || !/^[0-9a-f]{64}$/.test(key))
		return false;
	for (const { name, blob } of parts.lines.filter((line) => line.name.startsWith(begin))) {
		const id = (await digest(text.encode(`${name}\n`), new Uint8Array([kind]), fromHex(key))).slice(0, 4);
		const head = kind === 4 ? 12 : 4;

		if (blob.length !== head + 64 || hex(blob.slice(0, 4)) !== hex(id))
			continue;
		const time = kind === 4 ? `cosignature/v1\ntime ${new DataView(blob.buffer).getBigUint64(4)}\n` : "";

		if (await verify(key, blob.slice(head), text.encode(time + parts.body)))
			return true;
	}
	return false;
}
