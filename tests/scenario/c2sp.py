"""C2SP signed-note, tlog-checkpoint, tlog-cosignature and tlog-tiles, RFC 6962
trees and proofs: written from the specifications, not from the C code."""
import base64
import hashlib
import pathlib
import struct
import subprocess
import tempfile

SIGNATURE, COSIGNATURE = 1, 4


class Wrong(Exception):
    """It does not verify."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


# --- RFC 6962 §2.1 ---
def sha(data):
    return hashlib.sha256(data).digest()


def leaf_hash(data):
    return sha(b"\0" + data)


def node_hash(left, right):
    return sha(b"\1" + left + right)


def split(n):
    """The largest power of two smaller than n."""
    return 1 << (n - 1).bit_length() - 1


def root_of(leaves):
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(root_of(leaves[:k]), root_of(leaves[k:]))


def path(m, leaves):
    """PATH(m, D[n]), §2.1.1."""
    n = len(leaves)
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return path(m, leaves[:k]) + [root_of(leaves[k:])]
    return path(m - k, leaves[k:]) + [root_of(leaves[:k])]


def consistency(m, leaves, whole=True):
    """SUBPROOF(m, D[n], b), §2.1.2."""
    n = len(leaves)
    if m == n:
        return [] if whole else [root_of(leaves)]
    k = split(n)
    if m <= k:
        return consistency(m, leaves[:k], whole) + [root_of(leaves[k:])]
    return consistency(m - k, leaves[k:], False) + [root_of(leaves[:k])]


def check_inclusion(index, size, leaf, proof, root):
    """Down the same recursion as PATH, so a proof of another length fails."""
    def up(m, n, rest):
        if n == 1:
            need(not rest, "proof too long")
            return leaf
        need(rest, "proof too short")
        k = split(n)
        if m < k:
            return node_hash(up(m, k, rest[:-1]), rest[-1])
        return node_hash(rest[-1], up(m - k, n - k, rest[:-1]))
    need(0 <= index < size, "no such entry")
    need(up(index, size, list(proof)) == root, "the proof does not lead to the root")


def check_consistency(old_size, size, old_root, root, proof):
    def up(m, n, whole, rest):
        """The roots of the old and the new part, from the proof."""
        if m == n:
            if whole:
                need(not rest, "proof too long")
                return old_root, old_root
            need(len(rest) == 1, "proof of another length")
            return rest[0], rest[0]
        need(rest, "proof too short")
        k = split(n)
        if m <= k:
            old, new = up(m, k, whole, rest[:-1])
            return old, node_hash(new, rest[-1])
        old, new = up(m - k, n - k, False, rest[:-1])
        return node_hash(rest[-1], old), node_hash(rest[-1], new)
    need(0 < old_size <= size, "sizes")
    need(up(old_size, size, True, list(proof)) == (old_root, root), "not consistent")


# --- C2SP signed-note, tlog-checkpoint, tlog-cosignature ---
def key_id(name, kind, key):
    return sha(name.encode() + b"\n" + bytes([kind]) + key)[:4]


def lines_of(note):
    """Body with its last newline, and (name, blob) of each signature line."""
    body, separator, signatures = note.rpartition("\n\n")
    need(separator and signatures.endswith("\n"), "not a signed note")
    found = []
    for line in signatures[:-1].split("\n"):
        dash, name, blob = line.split(" ")
        need(dash == "—" and name and "+" not in name, "not a signature line")
        found.append((name, base64.b64decode(blob, validate=True)))
    return body + "\n", found


def check(key, signature, message):
    """Ed25519 (RFC 8032), by openssl."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "key").write_bytes(bytes.fromhex("302a300506032b6570032100") + key)
        (folder / "signature").write_bytes(signature)
        (folder / "message").write_bytes(message)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder / "key", "-rawin",
                               "-in", folder / "message", "-sigfile", folder / "signature"], capture_output=True)
    need(done.returncode == 0, "signature")


def checkpoint(note, key):
    """(origin, size, root) of a note that this key signed."""
    body, lines = lines_of(note)
    origin, size, root = body.split("\n")[:3]
    ours = [blob for name, blob in lines if name == origin and blob[:4] == key_id(name, SIGNATURE, key)]
    need(ours, "no signature by the log's key")
    for blob in ours:
        check(key, blob[4:], body.encode())
    need(str(int(size)) == size, "size")
    return origin, int(size), base64.b64decode(root, validate=True)


def witness_name(key):
    return "rongxin/witness/" + sha(key)[:8].hex()


def witnessed(note, key):
    """The time of this witness's cosignature/v1, in seconds."""
    body, lines = lines_of(note)
    name = witness_name(key)
    ours = [blob for n, blob in lines if n == name and blob[:4] == key_id(n, COSIGNATURE, key)]
    need(ours, "no line of the witness")
    for blob in ours:
        need(len(blob) == 4 + 8 + 64, "not a timestamped signature")
        seconds = struct.unpack(">Q", blob[4:12])[0]
        check(key, blob[12:], f"cosignature/v1\ntime {seconds}\n".encode() + body.encode())
    return seconds


# --- C2SP tlog-tiles ---
def tile_path(level, index, width=256):
    name = f"{index % 1000:03d}"
    while index := index // 1000:
        name = f"x{index % 1000:03d}/{name}"
    return f"tile/{level}/{name}" + (f".p/{width}" if width < 256 else "")


def leaves_of(read, size):
    """The leaf hashes of a log, every tile above them and every entry bundle
    checked against them; `read(path)` gives the bytes."""
    hashes, level, found = [], 0, None
    while level == 0 or len(hashes) >= 256:
        above = [root_of(hashes[i:i + 256]) for i in range(0, len(hashes) - 255, 256)] if level else None
        count = size >> 8 * level
        level_hashes = []
        for index in range((count + 255) // 256):
            width = min(256, count - 256 * index)
            tile = read(tile_path(level, index, width))
            need(len(tile) == 32 * width, f"tile {level}/{index} has another length")
            level_hashes += [tile[i:i + 32] for i in range(0, len(tile), 32)]
        need(above is None or above == level_hashes, f"level {level} is not that of the tiles below")
        hashes, found = level_hashes, found if level else level_hashes
        level += 1
    for index in range((size + 255) // 256):
        width = min(256, size - 256 * index)
        bundle = read(tile_path("entries", index, width))
        need(len(bundle) == 34 * width, "entry bundle")
        for i in range(width):
            need(bundle[34 * i:34 * i + 2] == b"\0\x20", "length of an entry")
            need(leaf_hash(bundle[34 * i + 2:34 * i + 34]) == found[256 * index + i], f"entry {256 * index + i}")
    return found


def verify_log(read, key):
    """(size, leaves) of a log whose checkpoint, tiles and bundles agree."""
    _, size, root = checkpoint(read("checkpoint").decode(), key)
    leaves = leaves_of(read, size)
    need(root_of(leaves) == root, "the root is not that of the leaves")
    return size, leaves
