"""The hub's own trail: what operators did, verified without the hub's code,
and silent when a row is not what was signed."""
import hashlib
import json
import subprocess

import c2sp
import pytest
from harness import until

BANK = "91440101MA000RX19U"


def psql(network, sql):
    conninfo = (network.run / "hub" / "pg.conninfo").read_text().strip()
    return subprocess.run(["psql", "-XAtq", conninfo, "-c", sql], capture_output=True, text=True, check=True).stdout.strip()


def key(network):
    return bytes.fromhex(json.loads((network.run / "net" / "network.json").read_text())["journal_key"])


def checkpoint(network, size):
    """The hub's, once it covers so many entries: size and root."""
    def there():
        reply = network.http("hub", "GET", "/v1/trail/checkpoint")
        if reply.status != 200:
            return None
        origin, entries, root = c2sp.checkpoint(reply.body.decode(), key(network))
        assert origin == "rongxin/trail/hub"
        return (entries, root) if entries >= size else None
    return until(there, 30, f"a checkpoint of {size}\n{network.logs()}")


def change(network, name):
    member = next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == BANK)
    assert network.http("hub", "POST", "/v1/members", "operator", {**member, "name": name}).status == 200


@pytest.fixture(scope="module")
def done(network):
    """How many actions there are, the fixture's three among them."""
    for name in ("甲银行", "乙银行", "丙银行"):
        change(network, name)
    return int(psql(network, "SELECT count(*) FROM operator_action"))


def test_every_action_is_an_entry_under_a_signed_root(network, done):
    size, root = checkpoint(network, done)
    assert size == done >= 3

    leaves, actions = [], []
    for index in range(size):
        entry = network.http("hub", "GET", f"/v1/trail/entries/{index}").json
        commitment = hashlib.sha256(bytes.fromhex(entry["nonce"]) + entry["entry"].encode()).digest()
        leaves.append(hashlib.sha256(b"\0" + commitment).digest())
        actions.append(json.loads(entry["entry"]))
        assert len(entry["nonce"]) == 32

    assert c2sp.root_of(leaves) == root
    assert [a["action"] for a in actions[-3:]] == ["member"] * 3 and {a["target"] for a in actions[-3:]} == {BANK}
    said = network.cli("trail", "verify", network.url("hub"), "--network", network.run / "net" / "network.json", "--ca",
                       network.run / "net" / "ca.crt", "--as", network.stem("operator")).stdout
    assert f"verified: rongxin/trail/hub, {size} entries" in said


def test_it_is_for_operators_only(network, done):
    for path in ("checkpoint", "tile/0/000.p/1", "entries/0"):
        assert network.http("hub", "GET", f"/v1/trail/{path}", "bank").status == 403
    for path in ("tile/../../pg.conninfo", "entries/99999", "entries/x"):
        assert network.http("hub", "GET", f"/v1/trail/{path}").status in (400, 404)


def test_it_goes_on_after_a_kill(network, done):
    before = checkpoint(network, done)[0]
    change(network, "丁银行")
    network.kill("hub")
    network.start("hub")
    change(network, "戊银行")
    checkpoint(network, before + 2)


def test_a_row_that_was_changed_afterwards_is_seen_and_nothing_more_is_signed(network, done):
    size = checkpoint(network, done)[0]
    network.stop("hub")
    folder = network.run / "hub"
    signed = (folder / "journal" / "checkpoint").read_bytes()
    network.start("hub")
    psql(network, "UPDATE operator_action SET target = '91440300MA000RX27J' WHERE place = 1")
    network.stop("hub")
    network.start("hub")

    until(lambda: "journal.forked" in (network.run / "log" / "hub.log").read_text(), 30, "it says so")
    change(network, "己银行")
    until(lambda: "rongxin_hub_journal_forked 1" in network.http("hub", "GET", "/metrics").body.decode(), 30, "and shows it")
    assert (folder / "journal" / "checkpoint").read_bytes() == signed
    assert c2sp.checkpoint(signed.decode(), key(network))[1] >= size
