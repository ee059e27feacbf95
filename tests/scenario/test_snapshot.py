"""Images of streams: a node that is too far behind its parent's log, new, or
not what the hub signed, gets what it lacks and nothing else."""
import http.client
import json
import os
import random
import re
import shutil
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from harness import Network, rows_of, until

pytest.importorskip("zmq", reason="python3-zmq is missing")
import wire  # noqa: E402
from rocks import Store  # noqa: E402

ROWS = 3000


@pytest.fixture(scope="module")
def network():
    """Nodes keep nothing of their logs but the newest batch of each stream."""
    os.environ["RONGXIN_NODE_LOG_BYTES"] = "1"
    net = Network()
    try:
        yield net.up()
    finally:
        del os.environ["RONGXIN_NODE_LOG_BYTES"]
        net.down()


def log_of(network, part, event):
    lines = (network.run / "log" / f"{part}.log").read_text(errors="replace").splitlines()
    return [line for line in lines if f" {event} " in line]


def fact(line, name):
    return int(re.search(rf"\b{name}=(\d+)", line).group(1))


def loads(network, part, stream):
    return [line for line in log_of(network, part, "load.done") if f"stream={stream} " in line]


def metric(network, part, name):
    text = network.http(part, "GET", "/metrics").body.decode()
    return sum(int(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


def trimmed(network, stream, after):
    """Wait until the province has no batch behind this position any more."""
    child = wire.Child(network, "gd", "gz", f"{network.stem('gd')}.curve.pub")
    try:
        until(lambda: child.request(3, wire.field(1, stream) + wire.field(2, after) + wire.field(3, 1))[0] == 4, 30, f"{stream} is trimmed")
    finally:
        child.close()


def stop_city(network):
    """Returns where it was."""
    position = network.streams("gz")["4401"]["position"]
    network.stop("gz")
    return position


class Generations:
    """The same enterprises again and again, each time with other names."""

    def __init__(self, network):
        self.network, self.number = network, 0
        self.text = network.gen(1, ROWS, 71, "--division", "4401,4403")
        # The city's own: about others it asks another node.
        self.codes = [r["uscc"] for r in rows_of(self.text) if r["division"].startswith("4401")]

    def next(self):
        self.number += 1
        text = self.text.replace("有限公司", f"有限公司{self.number}代")
        assert self.network.submit(1, text, f"generation-{self.number}").status == 200
        self.network.agree("gd", "44")


@pytest.fixture(scope="module")
def held(network):
    generations = Generations(network)
    generations.next()
    for item in (11, 19):
        assert network.submit(item, network.gen(item, ROWS // 3, 71, "--division", "4401,4403"), f"snapshot-{item}").status == 200
    network.agree("gd", "44")
    network.agree("gz", "4401")
    return generations


@pytest.fixture(scope="module")
def consent(network, held):
    """A consent that was given and one that was revoked, long ago."""
    code = next(c for c in held.codes if network.ask(c).status == 200)
    who = network.subject_identity(code)
    until(lambda: network.ask(code, who=who, purpose="self").status == 200, 20, "the city knows the subject")
    ids = ["snapshot-given", "snapshot-revoked"]
    for consent_id in ids:
        jws = network.sign_consent(who, consent_id=consent_id)
        assert network.http("gz", "POST", "/v1/consents", who, jws, {"Content-Type": "application/jose"}).status in (201, 202)
        until(lambda: network.http("gz", "GET", f"/v1/consents/{consent_id}", who).status == 200, 20, "consent is there")
    assert network.http("gz", "DELETE", f"/v1/consents/{ids[1]}", who).status == 200
    network.agree("gd", "44")
    network.agree("gz", "4401")
    return who, ids


def test_a_city_whose_store_is_gone_gets_images_from_its_province(network, held, consent):
    """Records, members, catalogue and consents; no word from the hub itself."""
    who, ids = consent
    network.stop("gz")
    shutil.rmtree(network.run / "gz" / "store")
    for stream in ("0000", "4401"):
        trimmed(network, stream, 0)
    before = {stream: len(loads(network, "gz", stream)) for stream in ("0000", "4401")}

    network.start("gz")
    network.agree("gz", "4401")

    for stream, count in before.items():
        until(lambda: len(loads(network, "gz", stream)) > count, 10, f"it says so of {stream}")
        assert len(loads(network, "gz", stream)) == count + 1, stream
    assert fact(loads(network, "gz", "4401")[-1], "chunks") > 1
    states = [network.http("gz", "GET", f"/v1/consents/{i}", who).json["state"] for i in ids]
    assert states == ["active", "revoked"]
    assert network.ask(held.codes[0]).status in (200, 404)
    assert not (network.run / "gz" / "staging" / "4401" / "mark").exists()


def test_a_city_that_is_too_far_behind_fetches_only_what_differs(network, held):
    position = stop_city(network)
    lines = held.text.splitlines()
    changed = "\n".join([lines[0], *(line.replace("有限公司", "股份公司") for line in lines[1:9])]) + "\n"
    for part in range(3):
        assert network.submit(1, changed.replace("股份公司", f"股份公司{part}"), f"snapshot-few-{part}").status == 200
        network.agree("gd", "44")
    trimmed(network, "4401", position)
    before = len(loads(network, "gz", "4401"))

    network.start("gz")
    network.agree("gz", "4401")

    done = until(lambda: loads(network, "gz", "4401")[before:], 10, "it says so")
    assert len(done) == 1 and "repaired=0" in done[0]
    assert fact(done[0], "records") <= 8 and fact(done[0], "deleted") == 0
    assert fact(done[0], "fetched") <= fact(done[0], "records")


class Reader(threading.Thread):
    """Polls one subject: what it sees is one generation, and never an older
    one than before."""

    def __init__(self, network, code, generation):
        super().__init__()
        self.network, self.code, self.newest = network, code, generation
        self.seen, self.wrong = 0, []
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            try:
                reply = self.network.http("gz", "GET", f"/v1/enterprises/{self.code}", "bank")
            except (OSError, http.client.HTTPException):
                self.stopping.wait(0.01)
                continue
            found = re.findall(r"有限公司(\d+)代", reply.body.decode())
            if reply.status == 503:
                continue  # before the trail is open
            if reply.status != 200 or not found or int(found[0]) < self.newest:
                self.wrong.append((reply.status, reply.body[:300]))
            else:
                self.newest = int(found[0])
                self.seen += 1

    def stop(self):
        self.stopping.set()
        self.join()


def test_a_city_killed_at_any_moment_of_loading_shows_old_or_new_and_is_equal_in_the_end(network, held):
    held.next()
    network.agree("gz", "4401")
    staging = network.run / "gz" / "staging" / "4401"
    code = next(c for c in held.codes if network.http("gz", "GET", f"/v1/enterprises/{c}", "bank").status == 200)
    reader = Reader(network, code, held.number)
    reader.start()
    luck = random.Random(71)
    moments = {"mark": 0, "table.part": 0, "whole": 0, "by chance": 0}
    try:
        for turn in range(8):
            moment = list(moments)[turn % len(moments)]
            position = stop_city(network)
            held.next()
            trimmed(network, "4401", position)
            network.start("gz")
            try:
                if moment == "by chance":
                    reader.stopping.wait(luck.uniform(0, 1.5))
                else:
                    moments[moment] += was_there(staging / moment)
            finally:
                network.kill("gz")
            network.start("gz")
            network.agree("gz", "4401")
        network.agree("gz", "4401")
        until(lambda: reader.newest == held.number or reader.wrong, 20, "the reader sees the newest")
    finally:
        reader.stop()
    assert not reader.wrong, reader.wrong[:3]
    assert reader.seen > 10 and sum(moments.values()) > 0, moments
    assert not list(staging.glob("*"))


def was_there(path):
    """Look without pause: these files live for milliseconds.  The load may
    also be over before anybody looks."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        if path.exists():
            return True
    return False


def test_a_record_changed_behind_rocksdbs_back_is_found_and_mended(network, held):
    """With its digest: found when the record changes next; one chunk mends it."""
    network.agree("gz", "4401")
    code = next(c for c in held.codes if network.http("gz", "GET", f"/v1/enterprises/{c}", "bank").status == 200)
    network.stop("gz")
    store = Store(network.run / "gz" / "store")
    key, value = next(row for row in store.rows("records", code.encode() + b"\0\0\1") if "有限公司".encode() in row[1])
    store.put("records", key, bytes(32) + value[32:].replace("有限公司".encode(), "无限公司".encode()))
    store.close()
    network.start("gz")
    network.agree("gz", "4401")
    before = len(loads(network, "gz", "4401"))
    lines = held.text.splitlines()
    mine = next(line for line in lines[1:] if code in line)

    assert network.submit(1, f"{lines[0]}\n{mine}\n", "snapshot-touch").status == 200
    until(lambda: len(loads(network, "gz", "4401")) > before, 30, "it is mended")
    network.agree("gz", "4401")

    assert any("stream=4401" in line for line in log_of(network, "gz", "follow.diverged"))
    done = loads(network, "gz", "4401")[-1]
    assert "repaired=1" in done and fact(done, "records") == 1 and fact(done, "fetched") == 1 < fact(done, "chunks")
    assert metric(network, "gz", 'rongxin_node_image_records_total{why="diverged"}') == 1
    assert network.streams("gz")["4401"]["agreed"]
    assert "无限公司" not in network.http("gz", "GET", f"/v1/enterprises/{code}", "bank").body.decode()


def test_a_wrong_record_that_nobody_changes_is_found_by_the_check(network, held):
    network.agree("gz", "4401")
    code = next(c for c in held.codes if network.http("gz", "GET", f"/v1/enterprises/{c}", "bank").status == 200)
    before = network.streams("gz")["4401"]
    stop_city(network)
    store = Store(network.run / "gz" / "store")
    key, value = next(row for row in store.rows("records", code.encode() + b"\0\0\1") if "有限公司".encode() in row[1])
    store.put("records", key, value.replace("有限公司".encode(), "无限公司".encode()))
    store.close()
    repairs = len(loads(network, "gz", "4401"))
    os.environ["RONGXIN_NODE_CHECK_SECONDS"] = "1"
    try:
        network.start("gz")
        until(lambda: len(loads(network, "gz", "4401")) > repairs, 30, "it is mended")
    finally:
        del os.environ["RONGXIN_NODE_CHECK_SECONDS"]
    done = loads(network, "gz", "4401")[-1]
    assert "repaired=1" in done and fact(done, "records") == 1 and fact(done, "fetched") == 1
    assert "无限公司" not in network.http("gz", "GET", f"/v1/enterprises/{code}", "bank").body.decode()
    now = network.streams("gz")["4401"]
    assert (now["position"], now["head"], now["state"]) == (before["position"], before["head"], before["state"])
    until(lambda: network.streams("gz")["0000"]["agreed_at"] > now["agreed_at"], 10, "the check says when it last agreed")


def test_compare_proves_two_places_equal(network, held):
    network.agree("gz", "4401")
    done = compare(network, network.url("hub"), network.url("gz"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 equal, 0 different" in done.stdout
    done = compare(network, network.url("gd"), network.url("gz"), "--stream", "4403", "--wait", "1")
    assert done.returncode == 1 and "only at one of them" in done.stdout


def compare(network, *words):
    return network.cli("node", "compare", *words, who="operator", check=False)


def test_compare_tells_another_digest_and_another_position(network, held):
    """A place that answers as it likes, under the province's certificate."""
    honest = network.http("gz", "GET", "/v1/streams").json
    told = json.loads(json.dumps(honest))

    class Place(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass
    server = HTTPServer(("127.0.0.1", 0), Place)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{network.stem('gd')}.crt", f"{network.stem('gd')}.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"https://127.0.0.1:{server.server_port}"
    try:
        assert compare(network, url, network.url("gz")).returncode == 0
        stream = next(s for s in told["streams"] if s["stream"] == "4401")
        stream["state"] = "0" * 64
        done = compare(network, url, network.url("gz"))
        assert done.returncode == 1 and "1 different" in done.stdout
        stream["position"] += 1
        done = compare(network, url, network.url("gz"), "--wait", "1")
        assert done.returncode == 1 and "1 not at the same position" in done.stdout
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_node_whose_disk_is_nearly_full_takes_nothing_and_goes_on_when_there_is_room(network, held):
    """The reserve is set so high that a file of 1 GiB makes the difference."""
    network.agree("gz", "4401")
    network.stop("gz")
    disk = os.statvfs(network.run / "gz")
    ballast = network.run / "gz" / "ballast"
    os.environ["RONGXIN_NODE_DISK_RESERVE"] = str(int((disk.f_bavail * disk.f_frsize - (1 << 29)) / 1.125))
    reserve = int(os.environ["RONGXIN_NODE_DISK_RESERVE"])
    subprocess.run(["fallocate", "-l", str(disk.f_bavail * disk.f_frsize - reserve + (1 << 30)), ballast], check=True)
    try:
        network.start("gz")
        reply = network.http("gz", "GET", "/readyz")
        assert reply.status == 503 and reply.json["type"].endswith("disk_full")
        position = network.streams("gz")["4401"]["position"]
        held.next()
        assert network.streams("gz")["4401"]["position"] == position
        assert network.http("gz", "GET", f"/v1/enterprises/{held.codes[0]}", "bank").status in (200, 404)
        assert log_of(network, "gz", "disk.full")
        ballast.unlink()
        network.agree("gz", "4401")
        until(lambda: network.http("gz", "GET", "/readyz").status == 200, 20, "ready again")
        assert log_of(network, "gz", "disk.room")
    finally:
        ballast.unlink(missing_ok=True)
        del os.environ["RONGXIN_NODE_DISK_RESERVE"]
        network.stop("gz")
        network.start("gz")


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def test_a_relay_that_lies_about_an_image_is_named_and_survived(network, held):
    """The province is stopped; in its place, with its key and at its ports,
    stands a program that alters the index, a chunk, or gives another one."""
    network.agree("gz", "4401")
    position = stop_city(network)
    held.next()
    trimmed(network, "4401", position)
    relay = wire.Child(network, "gd", "gz", f"{network.stem('gd')}.curve.pub")
    image = relay.image("4401")
    relay.close()
    ready = network.ready("gd")
    network.stop("gd")
    key = network.folder / "hub.curve.pub"
    key.write_text(json.loads((network.run / "net" / "network.json").read_text())["hub_curve_key"])
    hub = wire.Child(network, "hub", "gd", key)
    hub.subscribe("pulse")
    liar = wire.Parent(ready["live"], ready["fetch"], f"{network.stem('gd')}.curve")
    liar.answer = lambda stream, after: image.position if stream == "4401" and after < image.position else []
    lies = {
        "index": image._replace(pages=[flipped(image.pages[0], len(image.pages[0]) - 40)]),
        "chunk": image._replace(chunks=[flipped(c, len(c) // 2) for c in image.chunks]),
        "other": image._replace(chunks=image.chunks[::-1]),
    }
    try:
        network.start("gz")
        for where, lie in lies.items():
            liar.images["4401"] = lie
            told = len(log_of(network, "gz", "load.lied"))
            until(lambda: (speak(liar, hub), len(log_of(network, "gz", "load.lied")) > told)[1], 30, f"the lie about {where} is told")
            line = log_of(network, "gz", "load.lied")[-1]
            assert ("where=index" if where == "index" else "where=chunk") in line, line
            assert "11440000MB00004493" in line and ready["fetch"].rsplit(":", 1)[1] in line, line
            assert network.streams("gz")["4401"]["position"] == position
            assert network.http("gz", "GET", f"/v1/enterprises/{held.codes[0]}", "bank").status in (200, 404)
        liar.images["4401"] = "preparing"
        liar.asked.clear()
        until(lambda: (speak(liar, hub), len([a for a in liar.asked if a[1] == "page"]) > 3)[1], 30, "it asks on")
        liar.images["4401"] = image
        until(lambda: (speak(liar, hub), network.streams("gz")["4401"]["position"] == image.position)[1], 30, "an honest image is taken")
        assert metric(network, "gz", "rongxin_node_images_refused_total") >= 3
    finally:
        liar.close()
        hub.close()
        network.start("gd")
    network.agree("gz", "4401")


def speak(liar, hub):
    heard = hub.hear(2)
    if heard and heard[1] == 2:
        liar.say("pulse", pulse=heard[2])
