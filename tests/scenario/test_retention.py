"""Entries leave a node when their days are over; what they proved stays proved."""
import json
import os
import shutil
import time

import pytest

import c2sp
from harness import rows_of, until
from test_liar import start_as_it_is
from test_load import PER_FILE, frame
import wire

GZ = "11440100MB0044011H"
DAYS = 30


@pytest.fixture(scope="module")
def trail(network):
    """A full first file and one entry behind it, all but the very first forty days old, as if the node had been
    killed before it made their tiles."""
    network.stop("sz")
    text = network.gen(1, 1, 93, "--division", "4401")
    assert network.submit(1, text, "retention-1").status == 200
    network.agree("gz", "4401")
    code = rows_of(text)[0]["uscc"]
    assert network.ask(code, items=[1]).json["receipt"]["index"] == 0
    network.stop("gz")
    folder = network.run / "gz" / "trail"
    path = folder / "entries" / f"{0:012d}.log"
    first = path.read_bytes()
    end = 12 + int.from_bytes(first[:4], "big")
    long_ago = int((time.time() - 40 * 86400) * 1e6)
    entry = b"".join(wire.field(n, long_ago if n == 1 else v) for n, v in wire.fields(first[28:end]))
    old = [frame(os.urandom(16), entry) for _ in range(PER_FILE)]
    path.write_bytes(first[:end] + b"".join(old[:-1]))
    behind = path.with_name(f"{PER_FILE:012d}.log")
    behind.write_bytes(old[-1])
    shutil.copymode(path, behind)
    os.chown(behind, path.stat().st_uid, path.stat().st_gid)
    conf = network.run / "gz.conf"
    conf.write_text(conf.read_text() + f"trail_days = {DAYS}\n")
    start_as_it_is(network)
    return folder, code


def read(network, path, status=200):
    reply = network.http("gz", "GET", path, "bank")
    assert reply.status == status, reply.body
    return reply


def what_was_deleted_is_proved(network, folder):
    gone = read(network, "/v1/trail/entries/5", 410)
    assert gone.json["type"] == "urn:rongxin:problem:entry_deleted"
    member = next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == GZ)
    witness = json.loads((network.run / "net" / "network.json").read_text())["witness_key"]
    receipt = read(network, "/v1/trail/receipts/5").json
    _, size, root = c2sp.checkpoint(receipt["checkpoint"], bytes.fromhex(member["trail_key"]))
    c2sp.witnessed(receipt["checkpoint"], bytes.fromhex(witness))
    assert size >= PER_FILE
    c2sp.check_inclusion(5, size, bytes.fromhex(receipt["leaf_hash"]), [bytes.fromhex(h) for h in receipt["proof"]], root)
    done = network.cli("trail", "verify", folder, "--member", f"{network.stem('gz')}.member.json", check=False)
    assert done.returncode == 0 and f"Entries 0 to {PER_FILE - 1} were deleted" in done.stdout, done.stdout + done.stderr


def test_entries_that_are_too_old_go_and_their_proofs_stay(network, trail):
    folder, code = trail

    def witnessed():
        reply = network.http("gz", "GET", "/v1/trail/witnessed", "bank")
        return reply.status == 200 and int(reply.body.split(b"\n")[1]) > PER_FILE
    until(witnessed, 60, f"the hub vouches for them\n{network.logs()}")
    network.kill("gz")      # it looks for old ones when it starts, and every hour
    start_as_it_is(network)
    until(lambda: not (folder / "entries" / f"{0:012d}.log").exists(), 30, f"the first file goes\n{network.logs()}")
    what_was_deleted_is_proved(network, folder)
    assert read(network, f"/v1/trail/entries/{PER_FILE}").json["access"]["subject"] == code
    network.kill("gz")
    start_as_it_is(network)
    assert until(lambda: (r := network.ask(code, items=[1])).status == 200 and r, 30, "asked on").json["receipt"]["index"] == PER_FILE + 1
    what_was_deleted_is_proved(network, folder)


def test_its_subject_sees_what_is_left(network, trail):
    who = network.subject_identity(trail[1])

    def seen():
        reply = network.http("gz", "GET", "/v1/accesses", who)
        return reply.status == 200 and [a["index"] for a in reply.json["accesses"]]
    until(lambda: seen() == [PER_FILE, PER_FILE + 1], 30, "what is left, and nothing else")
