"""Batches that departments leave at a city: kept there, carried up over the
province, merged once, and nothing that a node could make up."""
import base64
import concurrent.futures
import hashlib
import json
import subprocess
import time

import pytest
from harness import until

pytest.importorskip("zmq", reason="python3-zmq is missing")
import wire  # noqa: E402
from test_burst import hub_key, upward  # noqa: E402

GZ = "11440100MB0044011H"
FEED, HELD = 21, 21


@pytest.fixture(scope="module")
def rows(network):
    return network.gen(1, 400, 61, "--division", "4401")


def leave(network, path, batch, *more, who="dept", part="gz", check=True):
    return network.cli("feed", "leave", 1, path, "--as", network.stem(who), "--ca", network.run / "net" / "ca.crt",
                       "--node", network.url(part), "--id", batch, *more, check=check)


def left(network, batch, part="gz", who="dept", accept=None):
    return network.http(part, "GET", f"/v1/feeds/1/batches/{batch}", who, headers={"Accept": accept} if accept else {})


def answered(network, batch, seconds=60):
    return until(lambda: (lambda reply: reply.status != 202 and reply)(left(network, batch)), seconds,
                 f"{batch} is answered")


def manifest(network, body, batch, who="dept", **more):
    """Signed by the CLI's own code, over what the test says."""
    claims = {"item": 1, "id": batch, "file": "batch", "size": len(body),
              "digest": hashlib.sha256(body).hexdigest(), **more}
    return sign(network, claims, who)


def sign(network, claims, who, kind="rongxin-feed+jws"):
    """ES256 with x5c, by openssl: what any department's own software would do."""
    encode = lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"=").decode()  # noqa: E731
    der = subprocess.run(["openssl", "x509", "-in", f"{network.stem(who)}.crt", "-outform", "DER"],
                         capture_output=True, check=True).stdout
    head = encode(json.dumps({"alg": "ES256", "typ": kind, "x5c": [base64.b64encode(der).decode()]}).encode())
    text = f"{head}.{encode(json.dumps(claims).encode())}".encode()
    made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", f"{network.stem(who)}.key"],
                          input=text, capture_output=True, check=True).stdout
    at, numbers = 2, []
    for _ in range(2):
        size = made[at + 1]
        numbers.append(made[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0"))
        at += 2 + size
    return f"{text.decode()}.{encode(b''.join(numbers))}"


def post(network, body, jws, who="dept", part="gz", item=1):
    return network.http(part, "POST", f"/v1/feeds/{item}/batches", who, body,
                        {"Content-Type": "text/csv", "Batch-Manifest": jws})


def test_a_batch_left_at_a_city_is_merged_and_answered_with_the_hubs_receipt(network, rows, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(rows)

    done = leave(network, path, "left-1", "--json")

    receipt = json.loads(done.stdout)
    assert receipt["state"] == "committed" and receipt["accepted"] == 400
    assert network.http("hub", "GET", "/v1/feeds/1/batches/left-1", "dept").json == receipt
    network.agree("gz", "4401")
    proof = left(network, "left-1", accept="application/jose")
    signed = tmp_path / "receipt.jws"
    signed.write_bytes(proof.body)
    said = network.cli("feed", "receipt", "--verify", signed, "--network", network.run / "net" / "network.json").stdout
    assert hashlib.sha256(path.read_bytes()).hexdigest() in said
    again = leave(network, path, "left-1", "--json")
    assert json.loads(again.stdout) == receipt, "the same batch again changes nothing"


def test_what_is_left_while_hub_and_province_are_away_arrives_once(network, rows, tmp_path):
    """The city is killed, too, in the middle of a large one."""
    big = network.gen(1, 30000, 62, "--division", "4401")
    assert len(big) > 3 << 20
    for part in ("hub", "gd"):
        network.stop(part)
    (tmp_path / "big.csv").write_text(big)
    leave(network, tmp_path / "big.csv", "left-big", "--wait", 0)
    assert left(network, "left-big").json["state"] == "waiting"
    network.kill("gz")
    network.start("gz")
    network.start("hub")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        started = pool.submit(network.start, "gd")
        until(lambda: any((network.run / "hub" / "spool").glob(f"part-{GZ}-*")), 60, "pieces come")
        network.kill("gz")
        started.result()
    network.start("gz")

    receipt = answered(network, "left-big", 120)

    assert receipt.status == 200 and receipt.json["accepted"] == 30000, receipt.body
    assert not list((network.run / "gz" / "freight").glob("part-*")), "the bytes are gone"
    assert not list((network.run / "hub" / "spool").glob("part-*"))
    network.agree("gz", "4401")


def test_a_batch_that_an_operator_must_decide_is_asked_about_until_it_is(network):
    """Nothing final is told while it is held."""
    bad = network.gen(1, 200, 63, "--division", "4401", "--dirt", "uscc=0.6")
    body = bad.encode()
    assert post(network, body, manifest(network, body, "left-held")).status == 202
    until(lambda: left(network, "left-held").json.get("state") == "held", 30, "it is held")
    assert left(network, "left-held").status == 202
    held = network.http("hub", "GET", "/v1/batches?state=held").json["batches"]
    code = next(h["provider"] for h in held if h["batch"] == "left-held")

    network.cli("feed", "refuse", 1, "left-held", code, who="operator", part="hub")

    final = until(lambda: (lambda r: r.json.get("state") == "refused" and r)(left(network, "left-held")), 90,
                  "the decision comes down")
    assert final.status == 200


@pytest.mark.parametrize("change, status, problem", [
    ({"digest": "0" * 64}, 409, "digest_mismatch"),
    ({"size": 7}, 409, "digest_mismatch"),
    ({"size": 0}, 413, "too_large"),
    ({"item": 2}, 403, "not_yours"),
    ({"nonsense": 1}, 400, "manifest_invalid"),
])
def test_a_manifest_that_does_not_fit_is_refused_at_the_node(network, rows, change, status, problem):
    body = rows.encode()
    reply = post(network, body, manifest(network, body, "left-bad", **change))
    assert (reply.status, reply.json["type"].rsplit(":", 1)[1]) == (status, problem)
    assert left(network, "left-bad").status == 404


def test_nobody_hands_in_for_somebody_else(network, rows):
    body = rows.encode()
    good = manifest(network, body, "left-foe")
    assert post(network, body, good, who="bank").json["type"].endswith("not_yours")
    assert post(network, body, manifest(network, body, "left-foe", who="bank"), who="bank").status == 403
    assert post(network, body, good[:-4] + "AAAA").status == 400
    assert post(network, body, sign(network, {"item": 1}, "dept", "rongxin-consent+jws")).status == 400
    assert left(network, "left-1", who="bank").status == 404, "another's batch is nobody's business"


def piece(network, child, jws, offset, body):
    """One message of the node gz, as a node that lies would make it."""
    feed = wire.field(1, jws.encode()) + wire.field(2, offset) + wire.field(3, body)
    kind, reply = child.request(4, upward(network, "gz", GZ, int(time.time() * 1e6), FEED, feed), 30)
    assert kind == HELD, (kind, reply)
    return dict(wire.fields(reply))


def test_a_node_cannot_change_or_invent_a_batch(network, rows):
    child = wire.Child(network, "hub", "gz", hub_key(network))
    body = rows.encode()
    false = body.replace(b"4401", b"4403", 1)
    try:
        jws = manifest(network, body, "left-lie")
        told = piece(network, child, jws, 0, false)
        assert told[2] == 409 and b"digest_mismatch" in told[3]

        invented = manifest(network, false, "left-lie", who="bank")
        told = piece(network, child, invented, 0, false)
        assert told[2] == 403 and b"member_kind" in told[3]

        torn = jws[:40] + ("A" if jws[40] != "A" else "B") + jws[41:]
        told = piece(network, child, torn, 0, false)
        assert told[2] == 400 and b"manifest_invalid" in told[3]
    finally:
        child.close()
    assert network.http("hub", "GET", "/v1/feeds/1/batches/left-lie", "dept").status == 404
