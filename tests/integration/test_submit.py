"""`rongxin feed submit` over a link that is cut again and again, and with a hub that is killed: in
the end there is one receipt, that of a whole upload."""
import hashlib
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from rig import BIN

KIB, MIB = 1 << 10, 1 << 20
ROWS = 20000


class Proxy:
    """Passes bytes on to the hub.  `cuts`: after how many bytes of the sender a connection ends, one
    after the other, then nothing is cut any more; `at_cut` is called each time."""

    def __init__(self, hub, cuts, at_cut):
        self.hub, self.cuts, self.at_cut = hub, list(cuts), at_cut
        self.sent = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.pass_on, args=(client,), daemon=True).start()

    def pass_on(self, client):
        host, port = self.hub.ready["listen"].rsplit(":", 1)
        try:
            server = socket.create_connection((host, int(port)))
        except OSError:
            client.close()
            return
        passed = 0
        threading.Thread(target=self.pass_back, args=(server, client), daemon=True).start()
        try:
            while data := client.recv(16 * KIB):
                server.sendall(data)
                passed += len(data)
                self.sent += len(data)
                if self.cuts and passed >= self.cuts[0]:
                    self.cuts.pop(0)
                    self.at_cut()
                    break
        except OSError:
            pass
        for end in (client, server):
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    @staticmethod
    def pass_back(server, client):
        try:
            while data := server.recv(16 * KIB):
                client.sendall(data)
        except OSError:
            pass

    def close(self):
        self.listener.close()


@pytest.fixture
def through(hub):
    proxies = []

    def make(*cuts, at_cut=lambda: None):
        proxies.append(Proxy(hub, cuts, at_cut))
        return proxies[-1]

    yield make
    for proxy in proxies:
        proxy.close()


def words(hub, url, item, path, *more):
    return [str(BIN / "rongxin"), "feed", "submit", str(item), str(path), "--hub", url, "--ca",
            str(hub.folder / "net/ca.crt"), "--as", str(hub.folder / "id/dept"), "--json", *map(str, more)]


def submit(hub, url, path, *more, data=None, code=0):
    done = subprocess.run(words(hub, url, 1, path, *more), input=data, capture_output=True, timeout=240)
    assert done.returncode == code, (done.returncode, done.stderr, hub.logs())
    done.receipt = json.loads(done.stdout) if code == 0 else None
    return done


def file_of(hub, seed, rows=ROWS):
    path = hub.folder / f"feed-{seed}.csv"
    path.write_text(hub.gen(1, rows, seed))
    return path


def is_that_of_a_whole_upload(hub, receipt, path, batch, rows=ROWS):
    whole = hub.submit(1, path.read_bytes(), batch)
    assert whole.status == 200 and whole.json == receipt
    assert receipt["rows"] == rows == receipt["accepted"] + receipt["unchanged"] + receipt["rejected"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert hub.sql(f"SELECT encode(digest, 'hex'), size FROM feed_batch WHERE id = '{batch}'") == [
        [digest, str(path.stat().st_size)]]
    return True


@pytest.mark.parametrize("coding", [(), ("--gzip",), ("--zstd",)], ids=["plain", "gzip", "zstd"])
def test_parts_go_on_where_each_cut_left_off(hub, through, coding):
    path, batch = file_of(hub, 800), f"cuts{''.join(coding)}"
    proxy = through(*[60 * KIB if coding else 700 * KIB] * 5)

    done = submit(hub, proxy.url, path, "--id", batch, "--resume", "--part-mib", 1, *coding)

    assert is_that_of_a_whole_upload(hub, done.receipt, path, batch)
    assert proxy.cuts == [] and done.stderr.count(b"again in") == 5
    hub.chain_is_whole()


def test_a_whole_upload_is_tried_again(hub, through):
    path = file_of(hub, 801)
    proxy = through(60 * KIB, 100 * KIB, 50)

    done = submit(hub, proxy.url, path, "--id", "whole", "--zstd")

    assert is_that_of_a_whole_upload(hub, done.receipt, path, "whole")
    assert hub.sql("SELECT count(*) FROM feed_batch WHERE id = 'whole'") == [["1"]]


def test_a_hub_that_is_killed_in_the_middle_is_waited_for(hub, through):
    path, killed = file_of(hub, 802), threading.Event()

    def kill():
        hub.stop(signal.SIGKILL)
        killed.set()
        hub.start()

    proxy = through(600 * KIB, 400 * KIB, at_cut=lambda: killed.is_set() or kill())

    done = submit(hub, proxy.url, path, "--id", "killed", "--resume", "--part-mib", 1)

    assert killed.is_set()
    assert is_that_of_a_whole_upload(hub, done.receipt, path, "killed")
    hub.chain_is_whole()


def test_another_process_goes_on_with_what_the_hub_has(hub, through):
    path = file_of(hub, 803)
    size, first = path.stat().st_size, through()
    process = subprocess.Popen(words(hub, first.url, 1, path, "--id", "resumed", "--resume", "--part-mib", 1),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while first.sent < size // 2 and process.poll() is None and time.monotonic() < deadline:
        pass
    process.kill()
    process.wait()
    held = hub.http("GET", "/v1/feeds/1/batches/resumed/content", "dept").json["held"]
    second = through()

    done = submit(hub, second.url, path, "--id", "resumed", "--resume")

    assert held >= MIB
    assert second.sent < size - held + 64 * KIB
    assert is_that_of_a_whole_upload(hub, done.receipt, path, "resumed")


def test_a_lost_answer_is_fetched_without_sending_again(hub, through):
    path = file_of(hub, 804)
    submit(hub, through().url, path, "--id", "lost", "--resume")
    proxy = through()

    done = submit(hub, proxy.url, path, "--id", "lost", "--resume")

    assert is_that_of_a_whole_upload(hub, done.receipt, path, "lost")
    assert proxy.sent < 64 * KIB


def test_other_bytes_of_an_earlier_attempt_are_begun_again(hub, through):
    path = file_of(hub, 805, 2000)
    data = bytes(1000)
    assert hub.http("PUT", "/v1/feeds/1/batches/other/content", "dept", data,
                    {"Content-Range": f"bytes 0-999/{path.stat().st_size}"}).status == 200

    done = submit(hub, through().url, path, "--id", "other", "--resume")

    assert is_that_of_a_whole_upload(hub, done.receipt, path, "other", 2000)


@pytest.mark.parametrize("more", [("--gzip",), ("--resume",), ("--resume", "--gzip")], ids=" ".join)
def test_standard_input_may_be_coded_and_sent_in_parts(hub, through, more):
    path, batch = file_of(hub, 806, 2000), f"stdin{''.join(more)}"

    done = submit(hub, through().url, "-", "--id", batch, *more, data=path.read_bytes())

    assert is_that_of_a_whole_upload(hub, done.receipt, path, batch, 2000)


def test_a_hub_that_is_busy_is_asked_again_and_only_its_receipt_is_printed(hub, through):
    path = file_of(hub, 810, 100)
    (hub.state / "spool").rename(hub.state / "spool-away")
    back = threading.Timer(2, (hub.state / "spool-away").rename, [hub.state / "spool"])
    back.start()

    done = submit(hub, through().url, path, "--id", "busy")
    back.join()

    assert b"not_ready" in done.stderr and b"again in" in done.stderr
    assert is_that_of_a_whole_upload(hub, done.receipt, path, "busy", 100)


def test_an_empty_file_is_refused_the_same_in_parts(hub, through):
    path = hub.folder / "empty.csv"
    path.write_bytes(b"")

    for more in ((), ("--id", "empty", "--resume")):
        assert b"batch_unreadable" in submit(hub, through().url, path, *more, code=1).stderr


def test_exit_codes_are_those_of_the_other_commands(hub, through):
    path, url = file_of(hub, 807, 100), through().url
    closed = socket.create_server(("127.0.0.1", 0))
    away = f"https://127.0.0.1:{closed.getsockname()[1]}"
    closed.close()

    assert b"send it again" in submit(hub, away, path, "--retries", 1, code=3).stderr
    assert b"--resume wants --id" in submit(hub, url, path, "--resume", code=2).stderr
    submit(hub, url, path, "--gzip", "--zstd", code=2)
    submit(hub, url, hub.folder / "no-such-file", code=3)
    submit(hub, url, path, "--id", "taken")
    other = file_of(hub, 808, 100)
    for more in ((), ("--resume",)):
        assert b"batch_conflict" in submit(hub, url, other, "--id", "taken", *more, code=1).stderr


def test_progress_is_for_terminals_only(hub, through):
    path = file_of(hub, 809)
    quiet = submit(hub, through().url, path, "--id", "quiet", "--resume")
    slow = through(600 * KIB)  # it waits at least half a second then
    ours, theirs = pty.openpty()
    done = subprocess.run(words(hub, slow.url, 1, path, "--id", "shown", "--resume", "--part-mib", 1),
                          stdout=subprocess.DEVNULL, stderr=theirs, timeout=120)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:
        pass  # the other end is closed

    assert quiet.stderr == b""
    assert done.returncode == 0
    assert b"MiB sent" in shown
