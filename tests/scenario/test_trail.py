"""Nothing leaves unlogged, and no log can be rewritten.  Tiles and checkpoint
are verified here from the C2SP and RFC 6962 texts, not with the C code."""
import base64
import hashlib
import os
import shutil
import subprocess

import pytest
from harness import rows_of, until


@pytest.fixture(scope="module")
def subjects(network):
    text = network.gen(1, 400, 41, "--division", "4401")
    assert network.submit(1, text, "trail-1").status == 200
    network.agree("gz", "4401")
    return [r["uscc"] for r in rows_of(text)]


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def root_of(leaves):
    """RFC 6962 §2.1, as written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


def tile_path(level, index, width):
    parts = [f"{index % 1000:03d}"]
    index //= 1000
    while index:
        parts.insert(0, f"x{index % 1000:03d}")
        index //= 1000
    return f"/v1/trail/tile/{level}/" + "/".join(parts) + (f".p/{width}" if width != 256 else "")


def checkpoint(network, part="gz"):
    reply = network.http(part, "GET", "/v1/trail/checkpoint", "bank")
    assert reply.status == 200
    return reply.body.decode()


def leaves_from_tiles(network, size):
    leaves = []
    for index in range((size + 255) // 256):
        width = min(256, size - 256 * index)
        tile = network.http("gz", "GET", tile_path(0, index, width), "bank")
        assert tile.status == 200, tile_path(0, index, width)
        assert len(tile.body) == 32 * width
        leaves += [tile.body[i:i + 32] for i in range(0, len(tile.body), 32)]
    return leaves


def test_every_answer_is_in_a_tree_that_others_can_verify(network, subjects):
    receipts = []
    for code in subjects[:300]:
        receipts.append(network.ask(code, items=[1]).json["receipt"])
    text = until(lambda: checkpoint_of_size(network, receipts[-1]["index"] + 1), 20, "checkpoint covers the answers")
    origin, size, root = text.split("\n")[:3]
    assert origin == "rongxin/trail/11440100MB0044011H"
    leaves = leaves_from_tiles(network, int(size))
    assert root_of(leaves) == base64.b64decode(root)
    for receipt in receipts:
        assert leaves[receipt["index"]].hex() == receipt["leaf_hash"]


def checkpoint_of_size(network, size):
    text = checkpoint(network)
    return text if int(text.split("\n")[1]) >= size else None


def test_the_checkpoint_is_signed_with_the_nodes_trail_key(network, subjects):
    text = checkpoint(network)
    body, signatures = text.split("\n\n", 1)
    own = signatures.splitlines()[0]  # witnesses sign below it
    name, blob = own.removeprefix("— ").split(" ")
    assert name == body.splitlines()[0]
    raw = base64.b64decode(blob)
    member = next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == "11440100MB0044011H")
    key = bytes.fromhex(member["trail_key"])
    assert raw[:4] == hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]
    scratch = network.folder / "note"
    scratch.mkdir(exist_ok=True)
    (scratch / "body").write_bytes((body + "\n").encode())
    (scratch / "sig").write_bytes(raw[4:])
    (scratch / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + key)
    done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", scratch / "key.der",
                           "-rawin", "-in", scratch / "body", "-sigfile", scratch / "sig"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_entry_opens_its_leaf_and_only_to_those_it_concerns(network, subjects):
    receipt = network.ask(subjects[0], items=[1]).json["receipt"]
    path = f"/v1/trail/entries/{receipt['index']}"
    entry = network.http("gz", "GET", path, "bank").json
    commitment = hashlib.sha256(base64.b64decode(entry["nonce"]) + base64.b64decode(entry["entry"])).digest()
    assert leaf_hash(commitment).hex() == receipt["leaf_hash"]
    assert entry["access"]["subject"] == subjects[0] and entry["access"]["purpose"] == "pre_loan"
    assert network.http("gz", "GET", path, "operator").status == 200
    assert network.http("gz", "GET", path, "bank2").status == 403


def trail_copy(network):
    copy = network.folder / f"copy-{os.urandom(4).hex()}"
    shutil.copytree(network.run / "gz" / "trail", copy)
    return copy


def verify(network, folder):
    member = next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == "11440100MB0044011H")
    return network.cli("trail", "verify", folder, "--key", member["trail_key"], check=False)


def test_verify_accepts_the_trail_and_finds_every_kind_of_edit(network, subjects):
    network.stop("gz")
    try:
        good = trail_copy(network)
        done = verify(network, good)
        assert done.returncode == 0, done.stdout + done.stderr
        log = next(iter(sorted((good / "entries").glob("*.log"))))

        edited = trail_copy(network)
        target = edited / "entries" / log.name
        raw = bytearray(target.read_bytes())
        raw[len(raw) // 2] ^= 1
        target.write_bytes(raw)
        assert verify(network, edited).returncode == 1

        cut = trail_copy(network)
        target = cut / "entries" / log.name
        target.write_bytes(target.read_bytes()[:-200])
        assert verify(network, cut).returncode == 1

        tile = trail_copy(network)
        path = next(p for p in sorted((tile / "tile" / "0").rglob("*")) if p.is_file())
        raw = bytearray(path.read_bytes())
        raw[5] ^= 1
        path.write_bytes(raw)
        assert verify(network, tile).returncode == 1

        note = trail_copy(network)
        text = (note / "checkpoint").read_text().split("\n")
        text[1] = str(int(text[1]) - 1)
        (note / "checkpoint").write_text("\n".join(text))
        assert verify(network, note).returncode == 1
    finally:
        network.start("gz")


def test_the_trail_survives_kill_9_without_a_lost_or_torn_entry(network, subjects):
    receipts = [network.ask(code, items=[1]).json["receipt"] for code in subjects[:20]]
    network.kill("gz")
    network.start("gz")
    again = network.ask(subjects[0], items=[1]).json["receipt"]
    assert again["index"] == receipts[-1]["index"] + 1
    until(lambda: checkpoint_of_size(network, again["index"] + 1), 20, "checkpoint after restart")
    leaves = leaves_from_tiles(network, int(checkpoint(network).split("\n")[1]))
    for receipt in receipts:
        assert leaves[receipt["index"]].hex() == receipt["leaf_hash"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_trail_disk_means_503_and_no_data(network, subjects):
    """The trail is put on a tmpfs of 1 MiB that is then filled."""
    network.stop("gz")
    trail = network.run / "gz" / "trail"
    saved = network.folder / "trail-saved"
    shutil.move(trail, saved)
    trail.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(trail)], capture_output=True, text=True)
    if mounted.returncode != 0:
        trail.rmdir()
        shutil.move(saved, trail)
        network.start("gz")
        pytest.skip("no mount here: " + mounted.stderr.strip())
    try:
        owner = (network.run / "gz").stat()
        os.chown(trail, owner.st_uid, owner.st_gid)
        network.start("gz")
        assert network.ask(subjects[0], items=[1]).status == 200
        filler = trail / "filler"
        try:
            with filler.open("wb") as file:
                while True:
                    file.write(b"\0" * 65536)
        except OSError:
            pass
        reply = until(lambda: (r := network.ask(subjects[0], items=[1])).status == 503 and r, 20, "503 on a full disk")
        assert reply.json["type"] == "urn:rongxin:problem:trail_unavailable"
        assert "items" not in reply.json
        assert network.http("gz", "GET", "/readyz", "bank").status == 503
        assert network.http("gz", "GET", f"/v1/enterprises/{subjects[0]}", "bank").status == 503
        filler.unlink()
        until(lambda: network.ask(subjects[0], items=[1]).status == 200, 20, "served again")
    finally:
        network.stop("gz")
        subprocess.run(["umount", str(trail)], check=False)
        shutil.rmtree(trail, ignore_errors=True)
        shutil.move(saved, trail)
        network.start("gz")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system needs root")
def test_a_read_only_trail_disk_means_503_and_no_data(network, subjects):
    """The trail's own folder, mounted over itself read-only."""
    network.stop("gz")
    trail = network.run / "gz" / "trail"
    words = [["mount", "--bind", str(trail), str(trail)], ["mount", "-o", "remount,bind,ro", str(trail)]]
    done = [subprocess.run(w, capture_output=True, text=True) for w in words]
    try:
        if any(d.returncode != 0 for d in done):
            pytest.skip("no mount here: " + "".join(d.stderr for d in done).strip())
        network.start("gz")
        reply = network.ask(subjects[0], items=[1])
        assert reply.status == 503 and reply.json["type"] == "urn:rongxin:problem:trail_unavailable"
        assert network.http("gz", "GET", f"/v1/enterprises/{subjects[0]}", "bank").status == 503
        assert network.http("gz", "GET", "/readyz", "bank").status == 503
        subprocess.run(["mount", "-o", "remount,bind,rw", str(trail)], check=True)
        until(lambda: network.ask(subjects[0], items=[1]).status == 200, 20, "served again")
    finally:
        network.stop("gz")
        subprocess.run(["umount", str(trail)], check=False)
        network.start("gz")
