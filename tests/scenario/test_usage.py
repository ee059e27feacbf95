"""What nodes tell of their trails: counted once at the hub, through relays,
cuts and kills, and held to their checkpoints."""
import base64
import collections
import concurrent.futures
import json
import subprocess
import time

import pytest
from harness import until

pytest.importorskip("zmq", reason="python3-zmq is missing")
import wire  # noqa: E402
from test_burst import hub_key, upward  # noqa: E402

CODES = {"gd": "11440000MB00004493", "gz": "11440100MB0044011H", "sz": "11440300MB0044038K"}
BANK = "91440101MA000RX19U"
USAGE, COUNTED, REFUSAL = 20, 20, 6


@pytest.fixture(scope="module")
def subjects(network):
    text = network.gen(1, 300, 31, "--division", "4401")
    assert network.submit(1, text, "usage").status == 200
    network.agree("gz", "4401")
    header, *rows = text.splitlines()
    return [row.split(",")[header.split(",").index("uscc")] for row in rows]


def node(network, part):
    nodes = network.http("hub", "GET", "/v1/nodes").json["nodes"]
    return next((n for n in nodes if n["code"] == CODES[part]), None)


def told(network, part, size, seconds=30):
    """Wait until the hub has counted and checked so many entries."""
    def there():
        now = node(network, part)
        return now and now["trail_counted"] == now["trail_checked"] == size
    until(there, seconds, f"{part} told {size}: {node(network, part)}\n{network.logs()}")


def counts(network, part, **more):
    query = "&".join(f"{k}={v}" for k, v in {"node": CODES[part], "limit": 5000, **more}.items())
    reply = network.http("hub", "GET", f"/v1/usage?{query}")
    assert reply.status == 200, reply.body
    return reply.json["usage"]


def total(rows, what="questions", item=0):
    return sum(r[what] for r in rows if r["item"] == item)


def test_questions_are_counted_by_member_purpose_and_item(network, subjects):
    for code in subjects[:7]:
        assert network.ask(code, items=[1, 5]).status == 200
    for code in subjects[:3]:
        assert network.ask(code, items=[1], purpose="customer_screening").status == 200
    assert network.ask(subjects[0], items=[1], purpose="supervision").status == 403
    told(network, "gz", 11)

    rows = counts(network, "gz")

    by = collections.Counter()
    for r in rows:
        assert (r["member"], r["action"]) == (BANK, "report")
        by[r["purpose"], r["item"]] += r["questions"]
    assert by == {("pre_loan", 0): 7, ("pre_loan", 1): 7, ("pre_loan", 5): 7,
                  ("customer_screening", 0): 3, ("customer_screening", 1): 3, ("supervision", 0): 1}
    assert total(rows, "refused") == 1
    assert total(counts(network, "gz", item=5), item=5) == 7
    assert counts(network, "gz", member="nobody") == counts(network, "sz") == []
    assert not node(network, "gz")["trail_forked"]
    assert network.http("hub", "GET", "/v1/usage", "bank").status == 403
    assert network.http("hub", "GET", "/v1/usage?item=x").status == 400
    shown = network.cli("usage", "--node", CODES["gz"], who="operator", part="hub").stdout
    assert "pre_loan" in shown and BANK in shown


def database(network, sql):
    conninfo = (network.run / "hub" / "pg.conninfo").read_text().strip()
    return subprocess.run(["psql", "-XAtq", conninfo, "-c", sql], capture_output=True, text=True, check=True).stdout.strip()


def test_the_hub_knows_no_subject(network, subjects):
    """Neither its tables nor what travels."""
    for table in ("usage_hourly", "node_trail", "node_checkpoint"):
        text = database(network, f"SELECT * FROM {table}")
        assert text and not any(code in text for code in subjects[:10]), table


def ask_many(network, subjects, count):
    def one(start):
        link = network.link("gz", "bank")
        try:
            for i in range(start, count, 16):
                body = json.dumps({"subject": subjects[i % len(subjects)], "purpose": "pre_loan", "items": [1]})
                link.request("POST", "/v1/reports", body=body, headers={"Content-Type": "application/json"})
                reply = link.getresponse()
                reply.read()
                assert reply.status == 200
        finally:
            link.close()
    with concurrent.futures.ThreadPoolExecutor(16) as crowd:
        list(crowd.map(one, range(16)))


def test_what_was_asked_while_cut_off_is_told_once(network, subjects):
    """Thousands of questions with the hub away, the city restarted meanwhile,
    the province killed while it passes them on."""
    before = node(network, "gz")["trail_counted"]
    asked = total(counts(network, "gz"))
    network.stop("hub")
    ask_many(network, subjects, 3000)
    network.kill("gz")
    network.start("gz")
    ask_many(network, subjects, 1000)
    network.start("hub")
    until(lambda: node(network, "gz")["trail_counted"] > before, 60, "it goes on")
    network.kill("gd")
    network.start("gd")

    told(network, "gz", before + 4000, 120)

    assert total(counts(network, "gz")) == asked + 4000
    assert not node(network, "gz")["trail_forked"]


def test_a_node_that_lost_its_store_tells_nothing_twice(network, subjects):
    rows = counts(network, "gz")
    size = node(network, "gz")["trail_counted"]
    network.stop("gz")
    subprocess.run(["rm", "-r", str(network.run / "gz" / "store")], check=True)
    network.start("gz")
    network.agree("gz", "4401")
    assert network.ask(subjects[0], items=[1]).status == 200
    told(network, "gz", size + 1)
    assert total(counts(network, "gz")) == total(rows) + 1


def usage(first, leaves, checkpoint=b""):
    rows = [wire.field(2, wire.field(1, leaf) + wire.field(2, int(time.time() * 1e6)) + wire.field(3, BANK) +
                       wire.field(4, "report") + wire.field(5, 2) + wire.field(6, 1)) for leaf in leaves]
    return wire.field(1, first) + b"".join(rows) + wire.field(3, checkpoint)


@pytest.fixture
def teller(network):
    """The city sz as a stranger would write it, at the hub and at the relay."""
    network.stop("sz")
    child = wire.Child(network, "gd", "sz", f"{network.stem('gd')}.curve.pub")

    def tell(first, leaves, checkpoint=b""):
        kind, body = child.request(4, upward(network, "sz", CODES["sz"], time.time_ns() // 1000, USAGE, usage(first, leaves, checkpoint)))
        return kind, wire.first(body, 1, 0)
    yield tell
    child.close()
    network.start("sz")


def note(network, size, root):
    """A checkpoint signed with sz's trail key (C2SP signed-note), by openssl."""
    name = f"rongxin/trail/{CODES['sz']}"
    text = f"{name}\n{size}\n{base64.b64encode(root).decode()}\n"
    folder = network.folder / "note"
    folder.mkdir(exist_ok=True)
    (folder / "text").write_text(text)
    key = f"{network.stem('sz')}.trail.key"
    subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", folder / "text", "-out", folder / "signature"], check=True)
    raw = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout[-32:]
    import hashlib
    hint = hashlib.sha256(name.encode() + b"\n\x01" + raw).digest()[:4]
    line = base64.b64encode(hint + (folder / "signature").read_bytes()).decode()
    return f"{text}\n— {name} {line}\n".encode()


def merkle_root(leaves):
    import hashlib
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + merkle_root(leaves[:split]) + merkle_root(leaves[split:])).digest()


def test_repeats_gaps_and_overlaps_count_nothing_twice(network, teller):
    leaves = [bytes([i]) * 32 for i in range(10)]
    assert teller(0, []) == (COUNTED, 0)
    assert teller(5, leaves[5:]) == (COUNTED, 0), "a gap is not taken"
    assert teller(0, leaves[:4]) == (COUNTED, 4)
    assert teller(0, leaves[:4]) == (COUNTED, 4), "a repeat"
    assert teller(2, leaves[2:7]) == (COUNTED, 7), "an overlap"
    assert teller(7, leaves[7:], note(network, 10, merkle_root(leaves))) == (COUNTED, 10)
    assert total(counts(network, "sz")) == 10
    until(lambda: node(network, "sz")["trail_checked"] == 10, 5, "the checkpoint is that of the leaves")
    assert teller(2**62 * 3, []) == (REFUSAL, b"invalid")


def test_a_rewritten_trail_is_found_and_named(network, teller):
    start = node(network, "sz")["trail_counted"]
    assert not node(network, "sz")["trail_forked"]
    assert teller(start, [b"\x77" * 32], note(network, start + 1, b"\x55" * 32)) == (COUNTED, start + 1)
    assert node(network, "sz")["trail_forked"]
    log = (network.run / "log" / "hub.log").read_text()
    assert f"usage.forked node={CODES['sz']}" in log
    forged = note(network, start + 2, b"\x55" * 32).replace(b"rongxin/trail/1144", b"rongxin/trail/1155")
    assert teller(start + 1, [], forged) == (COUNTED, start + 1)
    assert "usage.checkpoint" in (network.run / "log" / "hub.log").read_text()


def test_nobody_tells_for_another(network):
    child = wire.Child(network, "hub", "gz", hub_key(network))
    try:
        message = upward(network, "gz", CODES["gd"], 1, USAGE, usage(0, [b"\1" * 32]))
        assert child.request(4, message) == (REFUSAL, wire.field(1, "invalid"))
    finally:
        child.close()
