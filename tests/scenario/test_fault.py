"""A node killed between any two steps of an answer, and a trail that cannot be written: never an answer
without its entry, never an entry that verification rejects, never data when there is no entry."""
import errno
import http.client
import json
import pathlib
import shutil
import struct
import subprocess
import threading

import pytest
from harness import alive, rows_of, until

DIE_BEFORE, DIE_AFTER, DIE_HALFWAY, FAIL, FAIL_HALFWAY = range(1, 6)
ENTRIES, TILE, CHECKPOINT, ANSWER = "/trail/entries/", "/trail/tile/", "/trail/checkpoint", "socket:"
# In the order of an answer's way.
STEPS = [
    ("w", ENTRIES, DIE_BEFORE), ("w", ENTRIES, DIE_HALFWAY), ("w", ENTRIES, DIE_AFTER),
    ("d", ENTRIES, DIE_BEFORE), ("d", ENTRIES, DIE_AFTER),
    ("w", ANSWER, DIE_BEFORE), ("w", ANSWER, DIE_AFTER),
    ("w", TILE, DIE_BEFORE), ("w", TILE, DIE_HALFWAY), ("r", TILE, DIE_BEFORE), ("r", TILE, DIE_AFTER),
    ("r", CHECKPOINT, DIE_BEFORE), ("r", CHECKPOINT, DIE_AFTER),
]


class Fault:
    """The plan that fault.c watches."""
    FORM = struct.Struct("=iiiii64s")

    def __init__(self, folder):
        self.path = folder / "plan"
        self.path.write_bytes(bytes(self.FORM.size))
        self.path.chmod(0o666)

    def set(self, kind, path, act, error=0, stays=0):
        """What to do last: it arms the rest."""
        plan = self.FORM.pack(act, ord(kind), error, stays, 0, path.encode())
        self.clear()
        with open(self.path, "r+b", buffering=0) as file:
            file.seek(4)
            file.write(plan[4:])
            file.seek(0)
            file.write(plan[:4])

    def clear(self):
        with open(self.path, "r+b") as file:
            file.write(bytes(4))

    @property
    def calls(self):
        return self.FORM.unpack(self.path.read_bytes())[4]


@pytest.fixture(scope="module")
def fault(network):
    compiler = shutil.which("gcc") or shutil.which("cc") or pytest.skip("no C compiler")
    shim = network.folder / "fault.so"
    source = pathlib.Path(__file__).with_name("fault.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-std=c11", "-D_GNU_SOURCE", "-o", shim, source, "-ldl"], check=True)
    made = Fault(network.folder)
    network.stop("sz")
    network.stop("gz")
    network.environment["RX_ENTER_gz"] = f"env LD_PRELOAD={shim} RX_FAULT_FILE={made.path}"
    network.start("gz")
    yield made
    made.clear()


@pytest.fixture(scope="module")
def subjects(network, fault):
    text = network.gen(1, 20, 77, "--division", "4401")
    assert network.submit(1, text, "fault-1").status == 200
    network.agree("gz", "4401")
    return [r["uscc"] for r in rows_of(text)]


class Asker(threading.Thread):
    """A bank that asks on one connection until the node is gone."""

    def __init__(self, network, subjects, ready):
        super().__init__(daemon=True)
        self.link, self.subjects, self.ready = network.link("gz", "bank"), subjects, ready
        self.receipts, self.refused = [], []

    def ask(self, subject):
        self.link.request("POST", "/v1/reports", json.dumps({"subject": subject, "purpose": "pre_loan", "items": [1]}),
                          {"Content-Type": "application/json"})
        reply = self.link.getresponse()
        return reply.status, json.loads(reply.read())

    def run(self):
        try:
            self.link.connect()
            self.ready.wait(60)
            for n in range(2000):
                status, body = self.ask(self.subjects[n % len(self.subjects)])
                if status == 200:
                    self.receipts.append(body["receipt"])
                else:
                    self.refused.append((status, body))
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            pass


def verify(network, folder):
    member = network.stem("gz").with_suffix(".member.json")
    return network.cli("trail", "verify", folder, "--member", member, check=False)


@pytest.mark.parametrize("kind, path, act", STEPS, ids=lambda v: v if isinstance(v, str) else str(v))
def test_a_node_killed_between_two_steps_has_the_entry_of_every_answer(network, fault, subjects, kind, path, act):
    ready = threading.Barrier(4)
    askers = [Asker(network, subjects, ready) for _ in range(3)]
    for asker in askers:
        asker.start()
    pid = network.pid("gz")
    ready.wait(60)
    until(lambda: all(asker.receipts for asker in askers), 30, "answers come")
    fault.set(kind, path, act)
    until(lambda: not alive(pid), 30, f"the node dies at {kind} {path}")
    fault.clear()
    for asker in askers:
        asker.join(30)
    receipts = [receipt for asker in askers for receipt in asker.receipts]
    assert receipts and all(status in (503,) for asker in askers for status, _ in asker.refused)
    done = verify(network, network.run / "gz" / "trail")
    assert done.returncode == 0, done.stdout + done.stderr
    network.start("gz")
    leaves = leaves_of(network.run / "gz" / "trail")
    for receipt in receipts:
        assert leaves[receipt["index"]] == receipt["leaf_hash"]
    assert network.ask(subjects[0], items=[1]).json["receipt"]["index"] >= len(leaves)


def leaves_of(trail):
    """Leaf hashes, from the tiles that a node makes when it opens its trail."""
    size = int((trail / "checkpoint").read_text().split("\n")[1])
    leaves = []
    for index in range((size + 255) // 256):
        width = min(256, size - 256 * index)
        tile = (trail / "tile/0" / (f"{index:03d}" + ("" if width == 256 else f".p/{width}"))).read_bytes()
        leaves += [tile[at:at + 32].hex() for at in range(0, len(tile), 32)]
    return leaves


FAILURES = [("w", FAIL, errno.EIO), ("w", FAIL, errno.ENOSPC), ("w", FAIL_HALFWAY, errno.ENOSPC), ("d", FAIL, errno.EIO)]


@pytest.mark.parametrize("kind, act, error", FAILURES, ids=["write-EIO", "write-ENOSPC", "short-write", "sync-EIO"])
def test_a_trail_that_cannot_be_written_means_503_and_no_data(network, fault, subjects, kind, act, error):
    before = network.ask(subjects[0], items=[1]).json["receipt"]["index"]
    fault.set(kind, ENTRIES, act, error, stays=1)
    try:
        for n in range(5):
            reply = network.ask(subjects[n], items=[1])
            assert reply.status == 503 and reply.json["type"] == "urn:rongxin:problem:trail_unavailable", reply.body
            assert subjects[n] not in reply.body.decode() and "items" not in reply.json
        assert fault.calls > 0
        assert network.http("gz", "GET", f"/v1/enterprises/{subjects[0]}", "bank").status == 503
    finally:
        fault.clear()
    reply = until(lambda: (r := network.ask(subjects[0], items=[1])).status == 200 and r, 20, "served again")
    assert reply.json["receipt"]["index"] == before + 1


def test_one_failed_sync_costs_its_own_group_only(network, fault, subjects):
    before = network.ask(subjects[0], items=[1]).json["receipt"]["index"]
    fault.set("d", ENTRIES, FAIL, errno.EIO)
    assert network.ask(subjects[1], items=[1]).status == 503
    reply = until(lambda: (r := network.ask(subjects[1], items=[1])).status == 200 and r, 20, "served again")
    assert reply.json["receipt"]["index"] == before + 1
    network.stop("gz")
    done = verify(network, network.run / "gz" / "trail")
    network.start("gz")
    assert done.returncode == 0, done.stdout + done.stderr
