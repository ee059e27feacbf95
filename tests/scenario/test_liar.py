"""A relay that lies.  The province is stopped; in its place, with its key and
at its ports, stands a program that serves the city with whatever it likes."""
import json
import subprocess
import threading

import pytest
from harness import alive, rows_of, until

pytest.importorskip("zmq", reason="python3-zmq is missing")
import wire  # noqa: E402

HELD = 60      # rows that the city holds before the lies
PIECE = 20     # rows of each batch behind them
PIECES = 4


class Stage:
    """What is true (from the hub, with gd's identity) and who tells it."""

    def __init__(self, network, hub, liar, endpoint, code):
        self.network, self.hub, self.liar, self.endpoint = network, hub, liar, endpoint
        self.code = code
        self.held = network.streams("gz")["4401"]
        self.truth = hub.fetch("4401")
        self.behind = [b for b in self.truth if wire.header_of(b).first > self.held["position"]]
        self.pulses = []

    def log(self):
        return (self.network.run / "log" / "gz.log").read_text(errors="replace").splitlines()

    def refusals(self):
        return [line for line in self.log() if "follow.refused" in line or "follow.diverged" in line]

    def pulse(self):
        """The hub's newest pulse, as it travels."""
        while True:
            topic, kind, body = until(lambda: self.hub.hear(2), 10, "a pulse of the hub")
            if kind == 2:
                self.pulses.append(body)
                if not self.hub.live.poll(0):
                    return body

    def lie(self, sealed, topic="4401"):
        """Say it live; returns the line with which the city refuses it."""
        before = len(self.refusals())
        self.liar.say(topic, sealed)
        until(lambda: len(self.refusals()) > before, 10, "the city notices")
        return self.refusals()[-1]

    def nothing_applied(self):
        """Garbage behind what was said: when it is refused, that was handled."""
        self.lie(b"\x0a\x03abc")
        now = self.network.streams("gz")["4401"]
        assert {k: now[k] for k in ("position", "head", "state")} == {k: self.held[k] for k in ("position", "head", "state")}
        return True


@pytest.fixture(scope="module")
def stage(network):
    text = network.gen(1, HELD + PIECE * PIECES, 61, "--division", "4401")
    header, *lines = text.splitlines()
    assert network.submit(1, "\n".join([header, *lines[:HELD]]) + "\n", "liar-held").status == 200
    network.agree("gz", "4401")
    ready = network.ready("gd")
    network.stop("gd")
    key = network.folder / "hub.curve.pub"
    key.write_text(json.loads((network.run / "net" / "network.json").read_text())["hub_curve_key"])
    for piece in range(PIECES):
        rows = lines[HELD + piece * PIECE:HELD + (piece + 1) * PIECE]
        assert network.submit(1, "\n".join([header, *rows]) + "\n", f"liar-{piece}").status == 200
    hub = wire.Child(network, "hub", "gd", key)
    hub.subscribe("pulse")
    liar = wire.Parent(ready["live"], ready["fetch"], f"{network.stem('gd')}.curve")
    codes = [r["uscc"] for r in rows_of(text)]
    stage = Stage(network, hub, liar, ready["fetch"], codes[0])
    try:
        until(lambda: (liar.say("pulse", pulse=stage.pulse()), liar.asked)[1], 20, "the city talks to the liar")
        yield stage
    finally:
        liar.close()
        hub.close()


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def test_an_altered_body_is_refused_and_the_relay_named(stage):
    batch = stage.behind[0]
    body = wire.first(batch, 4)
    line = stage.lie(wire.with_field(batch, 4, flipped(body, len(body) // 2)))
    assert stage.nothing_applied()
    assert "11440000MB00004493" in line and stage.endpoint.rsplit(":", 1)[1] in line, line
    assert "digest" in line


def test_another_batchs_body_under_a_true_header_is_refused(stage):
    line = stage.lie(wire.with_field(stage.behind[0], 4, wire.first(stage.behind[1], 4)))
    assert stage.nothing_applied() and "digest" in line


@pytest.mark.parametrize("at", [7, 15, 23, 30, 60, 91, 99, 131])
def test_an_altered_header_is_refused(stage, at):
    header = wire.first(stage.behind[0], 1)
    line = stage.lie(wire.with_field(stage.behind[0], 1, flipped(header, at)))
    assert stage.nothing_applied() and "signature" in line


def test_an_invented_batch_signed_by_another_key_is_refused(stage):
    """Well formed, next in the chain, and signed, but not by the hub; once
    with the liar's key id and once with the hub's."""
    folder = stage.network.folder / "invented"
    folder.mkdir()
    true = wire.header_of(stage.behind[0])
    header = true.raw[:100] + bytes(32)
    (folder / "header").write_bytes(header)
    for words in (["genpkey", "-algorithm", "ed25519", "-out", folder / "key"],
                  ["pkeyutl", "-sign", "-inkey", folder / "key", "-rawin", "-in", folder / "header", "-out", folder / "signature"]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    signature = (folder / "signature").read_bytes()
    body = wire.first(stage.behind[0], 4)
    for key_id, why in ((wire.first(stage.behind[0], 3), "signature"), (b"\1" * 8, "unknown key")):
        line = stage.lie(wire.field(1, header) + wire.field(2, signature) + wire.field(3, key_id) + wire.field(4, body))
        assert stage.nothing_applied() and why in line


def test_dropped_reordered_and_replayed_batches_change_nothing(stage):
    for sealed in (stage.behind[1], stage.behind[3], stage.behind[2], stage.truth[0], stage.truth[0]):
        stage.liar.say("4401", sealed)
    assert stage.nothing_applied()


def test_another_citys_batch_is_not_taken(stage):
    text = stage.network.gen(1, 30, 62, "--division", "4403")
    assert stage.network.submit(1, text, "liar-other").status == 200
    foreign = stage.hub.fetch("4403")[0]
    stage.liar.say("4401", foreign)
    assert stage.nothing_applied()
    assert "4403" not in stage.network.streams("gz")


def test_a_lying_answer_to_a_fetch_is_refused_and_asked_again(stage):
    body = wire.first(stage.behind[0], 4)
    lie = wire.with_field(stage.behind[0], 4, flipped(body, 0))
    stage.liar.answer = lambda stream, after: [lie, *stage.behind[1:]] if stream == "4401" else []
    before = len(stage.refusals())
    stage.liar.say("pulse", pulse=stage.pulse())
    until(lambda: len(stage.refusals()) > before, 20, "the lie was fetched and refused")
    stage.liar.asked.clear()
    until(lambda: ("4401", stage.held["position"]) in stage.liar.asked, 20, "asked again")
    stage.liar.answer = lambda stream, after: []
    assert stage.nothing_applied()


def test_batches_that_are_kept_back_are_missed_and_the_relay_named(stage):
    """It passes on what the hub signed of how long the stream is, and none of its batches."""
    def missed():
        stage.liar.say("pulse", pulse=stage.pulse())
        return [line for line in stage.log() if "follow.withheld stream=4401 position=" in line]
    line = until(missed, 30, "missed")[0]
    assert f"position={stage.held['position']} hub={wire.header_of(stage.behind[-1]).last} peer=11440000MB00004493@" in line, line
    assert stage.endpoint.rsplit(":", 1)[1] in line and stage.nothing_applied()
    metrics = stage.network.http("gz", "GET", "/metrics").body.decode()
    assert "rongxin_node_streams_withheld 1\n" in metrics, "and of no other stream"


def test_while_lied_to_the_city_serves_what_it_has(stage):
    reply = stage.network.ask(stage.code, items=[1])
    assert reply.status == 200
    assert reply.json["items"][0]["records"]
    assert stage.network.http("gz", "GET", "/v1/streams").json["streams"]


def test_forged_pulses_are_refused_and_old_ones_renew_nothing(stage):
    def warnings():
        return [line for line in stage.log() if "follow.pulse" in line]
    true = stage.pulse()
    before = len(warnings())
    signature = wire.first(true, 2)
    body = wire.first(true, 1)
    time = wire.first(body, 1, 0)
    forged = wire.field(1, wire.field(1, time + 10**9) + b"".join(wire.field(n, v) for n, v in wire.fields(body) if n != 1))
    stage.liar.say("pulse", pulse=forged + wire.field(2, signature) + wire.field(3, wire.first(true, 3)))
    stage.liar.say("pulse", pulse=b"garbage")
    until(lambda: len(warnings()) >= before + 2, 10, "both refused")
    assert all(stage.endpoint.rsplit(":", 1)[1] in line for line in warnings()[before:])


def test_the_city_catches_up_when_the_parent_is_honest_again(stage):
    truth = {"4401": stage.truth, "0000": stage.hub.fetch("0000")}
    stage.liar.answer = lambda stream, after: [b for b in truth.get(stream, []) if wire.header_of(b).last > after]
    stage.liar.say("pulse", pulse=stage.pulse())
    stage.network.agree("gz", "4401", 30)

    def given():
        stage.liar.say("pulse", pulse=stage.pulse())
        return [line for line in stage.log() if "follow.withheld stream=4401 over=1" in line]
    until(given, 10, "nothing is kept back any more")


def test_a_position_that_nobody_signed_is_forgotten_with_the_next_pulse(stage):
    network, liar = stage.network, stage.liar
    assert network.submit(1, network.gen(1, 10, 63, "--division", "4401"), "liar-newest").status == 200
    truth = stage.hub.fetch("4401")
    honest, liar.answer = liar.answer, lambda stream, after: []
    liar.newest["4401"] = 2**62
    liar.asked.clear()
    until(lambda: (liar.say("pulse", pulse=stage.pulse()), [s for s, _ in liar.asked].count("4401") > 2)[1], 20, "the city asks on")
    liar.answer = lambda stream, after: [b for b in truth if wire.header_of(b).last > after] if stream == "4401" else honest(stream, after)
    network.agree("gz", "4401", 10)
    liar.newest.clear()

    def content():
        liar.asked.clear()
        liar.say("pulse", pulse=stage.pulse())
        stage.pulse()
        return not [stream for stream, _ in liar.asked if stream == "4401"]
    until(content, 10, "the city asks no more")


def test_an_old_pulse_after_a_restart_does_not_open_protected_fields(stage):
    """The relay keeps stream 0000 to itself and gives the restarted city a
    pulse from before: what was revoked since must not be shown."""
    network = stage.network
    old = stage.pulses[0]
    conf = network.run / "gz.conf"
    stage.liar.answer = lambda stream, after: []
    network.stop("gz")
    text = conf.read_text() + "lease_seconds = 5\n"
    until(lambda: (stage.pulse(), pulse_time(stage.pulses[-1]) - pulse_time(old) > 6 * 10**6)[1], 30, "the pulse is old")
    conf.write_text(text)
    start_as_it_is(network)

    def told():
        return [line for line in stage.log() if "follow.stale" in line]

    def notices():
        before = len(told())
        until(lambda: (stage.liar.say("pulse", pulse=old), len(told()) > before)[1], 20, "the city says that the pulse is old")
        assert "peer=11440000MB00004493@" in told()[-1] or "peer=?@" in told()[-1]
    notices()
    assert network.http("gz", "GET", "/readyz", "bank").status == 503
    stage.liar.say("pulse", pulse=stage.pulse())
    until(lambda: network.http("gz", "GET", "/readyz", "bank").status == 200, 20, "a true pulse makes it ready")
    notices()
    until(lambda: network.http("gz", "GET", "/readyz", "bank").status == 503, 20, "said again, it renews nothing")


def pulse_time(packed):
    return wire.first(wire.first(packed, 1), 1, 0)


def start_as_it_is(network):
    """Start gz with its settings file as it is (network.sh would rewrite it)."""
    from harness import BIN
    ready = network.run / "gz" / "ready"
    ready.unlink(missing_ok=True)
    log = (network.run / "log" / "gz.log").open("a")
    process = subprocess.Popen([str(BIN / "rongxin-node"), "--config", str(network.run / "gz.conf")], stdout=log, stderr=log)
    threading.Thread(target=process.wait, daemon=True).start()  # a zombie would look alive to network.sh
    (network.run / "pid" / "gz.pid").write_text(str(process.pid))
    until(lambda: ready.exists() and json.loads(ready.read_text())["pid"] == process.pid or not alive(process.pid), 60, "gz started")
    assert alive(process.pid), network.logs()


def test_the_honest_province_is_followed_again(stage):
    network = stage.network
    stage.liar.close()
    network.start("gd")
    network.agree("gz", "4401", 60)
