"""Rolling upgrade: this version speaks with the one before it, up and down;
what is unknown is refused with what is spoken here."""
import json
import time

import pytest
from harness import until

pytest.importorskip("zmq", reason="python3-zmq is missing")
import wire  # noqa: E402
from test_burst import hub_key  # noqa: E402

GZ, GD = "11440100MB0044011H", "11440000MB00004493"
OLDEST, NEWEST = 1, 2
WELCOME, BATCHES, REFUSAL = 2, 3, 6


@pytest.fixture(scope="module")
def held(network):
    text = network.gen(1, 60, 21, "--division", "4401")
    assert network.submit(1, text, "versions").status == 200
    network.agree("gz", "4401")
    header, *rows = text.splitlines()
    return [row.split(",")[header.split(",").index("uscc")] for row in rows]


@pytest.mark.parametrize("part", ["hub", "gd"])
def test_an_older_node_is_welcomed_in_its_words_and_served(network, held, part):
    child = wire.Child(network, part, "gz", hub_key(network) if part == "hub" else f"{network.stem('gd')}.curve.pub")
    try:
        for version in (OLDEST, NEWEST):
            kind, reply = child.request(2, wire.field(1, version) + wire.field(2, "old") + wire.field(3, GZ))
            assert (kind, wire.first(reply, 1, 0)) == (WELCOME, version)
        assert child.fetch("4401") and child.fetch("0000")
    finally:
        child.close()



@pytest.mark.parametrize("part", ["hub", "gd"])
def test_a_welcome_brings_the_newest_pulse_in_the_new_version_only(network, held, part):
    child = wire.Child(network, part, "gz", hub_key(network) if part == "hub" else f"{network.stem('gd')}.curve.pub")
    try:
        child.subscribe("pulse")
        said = {until(lambda: child.hear(2), 10, "a pulse")[2]}

        def welcomed(version):
            return wire.first(child.request(2, wire.field(1, version) + wire.field(3, GZ))[1], 4)
        newest = welcomed(NEWEST)
        while newest not in said:
            said.add(until(lambda: child.hear(2), 10, "that pulse was said to all")[2])
        assert not welcomed(OLDEST)
    finally:
        child.close()


@pytest.mark.parametrize("part", ["hub", "gd"])
@pytest.mark.parametrize("version", [0, NEWEST + 1, 2**32 - 1])
def test_an_unknown_version_is_told_what_is_spoken(network, held, part, version):
    child = wire.Child(network, part, "gz", hub_key(network) if part == "hub" else f"{network.stem('gd')}.curve.pub")
    try:
        kind, reply = child.request(2, wire.field(1, version) + wire.field(3, GZ))
        said = (kind, wire.first(reply, 1), wire.first(reply, 20, 0), wire.first(reply, 21, 0))
        assert said == (REFUSAL, b"protocol", NEWEST, OLDEST)
    finally:
        child.close()


class OldParent(wire.Parent):
    """A province of the version before: refuses other greetings without a
    word of its own, knows no usage."""
    speaks = {1}

    def reply(self, message):
        ticket, (kind, body) = wire.first(message, 1, 0), next((n, v) for n, v in wire.fields(message) if n != 1)
        if kind == 2:
            self.hellos.append(wire.first(body, 1, 0))
            if self.hellos[-1] not in self.speaks:
                return wire.field(1, ticket) + wire.field(6, wire.field(1, "protocol"))
        if kind == 4:
            self.upward += [n for n, _ in wire.fields(wire.first(body, 1)) if n > 3]
        return super().reply(message)


@pytest.fixture
def old(network, held):
    ready = network.ready("gd")
    network.stop("gd")
    OldParent.hellos, OldParent.upward = [], []
    parent = OldParent(ready["live"], ready["fetch"], f"{network.stem('gd')}.curve")
    yield parent
    parent.close()
    network.stop("gd")
    network.start("gd")
    network.agree("gz", "4401")


def test_a_node_speaks_its_parents_version_until_that_is_upgraded(network, held, old):
    until(lambda: 2 in old.hellos and old.hellos[-1] == 1, 20, "greeted in the older version")
    text = network.gen(1, 20, 22, "--division", "4401")
    assert network.submit(1, text, "versions-old").status == 200
    hub = wire.Child(network, "hub", "gd", hub_key(network))
    try:
        truth = {s: hub.fetch(s) for s in ("0000", "4401")}
        hub.subscribe("pulse")
        pulse = until(lambda: hub.hear(2), 10, "a pulse")[2]
    finally:
        hub.close()
    old.answer = lambda stream, after: [b for b in truth.get(stream, []) if wire.header_of(b).last > after]
    until(lambda: (old.say("pulse", pulse=pulse), network.streams("gz")["4401"]["position"] == network.streams("hub")["4401"]["position"])[1],
          20, "served by the older parent")
    assert network.ask(held[0], items=[1]).status == 200
    until(lambda: old.upward.count(7) > 4, 20, "statuses")
    assert 20 not in old.upward, "nothing that it does not know"
    old.close()
    network.start("gd")

    def counted():
        nodes = {n["code"]: n for n in network.http("hub", "GET", "/v1/nodes").json["nodes"]}
        return nodes.get(GZ, {}).get("trail_counted") == 1
    until(counted, 30, "the new parent is spoken to in the new version")


class MuteParent(wire.Parent):
    """Says one pulse in its welcome, and nothing live."""
    pulse = b""

    def reply(self, message):
        ticket, (kind, body) = wire.first(message, 1, 0), next((n, v) for n, v in wire.fields(message) if n != 1)
        if kind == 2:
            return wire.field(1, ticket) + wire.field(2, wire.field(1, NEWEST) + wire.field(2, "mute") + wire.field(4, self.pulse))
        return super().reply(message)


def lease_age(network):
    said = network.http("gz", "GET", "/metrics").body.decode()
    return next(int(line.split()[1]) for line in said.splitlines() if line.startswith("rongxin_node_lease_age_seconds "))


def test_the_pulse_of_a_welcome_counts_from_when_the_hub_signed_it(network, held):
    ready = network.ready("gd")
    hub = wire.Child(network, "hub", "gd", hub_key(network))
    try:
        hub.subscribe("pulse")
        MuteParent.pulse = until(lambda: hub.hear(2), 10, "a pulse")[2]
        heard = time.time()
    finally:
        hub.close()
    network.stop("gz")
    network.stop("gd")
    until(lambda: time.time() > heard + 3, 10, "it grows old")
    parent = MuteParent(ready["live"], ready["fetch"], f"{network.stem('gd')}.curve")
    try:
        network.start("gz")
        age = until(lambda: (age := lease_age(network)) >= 0 and [age], 10, "it is known")[0]
        assert age >= 3, "not from when it came"
    finally:
        parent.close()
        network.start("gd")
    until(lambda: 0 <= lease_age(network) <= 2, 20, "live pulses again")


def test_a_parent_of_no_common_version_is_named_and_left_alone(network, held, old):
    old.speaks = {99}
    network.stop("gz")
    log = network.run / "log" / "gz.log"
    before = len(log.read_text())
    network.start("gz")
    until(lambda: "follow.protocol" in log.read_text()[before:], 20, "said so")
    line = [line for line in log.read_text().splitlines() if "follow.protocol" in line][-1]
    assert "refused=1" in line and "ours=1-2" in line
    old.asked.clear()
    statuses = old.upward.count(7)
    until(lambda: old.upward.count(7) > statuses + 2, 20, "time passes")
    assert not old.asked, "nothing is fetched from it"
    assert network.ask(held[0], items=[1]).status == 200
