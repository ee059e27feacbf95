"""Every way in while something is away: PostgreSQL killed or stopped for a while, disks full, files
half written, the hub killed between two steps of a claim.  A clear error, nothing half done, and
the same batch again works."""
import http.client
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import threading
import time

import pytest

from rig import DEPARTMENT, Hub, need_programs
from test_exchange import Department
from test_failures import positions, wait_for_merge
from test_ways import Inbox, commit, held, put, rows, sha, until

ROWS = 12000


@pytest.fixture
def open_hub():
    """A hub with an inbox: open_hub(settings=…)."""
    need_programs()
    boxes = []

    def make(settings=(), **how):
        box = Hub(settings=["inbox_seconds = 1", *settings], **how)
        boxes.append(box)
        conf = box.folder / "hub.conf"
        conf.write_text(conf.read_text() + f"inbox = {box.folder}/inbox\n")
        box.start()
        box.admit(DEPARTMENT, "department", items=[1, 2])
        return box

    yield make
    for box in boxes:
        box.remove()


@pytest.fixture
def server():
    """A PostgreSQL that no hub runs."""
    box = Department()
    yield box
    box.remove()


def database(hub):
    """Process id of the private PostgreSQL."""
    return int((hub.state / "pg/postmaster.pid").read_text().splitlines()[0])


def quietly(replies, call):
    try:
        replies.append(call())
    except (OSError, ssl.SSLError, http.client.HTTPException):
        replies.append(None)


def revived(hub, call):
    """What `call` says of a hub that is started again when it has ended; None while that fails."""
    if hub.process.poll() is not None:
        hub.process = None
        hub.start()
    try:
        return call(hub)
    except (OSError, ssl.SSLError, http.client.HTTPException, AssertionError):
        return None


def is_whole(hub, batch, count=ROWS):
    assert hub.sql(f"SELECT count(*) FROM feed_batch WHERE id = '{batch}'") == [["1"]]
    assert hub.http("GET", f"/v1/feeds/1/batches/{batch}", "dept").json["rows"] == count
    hub.chain_is_whole()
    assert {n: s["state"] for n, s in hub.streams().items()} == hub.state_digests()


# --- PostgreSQL ---

def test_a_commit_of_parts_survives_the_death_of_the_database(open_hub):
    hub, replies = open_hub(), []
    plain = rows(hub, ROWS, 901)
    put(hub, 1, "parts", plain, 0, len(plain))
    before = positions(hub)
    thread = threading.Thread(target=quietly, args=(replies, lambda: commit(hub, 1, "parts", plain)))
    thread.start()
    wait_for_merge(hub)

    os.kill(database(hub), signal.SIGKILL)
    assert hub.process.wait(60) == 1
    thread.join()
    hub.process = None
    hub.start()

    assert replies[0] is None or (replies[0].status, replies[0].json["type"]) == (503, "urn:rongxin:problem:not_ready")
    assert positions(hub) == before
    assert held(hub, 1, "parts") == len(plain), "nothing has to be sent again"
    assert commit(hub, 1, "parts", plain).status == 200
    is_whole(hub, "parts")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_claimed_file_survives_the_end_of_the_database(open_hub, number):
    hub = open_hub()
    inbox, plain = Inbox(hub), rows(hub, ROWS, 902)
    before = positions(hub)
    inbox.hand_in("claimed", plain)
    wait_for_merge(hub)

    os.kill(database(hub), number)
    assert hub.process.wait(60) == 1
    hub.process = None
    assert not inbox.has("claimed.receipt.json") and not inbox.has("claimed.refused.json")
    hub.start()

    assert inbox.receipt("claimed")["rows"] == ROWS
    until(inbox.is_empty)
    assert sum(after - before[name] for name, after in positions(hub).items() if name in before) <= ROWS
    is_whole(hub, "claimed")


def test_a_database_of_its_own_may_be_away_for_a_while(open_hub, server):
    """`database` names one that the hub does not run: the hub stays, says so, and goes on later."""
    hub = open_hub(settings=[f"database = {server.conninfo()}"])
    inbox, plain = Inbox(hub), rows(hub, 500, 903)
    put(hub, 1, "parts", plain, 0, len(plain))

    server.stop()
    replies = [hub.submit(1, plain, "whole"), commit(hub, 1, "parts", plain), hub.http("GET", "/readyz")]
    inbox.hand_in("file", plain)
    until(lambda: "inbox.failed" in hub.log.read_text(), what="a word about the file")

    assert {(r.status, r.json["type"]) for r in replies} == {(503, "urn:rongxin:problem:not_ready")}
    assert held(hub, 1, "parts") == len(plain)
    assert not inbox.has("file.refused.json") and hub.process.poll() is None

    server.start()
    until(lambda: hub.http("GET", "/readyz").status == 200, what="the database")
    assert inbox.receipt("file")["rows"] == 500
    assert hub.submit(1, plain, "whole").json["rows"] == 500
    assert commit(hub, 1, "parts", plain).json["rows"] == 500
    assert hub.sql("SELECT count(*) FROM feed_batch") == [["3"]]
    hub.chain_is_whole()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_of_the_database_is_told_and_loses_nothing():
    need_programs()
    hub = Hub(state="disk/hub")
    disk = hub.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(disk)], capture_output=True, text=True)
    if mounted.returncode != 0:
        hub.remove()
        pytest.skip("no mount here: " + mounted.stderr.strip())
    try:
        shutil.chown(disk, "nobody")
        hub.start()
        hub.admit(DEPARTMENT, "department", items=[1])
        assert hub.submit(1, rows(hub, 100, 904), "before").status == 200
        before, plain = positions(hub), rows(hub, 30000, 905)
        free = os.statvfs(disk)
        (disk / "ballast").write_bytes(bytes(free.f_bavail * free.f_frsize - 2 * len(plain)))
        replies = []

        quietly(replies, lambda: hub.submit(1, plain, "full"))
        (disk / "ballast").unlink()
        # Without room for its log PostgreSQL starts again by itself, or ends and the hub with it.
        until(lambda: revived(hub, positions) == before, what="the ledger as it was")

        assert replies[0] is None or (replies[0].status, replies[0].json["type"]) == (503, "urn:rongxin:problem:not_ready")
        until(lambda: revived(hub, lambda _: hub.submit(1, plain, "full").status) == 200, what="the retry's receipt")
        is_whole(hub, "full", 30000)
    finally:
        hub.stop()
        subprocess.run(["umount", "-l", str(disk)], check=True)
        hub.remove()


# --- the spool ---

def test_parts_and_files_wait_while_the_spool_cannot_be_written(open_hub):
    hub = open_hub()
    inbox, plain = Inbox(hub), rows(hub, 200, 906)
    away = hub.state / "spool-away"
    (hub.state / "spool").rename(away)

    refused = put(hub, 1, "parts", plain, 0, len(plain))
    inbox.hand_in("file", plain)
    until(lambda: "step=take" in hub.log.read_text(), what="a word about the file")

    assert (refused.status, refused.json["type"]) == (503, "urn:rongxin:problem:not_ready")
    assert not inbox.has("file.refused.json")
    away.rename(hub.state / "spool")
    assert inbox.receipt("file")["rows"] == 200
    assert put(hub, 1, "parts", plain, 0, len(plain)).status == 200
    assert commit(hub, 1, "parts", plain).json["rows"] == 200
    hub.chain_is_whole()


# --- inbox folders, cut in the middle ---

def test_a_manifest_that_is_half_written_is_taken_when_it_is_whole(open_hub):
    hub = open_hub()
    inbox, plain = Inbox(hub), rows(hub, 50, 907)
    inbox.write("half.csv", plain)
    inbox.manifest("half", plain)
    path = inbox.path / "half.manifest.json"
    if not path.exists():
        pytest.skip("it was taken before it could be halved")
    text = path.read_bytes()
    path.write_bytes(text[:len(text) // 2])
    until(lambda: b"rongxin_hub_inbox_waiting 1" in hub.http("GET", "/metrics").body, what="a look at it")

    assert not inbox.has("half.refused.json") and path.exists()
    path.write_bytes(text)
    assert inbox.receipt("half")["rows"] == 50


def killed_after(step, inbox, name, plain):
    """The folder as a kill leaves it right after this step."""
    claimed = inbox.path / ".claimed"
    (inbox.path / f"{name}.manifest.json").rename(claimed / f"{name}.manifest.json")
    if step == "claim":
        return
    (inbox.path / f"{name}.csv").rename(claimed / f"{name}.data")
    if step == "take":
        return
    receipt = inbox.hub.http("POST", "/v1/feeds/1/batches", "dept", plain, {"Content-Type": "text/csv", "Idempotency-Key": name})
    assert receipt.status == 200
    if step == "commit":
        return
    (inbox.path / f"{name}.receipt.json").write_bytes(receipt.body)
    (claimed / f"{name}.manifest.json").rename(claimed / f"{name}.done")
    if step == "settle":
        return
    (claimed / f"{name}.data").rename(inbox.path / "done" / f"{sha((claimed / f'{name}.done').read_bytes())[:12]}-{name}.csv")


def test_a_hub_killed_after_any_step_of_a_claim_takes_the_file_once(open_hub):
    hub = open_hub()
    inbox = Inbox(hub)
    steps = ("claim", "take", "commit", "settle", "move")
    files = {step: rows(hub, 50, 910 + i) for i, step in enumerate(steps)}
    inbox.hand_in("warm", rows(hub, 5, 909))
    inbox.receipt("warm")
    until(inbox.is_empty)
    # Its looks go elsewhere while the folder is put into those states.
    elsewhere = hub.folder / "elsewhere"
    inbox.path.rename(elsewhere)
    shown, inbox.path = inbox.path, elsewhere
    for step, plain in files.items():
        inbox.hand_in(step, plain)
        killed_after(step, inbox, step, plain)
    for path in elsewhere.rglob("*"):
        inbox.own(path)

    hub.stop(signal.SIGKILL)
    elsewhere.rename(shown)
    inbox.path = shown
    hub.start()

    for step in steps:
        assert inbox.receipt(step)["rows"] == 50
    until(inbox.is_empty)
    done = inbox.names("done")
    assert [done.count(f"{step}.csv") for step in steps] == [1] * len(steps)
    assert [done.count(f"{step}.manifest.json") for step in steps] == [1] * len(steps)
    assert hub.sql("SELECT count(*) FROM feed_batch WHERE id <> 'warm'") == [[str(len(steps))]]
    assert not list(inbox.path.glob("*.refused.json"))
    hub.chain_is_whole()
