"""Whoever has stolen the batch key sits in the province's place: what the hub would have signed it can sign, and
every catalogue that ever was is signed by the operator.  An older, laxer one does not come back into force."""
import hashlib
import json
import subprocess

import pytest
from harness import ROOT, until

pytest.importorskip("zmq", reason="python3-zmq is missing")
import wire  # noqa: E402
from test_burst import hub_key  # noqa: E402
from test_proof import unpacked, zstd  # noqa: E402, F401
from test_roll import key_id, sign  # noqa: E402

CATALOGUE = 60001
LAX, STRICT = 2, 20     # k of an older catalogue and of the one in force


def signed(network, version, k):
    document = json.loads((ROOT / "deploy/catalogue/catalogue.json").read_text())
    document["version"], document["anonymisation"]["k"] = version, k
    plain = network.folder / "catalogue-k.json"
    plain.write_text(json.dumps(document, ensure_ascii=False))
    return network.cli("catalogue", "sign", plain, "--key", network.run / "net/catalogue.key").stdout.strip()


def publish(network, jws):
    path = network.folder / "catalogue-k.jws"
    path.write_text(jws + "\n")
    return network.cli("catalogue", "publish", path, who="operator", part="hub", check=False)


def in_force(network):
    """Version and k as the city has them."""
    told = network.http("gz", "GET", "/v1/catalogue", "bank").json
    return told["version"], told["anonymisation"]["k"]


class Thief:
    """Goes on with stream 0000 where the hub was."""

    def __init__(self, network):
        self.network = network
        hub = wire.Child(network, "hub", "gd", hub_key(network))
        batches = hub.fetch("0000")
        hub.close()
        self.records = {}       # key → newest record
        for sealed in batches:
            for _, record in wire.fields(unpacked(sealed)):
                self.records[wire.key_of(record)] = record
        self.head = wire.header_of(batches[-1]).raw
        self.position = wire.header_of(batches[-1]).last
        network.agree("gz", "4401")
        ready = network.ready("gd")
        network.stop("gd")
        self.liar = wire.Parent(ready["live"], ready["fetch"], f"{network.stem('gd')}.curve")

    def seal(self, jws):
        """The newest catalogue's record with this document in it."""
        key, newest = next((k, r) for k, r in self.records.items() if wire.first(r, 1, 0) == CATALOGUE)
        told = {4: wire.first(newest, 4, 0) + 1, 7: wire.first(newest, 7, 0) + 1, 8: wire.field(1, 1) + wire.field(2, jws)}
        record = b"".join(wire.field(n, told.get(n, v)) for n, v in wire.fields(newest))
        self.records[key] = record
        packed = wire.field(1, record)
        body = subprocess.run(["zstd", "-c"], input=packed, capture_output=True, check=True).stdout
        self.position += 1
        place = self.position.to_bytes(8, "big")
        header = (b"RXB10000" + place + place + hashlib.sha256(self.head).digest() + hashlib.sha256(body).digest() +
                  len(packed).to_bytes(4, "big") + self.head[92:100] + wire.state_digest(wire.element_of(r) for r in self.records.values()))
        net = self.network.run / "net"
        key = key_id(json.loads((net / "network.json").read_text())["batch_key"])
        self.head = header
        return wire.field(1, header) + wire.field(2, sign(net / "batch.key", header, self.network.folder)) + wire.field(3, key) + wire.field(4, body)

    def bring(self, jws):
        sealed = self.seal(jws)
        until(lambda: (self.liar.say("0000", sealed), self.network.streams("gz")["0000"]["position"] == self.position)[1], 20,
              f"the city takes it: the seal is true\n{self.network.logs()}")


def test_an_older_catalogue_does_not_come_back_into_force(network):
    first = network.http("hub", "GET", "/v1/catalogue").json["version"]
    lax, strict = signed(network, first + 1, LAX), signed(network, first + 2, STRICT)
    for jws in (lax, strict):
        assert publish(network, jws).returncode == 0
    until(lambda: in_force(network) == (first + 2, STRICT), 20, "in force")
    refused = publish(network, lax)
    assert refused.returncode != 0 and in_force(network) == (first + 2, STRICT), "the hub takes none that is older"

    thief = Thief(network)
    try:
        newer = signed(network, first + 3, LAX)
        thief.bring(newer)
        until(lambda: in_force(network) == (first + 3, LAX), 20, "what it seals counts, if the operator signed it as newer")
        thief.bring(signed(network, first + 4, STRICT))
        until(lambda: in_force(network) == (first + 4, STRICT), 20, "in force again")
        for jws in (lax, newer):
            thief.bring(jws)
            assert in_force(network) == (first + 4, STRICT)
        log = (network.run / "log" / "gz.log").read_text()
        assert f"follow.catalogue version={first + 1} kept={first + 4} peer=11440000MB00004493@" in log
        network.stop("gz")
        network.start("gz")
        assert until(lambda: network.http("gz", "GET", "/v1/catalogue", "bank").status == 200, 20, "started") and in_force(network) == (first + 4, STRICT)
    finally:
        thief.liar.close()
