"""Nothing acknowledged is lost when the power is: on either end, what was
written behind the last fsync is dropped (powercut.py says exactly what)."""
import hashlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import threading

import powercut
import pytest
from harness import BIN, alive, rows_of, until
from test_trail import checkpoint, leaves_from_tiles

SEED = int(os.environ.get("RX_SEED", "1"))
CUTS = [None, SEED, SEED + 1]  # all of it is gone; or a part, by chance
DEPARTMENT = "11100000MB00000510"
JOSE = {"Content-Type": "application/jose"}
SANITIZED = any(word in (BIN / "rongxin-node").read_bytes() for word in (b"__asan_init", b"__tsan_init"))
pytestmark = pytest.mark.skipif(SANITIZED, reason="a sanitizer wants to be preloaded first")


@pytest.fixture(scope="module")
def shim(network):
    return powercut.build(network.folder / "powercut.so") or pytest.skip("no C compiler")


def children(pid):
    """Of this process, as /proc has them."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(words[1]) == pid:
            yield int(stat.parent.name)


def kill_database(pidfile):
    """A hub's own, at once: it would write down what it has if it were asked
    to end, as it is when the hub is gone."""
    if not pidfile.exists():
        return
    server = int(pidfile.read_text().split()[0])
    for pid in (server, *children(server)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    until(lambda: not alive(server), 30, "the database is dead")


class Mains:
    """One part of a network whose power can be cut."""

    def __init__(self, network, shim, part, but=()):
        self.network, self.shim, self.part, self.but = network, shim, part, ("ready", *but)
        self.folder = network.run / part
        self.journal = network.folder / f"{part}.journal"

    def on(self):
        """Start, with a look at what is on disk before."""
        self.journal.unlink(missing_ok=True)
        self.journal.touch()
        self.journal.chmod(0o666)  # PostgreSQL, started by nobody, writes it too
        self.disk = powercut.Disk(self.folder, self.but, named=("pg",))
        self.network.environment[f"RX_ENTER_{self.part}"] = powercut.enter(self.shim, self.folder, self.journal)
        try:
            self.network.start(self.part)
        finally:
            del self.network.environment[f"RX_ENTER_{self.part}"]

    def cut(self, seed=None):
        kill_database(self.folder / "pg" / "postmaster.pid")
        self.network.kill(self.part)
        self.disk.replay(self.journal)
        lost = self.disk.restore(random.Random(seed) if seed is not None else None)
        print(f"{self.part}: {self.journal.stat().st_size >> 10} KiB told, {lost} writes and names lost")


def until_over(over, act):
    """Again and again; an answer that never came counts for nothing."""
    while not over.is_set():
        try:
            act()
        except (OSError, http.client.HTTPException, ValueError):
            over.wait(0.01)


def put_part(network, batch, body, first, last):
    head = {"Content-Type": "text/csv", "Content-Range": f"bytes {first}-{last - 1}/{len(body)}"}
    reply = network.http("hub", "PUT", f"/v1/feeds/1/batches/{batch}/content", "dept", body[first:last], head)
    assert reply.status == 200, reply.body
    return reply.json["held"]


def hold(network, batch, seed):
    """A batch with too many bad rows: its receipt."""
    header, *lines = network.gen(1, 200, seed, "--division", "4403").splitlines()
    return network.submit(1, "\n".join([header, *lines[:80], *["x" + line for line in lines[80:]]]) + "\n", batch).json


@pytest.mark.parametrize("part", ["gz", "hub"])
def test_the_journal_tells_all_that_was_done(network, shim, part):
    """Or what it does not tell would never be lost, and nothing shown."""
    mains = Mains(network, shim, part, but=("pg.log",))
    network.stop(part)
    mains.on()
    text = network.gen(1, 200, 79 + len(part), "--division", "4401")
    assert network.submit(1, text, f"told-{part}").status == 200
    network.agree("gz", "4401")
    for row in rows_of(text)[:20]:
        network.ask(row["uscc"], items=[1])
    body = network.gen(1, 300, 84, "--division", "4403").encode()
    assert put_part(network, f"told-part-{part}", body, 0, len(body) // 2) == len(body) // 2
    assert hold(network, f"told-held-{part}", 85)["state"] == "held"
    network.stop(part)
    mains.disk.replay(mains.journal)
    differences = mains.disk.differences()
    network.start(part)
    assert differences == []


@pytest.mark.parametrize("seed, is_alone", [(None, False), (None, True), (SEED, False), (SEED + 1, True)])
def test_a_node_without_power_loses_no_answer_and_no_consent(network, shim, seed, is_alone):
    """While it takes batches, answers and registers consents; or while its
    parent is away, so that the node alone has some of these."""
    node = Mains(network, shim, "gz")
    text = network.gen(1, 400, 81, "--division", "4401")
    assert network.submit(1, text, "powercut").status == 200
    network.agree("gz", "4401")
    codes = [r["uscc"] for r in rows_of(text)]
    who = network.subject_identity(codes[0])
    network.agree("gz", "4401")
    network.stop("gz")
    node.on()
    network.agree("gz", "4401")
    receipts, consents, over = [], {}, threading.Event()
    chance = random.Random(seed)
    numbers = iter(range(10**6))
    tag = f"powercut-{seed}-{is_alone}"

    def ask():
        reply = network.ask(chance.choice(codes), items=[1])
        if reply.status == 200:
            receipts.append(reply.json["receipt"])

    def hand_in():
        n = next(numbers)
        network.submit(1, network.gen(1, 50, chance.randrange(10**9), "--division", "4401"), f"{tag}-{n}")

    def consent():
        name = f"{tag}-consent-{next(numbers)}"
        reply = network.http("gz", "POST", "/v1/consents", "bank", network.sign_consent(who, consent_id=name), JOSE)
        if reply.status in (201, 202):
            consents[name] = reply.json["state"]

    threads = [threading.Thread(target=until_over, args=(over, act)) for act in (ask, ask, ask, hand_in, consent, consent)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: len(receipts) > 300 and list(consents.values()).count("active") > 2, 30, "traffic")
        if is_alone:
            network.kill("gd")
            until(lambda: list(consents.values()).count("pending") > 1, 30, "consents that the node alone has")
        node.cut(seed)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    if is_alone:
        network.start("gd")
    network.start("gz")

    newest = max(r["index"] for r in receipts)
    size = until(lambda: (n := int(checkpoint(network).split("\n")[1])) > newest and n, 20, "a checkpoint over all answers")
    leaves = leaves_from_tiles(network, size)
    for receipt in receipts:
        assert leaves[receipt["index"]].hex() == receipt["leaf_hash"], receipt
    assert network.http("gz", "GET", f"/v1/trail/entries/{newest}", "bank").status == 200
    network.agree("gz", "4401")

    def states():
        return {name: network.http("gz", "GET", f"/v1/consents/{name}", "bank").json.get("state") for name in consents}
    until(lambda: set(states().values()) == {"active"}, 30, "all consents are active")
    assert "store.damaged" not in (network.run / "log" / "gz.log").read_text()
    print(f"{len(receipts)} answers, {len(consents)} consents, {sum(s == 'pending' for s in consents.values())} of them pending")


@pytest.mark.parametrize("seed", CUTS)
def test_a_hub_without_power_loses_no_part_and_no_held_batch(network, shim, seed):
    """What it says to hold of an upload in parts, it holds; a batch that waits
    for an operator can be released."""
    tag, number = f"mains-{seed}", 90 + CUTS.index(seed)
    body = network.gen(1, 3000, number, "--division", "4403").encode()
    third = len(body) // 3
    hub = Mains(network, shim, "hub", but=("pg.log",))
    network.stop("hub")
    hub.on()
    assert put_part(network, tag, body, 0, third) == third
    assert put_part(network, tag, body, third, 2 * third) == 2 * third
    assert hold(network, f"{tag}-held", 10 * number)["state"] == "held"
    hub.cut(seed)
    network.start("hub")

    there = network.http("hub", "GET", f"/v1/feeds/1/batches/{tag}/content", "dept").json["held"]
    assert there >= 2 * third, "what was said to be held"
    assert put_part(network, tag, body, there, len(body)) == len(body)
    done = network.http("hub", "POST", f"/v1/feeds/1/batches/{tag}/commit", "dept", json.dumps(
        {"digest": hashlib.sha256(body).hexdigest(), "size": len(body), "content_type": "text/csv"}))
    assert done.status == 200 and done.json["rows"] == 3000, done.body
    released = network.http("hub", "POST", f"/v1/feeds/1/batches/{tag}-held/release?provider={DEPARTMENT}", "operator")
    assert released.status == 200 and released.json["rows"] == 200, released.body


@pytest.mark.parametrize("seed", CUTS[:2])
def test_a_hub_whose_database_loses_power_too_loses_no_receipt_and_no_consent(network, shim, seed):
    """Batches, members and consents that were acknowledged are there; no node
    is ahead of the hub, so what was told to nobody may be gone."""
    hub, tag = Mains(network, shim, "hub", but=("pg.log",)), f"database-{seed}"
    who = network.subject_identity(rows_of(network.gen(1, 1, 6, "--division", "4401"))[0]["uscc"])
    network.stop("hub")
    hub.on()
    taken, members, consents, over, numbers = [], [], [], threading.Event(), iter(range(10**6))

    def hand_in():
        name = f"{tag}-{next(numbers)}"
        rows = network.gen(1, 60, next(numbers) + 7000, "--division", "4401,4403")
        if network.submit(1, rows, name).status == 200:
            taken.append(name)

    def admit():
        code = f"{tag}-bank-{next(numbers)}"
        document = {"code": code, "name": code, "kind": "bank"}
        if network.http("hub", "POST", "/v1/members", "operator", document, {"Content-Type": "application/json"}).status == 200:
            members.append(code)

    def consent():
        name = f"{tag}-consent-{next(numbers)}"
        if network.http("gz", "POST", "/v1/consents", "bank", network.sign_consent(who, consent_id=name), JOSE).status == 201:
            consents.append(name)

    threads = [threading.Thread(target=until_over, args=(over, act)) for act in (hand_in, hand_in, admit, consent)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: min(map(len, (taken, members, consents))) > 4 and len(taken) > 12, 60, "traffic")
        hub.cut(seed)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    network.start("hub")
    known = {m["code"] for m in network.http("hub", "GET", "/v1/members").json["members"]}
    assert set(members) <= known
    for name in taken:
        receipt = network.http("hub", "GET", f"/v1/feeds/1/batches/{name}", "dept")
        assert receipt.status == 200 and receipt.json["rows"] == 60, name
    for part, division in (("gd", "44"), ("gz", "4401"), ("sz", "4403")):
        network.agree(part, division)
    for name in consents:
        assert network.http("gz", "GET", f"/v1/consents/{name}", "bank").json["state"] == "active"
    print(f"{len(taken)} batches, {len(members)} members, {len(consents)} consents")


def put_file(path, data, like):
    """As a department's server does: whole, and on disk."""
    beside = path.with_name(f".{path.name}.up")
    with beside.open("wb") as file:
        file.write(data)
    os.chown(beside, like.st_uid, like.st_gid)
    beside.rename(path)


@pytest.mark.parametrize("seed", CUTS[::2])
def test_a_hub_without_power_loses_no_file_of_its_inbox(network, shim, seed):
    """Cut while some files are under way and others wait: each becomes one
    batch and gets its receipt."""
    hub, tag = Mains(network, shim, "hub", but=("pg.log",)), f"inbox-{seed}"
    inbox = network.run / "hub" / "inbox" / DEPARTMENT
    network.stop("hub")
    inbox.mkdir(parents=True, exist_ok=True)
    like = network.run.joinpath("hub").stat()
    for folder in (inbox, inbox.parent):
        os.chown(folder, like.st_uid, like.st_gid)
    names = [f"{tag}-{n}" for n in range(12)]
    for n, name in enumerate(names):
        data = network.gen(1, 400, 9000 + 20 * CUTS.index(seed) + n, "--division", "4403").encode()
        digest = hashlib.sha256(data).hexdigest()
        put_file(inbox / f"{name}.csv", data, like)
        put_file(inbox / f"{name}.manifest.json", json.dumps(
            {"item": 1, "id": name, "file": f"{name}.csv", "size": len(data), "digest": digest}).encode(), like)
    network.environment["RONGXIN_HUB_INBOX"] = str(inbox.parent)
    try:
        hub.on()
        until(lambda: list(inbox.glob(f"{tag}-*.receipt.json")), 60, "the first receipt")
        hub.cut(seed)
        network.start("hub")
        for name in names:
            answers = until(lambda: list(inbox.glob(f"{name}.re*.json")), 60, f"an answer to {name}")
            assert [a.name for a in answers] == [f"{name}.receipt.json"], answers[0].read_text()
            assert network.http("hub", "GET", f"/v1/feeds/1/batches/{name}", "dept").json["rows"] == 400
        until(lambda: not list(inbox.glob("*.manifest.json")) and not list((inbox / ".claimed").iterdir()), 60, "all is put away")
    finally:
        del network.environment["RONGXIN_HUB_INBOX"]
        network.stop("hub")
        shutil.rmtree(inbox.parent)
        network.start("hub")
    network.agree("sz", "4403")
