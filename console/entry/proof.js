// The proof that an entry is in a trail (docs/PROTOCOL.md, section 6), computed
// here: nothing of it is believed.

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

// {origin, size, root, witnessed} of a signed note.
export function checkpointOf(note) {
	const [head, signatures] = note.split("\n\n");
	const [origin, size, root] = head.split("\n");

	return { origin, size: Number(size), root: hex(bytesOf(root)), witnessed: /^— rongxin\/witness\//m.test(signatures ?? "") };
}
