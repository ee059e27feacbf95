"""SIGTERM with batches under way: the stop has a bound, whoever waits is told, nothing is half done,
and the same batches again are taken."""
import hashlib
import http.client
import json
import os
import re
import shutil
import ssl
import threading
import time

import pytest

from rig import DEPARTMENT

ROWS = 15000
BATCHES = 5
SLACK = 10  # for the answers, the bus and PostgreSQL


def until(done, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.02)


def spooled(hub):
    """Sizes of the uploads that the hub holds; their files have no names."""
    folder, sizes = f"/proc/{hub.process.pid}/fd", []
    for name in os.listdir(folder):
        try:
            if "/spool/upload-" in os.readlink(f"{folder}/{name}"):
                sizes.append(os.stat(f"{folder}/{name}").st_size)
        except OSError:
            pass
    return sorted(sizes)


def is_merging(hub, deep=False):
    """A transaction has been at work for a while, or (`deep`) a statement behind the reading of the rows has."""
    return hub.sql("SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active'"
                   " AND xact_start < clock_timestamp() - interval '50 ms'"
                   + (" AND query !~* '^ *copy' AND query_start < clock_timestamp() - interval '20 ms'" if deep else "")) != [["0"]]


def hand_in(hub, files, replies, deep):
    def send(name, body):
        try:
            replies[name] = hub.submit(1, body, name)
        except (OSError, ssl.SSLError, http.client.HTTPException) as cut:
            replies[name] = cut

    threads = [threading.Thread(target=send, args=pair) for pair in files.items()]
    for thread in threads:
        thread.start()
    until(lambda: spooled(hub) == sorted(len(body) for body in files.values()), "the uploads")
    until(lambda: is_merging(hub, deep), "a merge")
    return threads


def stop(hub, threads):
    began = time.monotonic()
    assert hub.stop() == 0, hub.logs()
    for thread in threads:
        thread.join()
    said = re.findall(r"ingest\.stop returned=(\d+) interrupted=(\d+)", hub.log.read_text())[-1]
    return time.monotonic() - began, tuple(map(int, said))


@pytest.mark.parametrize("grace, deep", [(0, False), (0, True), (60, True)], ids=["read", "merged", "finished"])
def test_a_stop_with_batches_waiting_is_bounded_and_every_retry_works(hub_with, grace, deep):
    hub = hub_with(settings=["ingest_threads = 1", f"stop_seconds = {grace}"])
    hub.admit(DEPARTMENT, "department", items=[1])
    files = {f"b-{i}": hub.gen(1, ROWS, 700 + i).encode() for i in range(BATCHES)}
    replies = {}

    spent, (returned, interrupted) = stop(hub, hand_in(hub, files, replies, deep))
    print(f"grace {grace} s: stopped after {spent:.1f} s, {returned} batches returned, {interrupted} interrupted")
    hub.start()
    merged = sorted(name for name, reply in replies.items() if reply.status == 200)

    assert interrupted == (1 if grace == 0 else 0)
    # What was interrupted may have been committed at that very moment.
    assert BATCHES - len(merged) - interrupted <= returned <= BATCHES - max(len(merged), interrupted)
    assert returned >= BATCHES - 2
    assert spent < SLACK + (0 if grace == 0 else 20)
    assert {reply.status for reply in replies.values()} <= {200, 503}
    assert {reply.json["type"] for reply in replies.values() if reply.status == 503} <= {
        "urn:rongxin:problem:busy", "urn:rongxin:problem:not_ready"}
    assert sorted(row[0] for row in hub.sql("SELECT id FROM feed_batch")) == merged
    hub.chain_is_whole()
    for name, body in files.items():
        again = hub.submit(1, body, name)
        assert (again.status, again.json["rows"]) == (200, ROWS)
        assert name not in merged or again.body == replies[name].body
    hub.chain_is_whole()
    assert {n: s["state"] for n, s in hub.streams().items()} == hub.state_digests()


def test_files_of_an_inbox_that_wait_at_a_stop_are_taken_at_the_next_start(hub_with):
    hub = hub_with(settings=["ingest_threads = 1", "stop_seconds = 0", "inbox_seconds = 1"])
    hub.admit(DEPARTMENT, "department", items=[1])
    inbox = hub.folder / "inbox" / DEPARTMENT
    inbox.mkdir(parents=True)
    files = {f"f-{i}": hub.gen(1, ROWS, 720 + i).encode() for i in range(4)}
    for name, body in files.items():
        (inbox / f"{name}.csv").write_bytes(body)
        (inbox / f"{name}.manifest.json").write_text(json.dumps(
            {"item": 1, "id": name, "file": f"{name}.csv", "size": len(body), "digest": hashlib.sha256(body).hexdigest()}))
    for path in (hub.folder / "inbox", inbox, *inbox.iterdir()):
        if os.geteuid() == 0:
            shutil.chown(path, "nobody")
    hub.stop()
    with open(hub.folder / "hub.conf", "a") as conf:
        conf.write(f"inbox = {hub.folder}/inbox\n")
    hub.start()
    until(lambda: is_merging(hub) and len(spooled(hub)) > 1, "claimed files")

    spent, (returned, interrupted) = stop(hub, [])
    receipts = len(list(inbox.glob("*.receipt.json")))
    hub.start()

    assert spent < SLACK and returned + interrupted + receipts > 1
    until(lambda: len(list(inbox.glob("*.receipt.json"))) == len(files), f"the receipts {hub.logs()}", 120)
    assert {json.loads((inbox / f"{name}.receipt.json").read_text())["rows"] for name in files} == {ROWS}
    assert hub.sql("SELECT count(*), count(DISTINCT id) FROM feed_batch") == [["4", "4"]]
    assert not list(inbox.glob("*.refused.json"))
    hub.chain_is_whole()
