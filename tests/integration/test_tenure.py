"""Two hubs on one PostgreSQL: one works, the other stands by and takes over."""
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import threading

import pytest

from rig import DEPARTMENT, Hub, need_programs
from test_exchange import Department, until


class Standby(Hub):
    """Another hub with the keys and settings of `first`, in a folder of its own."""

    def __init__(self, first):
        self.first = first
        super().__init__(settings=first.settings)

    def make_keys(self):
        for name in ("net", "id", "sql", "console"):
            shutil.copytree(self.first.folder / name, self.folder / name)
        conf = (self.first.folder / "hub.conf").read_text()
        (self.folder / "hub.conf").write_text(conf.replace(str(self.first.folder), str(self.folder)))
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "nobody:", str(self.folder)], check=True)


def launch(hub):
    """Start it, and do not wait until it is ready."""
    (hub.folder / "ready").unlink(missing_ok=True)
    with open(hub.log, "ab") as log:
        hub.process = subprocess.Popen([str(hub.program()), "--config", str(hub.folder / "hub.conf")], stdout=log, stderr=log)


def stands_by(hub):
    return until(lambda: said(hub, "hub.standby"), 30, hub.logs)


def said(hub, event):
    return hub.log.exists() and event in hub.log.read_text()


def works(hub):
    until(lambda: (hub.folder / "ready").exists(), 60, hub.logs)
    hub.ready = json.loads((hub.folder / "ready").read_text())
    return hub


def tenure(server):
    return int(server.sql("SELECT number FROM tenure")[0][0])


@pytest.fixture(scope="module")
def server():
    need_programs()
    box = Department()
    yield box
    box.remove()


@pytest.fixture(scope="module")
def pair(server):
    first = Hub(settings=[f"database = {server.conninfo()}"])
    second = Standby(first)
    try:
        first.start().admit(DEPARTMENT, "department", items=[1])
        yield first, second
    finally:
        first.remove()
        second.remove()


def quietly(call):
    try:
        call()
    except (OSError, ssl.SSLError, http.client.HTTPException):
        pass


def submit(hub, batch, seed):
    reply = hub.submit(1, hub.gen(1, 200, seed), batch)
    assert reply.status == 200, reply.body
    return reply.json


def test_the_second_hub_stands_by_and_goes_on_where_a_killed_one_was(pair, server):
    first, second = pair
    receipt = submit(first, "before", 1)
    launch(second)
    stands_by(second)
    assert second.process.poll() is None and not (second.folder / "ready").exists()
    number = tenure(server)

    first.stop(signal.SIGKILL)
    works(second)
    assert tenure(server) == number + 1
    assert second.http("GET", "/v1/feeds/1/batches/before", "dept").json == receipt
    assert submit(second, "before", 1) == receipt
    submit(second, "after", 2)
    second.chain_is_whole()
    assert {n: s["state"] for n, s in second.streams().items()} == second.state_digests()


def test_a_hub_that_is_stopped_gives_way_at_once(pair):
    first, second = pair
    first.log.unlink()
    launch(first)
    stands_by(first)
    assert second.stop() == 0
    submit(works(first), "handed-over", 3)
    first.chain_is_whole()


def test_a_hub_that_stands_still_is_succeeded_and_ends_when_it_wakes(pair, server):
    """It is stopped in the middle of a merge, with rows of its stream locked."""
    first, second = pair
    second.log.unlink()
    launch(second)
    stands_by(second)
    number = tenure(server)
    lock = server.session()
    lock("BEGIN; LOCK TABLE change_log IN SHARE MODE;")
    body = first.gen(1, 200, 4)
    sender = threading.Thread(target=quietly, args=(lambda: first.submit(1, body, "interrupted"),))
    sender.start()
    until(lambda: server.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") != [["0"]], 30, "the merge waits")
    os.kill(first.process.pid, signal.SIGSTOP)
    try:
        lock("COMMIT;")
        works(second)
        assert tenure(server) == number + 1
        submit(second, "successor", 5)
    finally:
        os.kill(first.process.pid, signal.SIGCONT)
        sender.join(60)
    assert first.process.wait(60) == 1
    first.process = None
    assert said(first, "tenure.over")
    submit(second, "still", 6)
    second.chain_is_whole()


def test_a_hub_without_a_successor_goes_on_when_the_database_was_started_again(pair, server):
    _, second = pair
    number, pid = tenure(server), second.process.pid
    server.hang_up()
    server.stop()
    server.start()
    until(lambda: said(second, "tenure.renewed"), 30, second.logs)
    assert tenure(server) == number and second.process.poll() is None and second.process.pid == pid
    until(lambda: second.submit(1, second.gen(1, 200, 7), "renewed").status == 200, 30, second.logs)
    second.chain_is_whole()
