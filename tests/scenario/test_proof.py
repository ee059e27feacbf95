"""What the hub and its nodes say they hold, recomputed from docs/PROTOCOL.md
§2 and §3 in Python, from the bytes that travel."""
import hashlib
import subprocess

import pytest
from harness import until

pytest.importorskip("zmq", reason="python3-zmq is missing")
import wire  # noqa: E402


def hub_key(network):
    """The hub's CURVE public key as everybody has it."""
    import json
    key = json.loads((network.run / "net" / "network.json").read_text())["hub_curve_key"]
    path = network.folder / "hub.curve.pub"
    path.write_text(key)
    return path


def unpacked(sealed):
    done = subprocess.run(["zstd", "-dc"], input=wire.first(sealed, 4), capture_output=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def held(network):
    """New, changed, withdrawn and repeated records in two divisions."""
    text = network.gen(1, 700, 51, "--division", "4401,4403")
    header, *lines = text.splitlines()
    assert network.submit(1, text, "proof-1").status == 200
    assert network.submit(1, "\n".join([header, *lines[:300]]) + "\n", "proof-2").status == 200
    for item in (11, 17, 19):
        assert network.submit(item, network.gen(item, 200, 51, "--division", "4401,4403"), f"proof-{item}").status == 200
    changed = network.gen(1, 700, 51, "--division", "4401,4403").replace("有限公司", "股份公司")
    assert network.submit(1, changed, "proof-3").status == 200
    network.agree("gz", "4401")
    child = wire.Child(network, "hub", "gd", hub_key(network))
    streams = {name: child.fetch(name) for name in network.streams("hub") if name == "0000" or name.startswith("44")}
    child.close()
    return streams


def replayed(batches):
    """(item, subject, key) → element digest of the newest version."""
    elements = {}
    for sealed in batches:
        for _, record in wire.fields(unpacked(sealed)):
            key = wire.first(record, 1, 0), wire.first(record, 2), wire.first(record, 3)
            version = wire.first(record, 4, 0)
            assert version == elements.get(key, (0, b""))[0] + 1, "versions count by one"
            elements[key] = version, wire.element_digest(wire.content_digest(record), version, wire.first(record, 7, 0))
    return elements


@pytest.fixture(scope="module", autouse=True)
def zstd():
    import shutil
    if shutil.which("zstd") is None:
        pytest.skip("zstd is missing")


def test_every_state_digest_can_be_recomputed_from_the_batches(network, held):
    hub, gz = network.streams("hub"), network.streams("gz")
    for name, batches in held.items():
        elements = replayed(batches)
        digest = wire.state_digest(element for _, element in elements.values()).hex()
        assert digest == hub[name]["state"], name
        assert digest == wire.header_of(batches[-1]).state.hex(), name
        assert len(elements) == hub[name]["records"], name
        if name in gz:
            assert gz[name]["state"] == digest and gz[name]["agreed"]


def test_batches_are_a_chain_without_gaps_and_the_head_is_its_hash(network, held):
    hub = network.streams("hub")
    for name, batches in held.items():
        position, previous = 0, bytes(32)
        for sealed in batches:
            header = wire.header_of(sealed)
            assert header.stream == name and header.first == position + 1 and header.previous == previous
            assert hashlib.sha256(wire.first(sealed, 4)).digest() == header.body
            assert len(wire.fields(unpacked(sealed))) == header.last - header.first + 1
            position, previous = header.last, hashlib.sha256(header.raw).digest()
        assert (position, previous.hex()) == (hub[name]["position"], hub[name]["head"])


def test_every_batch_is_signed_by_the_key_that_everybody_has(network, held):
    import json
    key = json.loads((network.run / "net" / "network.json").read_text())["batch_key"]
    for sealed in [batches[-1] for batches in held.values()]:
        assert wire.is_signed(key, sealed)


def test_the_ledgers_records_give_the_same_digest_as_its_batches(network, held):
    conninfo = (network.run / "hub" / "pg.conninfo").read_text().strip()
    done = subprocess.run(["psql", "-XAtq", conninfo, "-c", "SELECT stream, encode(digest, 'hex'), version, (extract(epoch FROM as_of) * 1000000)::bigint FROM record"],
                          capture_output=True, text=True, check=True)
    elements = {}
    for line in done.stdout.splitlines():
        stream, content, version, as_of_us = line.split("|")
        elements.setdefault(stream, []).append(wire.element_digest(bytes.fromhex(content), int(version), int(as_of_us)))
    for name, stream in network.streams("hub").items():
        assert wire.state_digest(elements[name]).hex() == stream["state"], name


def test_a_relay_passes_on_the_very_bytes_that_the_hub_signed(network, held):
    city = wire.Child(network, "gd", "gz", f"{network.stem('gd')}.curve.pub")
    try:
        assert city.fetch("4401") == held["4401"]
        assert city.fetch("0000") == held["0000"]
    finally:
        city.close()


def test_a_city_gets_no_other_citys_stream_neither_by_asking_nor_by_listening(network, held):
    """Its subscriptions are not what decides: the member list is."""
    city = wire.Child(network, "gd", "gz", f"{network.stem('gd')}.curve.pub")
    hub = wire.Child(network, "hub", "gz", hub_key(network))
    try:
        for child in (city, hub):
            kind, reply = child.request(3, wire.field(1, "4403") + wire.field(2, 0) + wire.field(3, 64))
            assert kind == 6 and wire.first(reply, 1) == b"not_yours"
            child.subscribe("", "44", "4403", "4401", "pulse")
            until(lambda: child.hear(2), 10, "a pulse, so it is connected")
        text = network.gen(1, 40, 52, "--division", "4401,4403")
        assert network.submit(1, text, "proof-listen").status == 200
        for child in (city, hub):
            heard = set()
            while "4401" not in heard or "after" not in heard:
                topic, kind, _ = until(lambda: child.hear(2), 10, "live messages")
                if kind == 2 and "4401" in heard:
                    topic = "after"
                heard.add(topic)
            assert "4403" not in heard
    finally:
        city.close()
        hub.close()


def test_a_struck_off_platform_hears_nothing_more(network, held):
    """It keeps its connections; the province cuts what it may not hear."""
    member = next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == "11440300MB0044038K")
    network.stop("sz")
    relay = wire.Child(network, "gd", "sz", f"{network.stem('gd')}.curve.pub")
    hub = wire.Child(network, "hub", "sz", hub_key(network))
    try:
        for child in (relay, hub):
            child.subscribe("4403", "pulse")
            until(lambda: child.hear(2), 10, "a pulse, so it is connected")
        assert network.http("hub", "POST", "/v1/members", "operator", {**member, "status": "struck_off"}).status in (200, 201)
        for child in (relay, hub):
            until(lambda: (child.request(3, wire.field(1, "4403") + wire.field(2, 0), 1) or (6,))[0] == 6, 20, "refused")
        position = network.streams("hub")["0000"]["position"]
        until(lambda: network.streams("gd")["0000"]["position"] >= position, 10, "the province knows")
        while relay.hear(0) or hub.hear(0):
            pass
        text = network.gen(1, 40, 53, "--division", "4403")
        assert network.submit(1, text, "proof-struck").status == 200
        network.agree("gd", "44")
        until(lambda: "4401" in network.streams("gz"), 10, "the other city follows on")
        for child in (relay, hub):
            assert not child.hear(1.5), "neither records nor pulses"
    finally:
        relay.close()
        hub.close()
        network.http("hub", "POST", "/v1/members", "operator", {**member, "status": "active"})
        network.start("sz")
    network.agree("sz", "4403")
    network.agree("gz", "4401")
    network.http("hub", "POST", "/v1/members", "operator", member)
    assert network.submit(1, network.gen(1, 40, 54, "--division", "4401,4403"), "proof-live").status == 200
    network.agree("gz", "4401", 10)


def test_hostile_requests_on_the_bus_are_answered_or_dropped_and_harm_nobody(network, held):
    keys = {"hub": hub_key(network), "gd": f"{network.stem('gd')}.curve.pub"}
    for part, key in keys.items():
        child = wire.Child(network, part, "gz", key)
        try:
            for stream in ("4401", "", "44", "440", "44011", "9999", "' OR 1=1", "x" * 5000, "\0" * 4):
                for after in (0, 2**63 - 1, 2**63, 2**64 - 1):
                    child.ask.send(wire.field(1, 1 << 60) + wire.field(3, wire.field(1, stream) + wire.field(2, after) + wire.field(3, 2**32 - 1)))
            for junk in (b"", b"\xff" * 100, b"\0" * (1 << 20), wire.field(4, b"junk"), wire.field(4, b"\0" * (1 << 20)),
                         wire.field(1, 1), wire.field(2, wire.field(1, 99)), wire.field(3, b""), wire.field(3, b"\xff")):
                child.ask.send(junk)
            kind, reply = child.request(3, wire.field(1, "4401") + wire.field(2, 0) + wire.field(3, 1), 20)
            assert kind == 3 and wire.first(reply, 2) == held["4401"][0], part
            kind, reply = child.request(2, wire.field(1, 99))
            assert kind == 6 and wire.first(reply, 1) == b"protocol"
            kind, reply = child.request(4, wire.field(1, b"no upward") + wire.field(2, b"s" * 64))
            assert kind == 6 and wire.first(reply, 1) == b"invalid"
        finally:
            child.close()
    assert network.http("gd", "GET", "/healthz").status == 200
    assert network.http("hub", "GET", "/readyz").status == 200
