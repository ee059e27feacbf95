"""Three ways in, one pipeline: uploads in parts and coded, inbox folders, exchange databases."""
import csv
import gzip
import hashlib
import http.client
import io
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("RX_BIN", ROOT / "build"))
DEPARTMENT = "11100000MB00000510"
MIB = 1 << 20


def sha(data):
    return hashlib.sha256(data).hexdigest()


def zstd(data, *more):
    return subprocess.run(["zstd", "-c", "-q", *more], input=data, capture_output=True, check=True).stdout


def until(done, seconds=60, what="it"):
    deadline = time.monotonic() + seconds
    while True:
        answer = done()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.05)


def put(hub, item, batch, data, first, total, who="dept"):
    last = first + len(data) - 1
    return hub.http("PUT", f"/v1/feeds/{item}/batches/{batch}/content", who, data,
                    {"Content-Range": f"bytes {first}-{last}/{total}"})


def held(hub, item, batch, who="dept"):
    return hub.http("GET", f"/v1/feeds/{item}/batches/{batch}/content", who).json["held"]


def commit(hub, item, batch, plain, size=None, digest=None, who="dept", **more):
    return hub.http("POST", f"/v1/feeds/{item}/batches/{batch}/commit", who, json.dumps(
        {"digest": digest or sha(plain), "size": len(plain) if size is None else size, "content_type": "text/csv", **more}))


def rows(hub, count, seed, *more):
    return hub.gen(1, count, seed, "--division", "4401", *more).encode()


# --- HTTPS ---

@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_coded_body_is_the_same_batch_as_the_plain_one(hub, coding):
    plain = rows(hub, 300, 11)
    packed = gzip.compress(plain) if coding == "gzip" else zstd(plain)

    first = hub.http("POST", "/v1/feeds/1/batches", "dept", packed, {
        "Content-Type": "text/csv", "Content-Encoding": coding, "Idempotency-Key": f"coded-{coding}"})
    again = hub.submit(1, plain, f"coded-{coding}")

    assert first.status == 200, first.body
    assert first.json["rows"] == 300
    assert again.status == 200 and again.body == first.body
    assert hub.sql(f"SELECT encode(digest, 'hex'), size FROM feed_batch WHERE id = 'coded-{coding}'") == [
        [sha(plain), str(len(plain))]]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_coded_body_that_is_cut_off_or_broken_is_refused_whole(hub, coding):
    plain = rows(hub, 300, 12)
    packed = gzip.compress(plain) if coding == "gzip" else zstd(plain)
    broken = bytearray(packed)
    broken[len(broken) // 2] ^= 0xff

    for number, body in enumerate((packed[:-3], packed[:len(packed) // 2], bytes(broken), b"", plain)):
        reply = hub.http("POST", "/v1/feeds/1/batches", "dept", body, {
            "Content-Type": "text/csv", "Content-Encoding": coding, "Idempotency-Key": f"cut-{coding}-{number}"})
        assert reply.status == 400, (number, reply.body)
        assert reply.json["type"] == "urn:rongxin:problem:batch_unreadable"

    assert hub.sql(f"SELECT count(*) FROM feed_batch WHERE id LIKE 'cut-{coding}-%'") == [["0"]]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_bomb_is_refused_before_it_is_large(hub, coding):
    zeros = b"name,uscc\n" + b"0" * (200 * MIB)
    packed = gzip.compress(zeros, 9) if coding == "gzip" else zstd(zeros)
    before = time.monotonic()

    reply = hub.http("POST", "/v1/feeds/1/batches", "dept", packed, {
        "Content-Type": "text/csv", "Content-Encoding": coding, "Idempotency-Key": f"bomb-{coding}"})

    assert reply.status == 413, reply.body
    assert time.monotonic() - before < 10


def test_an_unknown_coding_is_told(hub):
    reply = hub.http("POST", "/v1/feeds/1/batches", "dept", b"x", {
        "Content-Type": "text/csv", "Content-Encoding": "br", "Idempotency-Key": "brotli"})

    assert reply.status == 415


def test_parts_in_order_and_a_commit_give_the_receipt_of_a_whole_upload(hub):
    plain = rows(hub, 2000, 13)
    step = 50000
    for first in range(0, len(plain), step):
        reply = put(hub, 1, "parts", plain[first:first + step], first, len(plain))
        assert reply.status == 200, reply.body
        assert reply.json["held"] == min(first + step, len(plain))

    done = commit(hub, 1, "parts", plain)
    again = commit(hub, 1, "parts", plain)
    whole = hub.submit(1, plain, "parts")

    assert done.status == 200, done.body
    assert done.json["rows"] == 2000
    assert again.body == whole.body == done.body
    assert held(hub, 1, "parts") == 0


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_coded_parts_are_decoded_at_the_commit(hub, coding):
    plain = rows(hub, 1000, 14)
    packed = gzip.compress(plain) if coding == "gzip" else zstd(plain)
    half = len(packed) // 2
    put(hub, 1, f"packed-{coding}", packed[:half], 0, len(packed))
    put(hub, 1, f"packed-{coding}", packed[half:], half, len(packed))

    done = commit(hub, 1, f"packed-{coding}", plain, size=len(packed), content_encoding=coding)

    assert done.status == 200, done.body
    assert hub.submit(1, plain, f"packed-{coding}").body == done.body


def test_a_part_out_of_order_is_told_what_is_held(hub):
    plain = rows(hub, 200, 15)

    early = put(hub, 1, "order", plain[100:200], 100, len(plain))
    put(hub, 1, "order", plain[:100], 0, len(plain))
    gap = put(hub, 1, "order", plain[200:300], 200, len(plain))
    twice = put(hub, 1, "order", plain[:100], 0, len(plain))

    assert [r.status for r in (early, gap, twice)] == [416] * 3
    assert early.headers["content-range"] == "bytes */0"
    assert gap.headers["content-range"] == twice.headers["content-range"] == "bytes */100"
    assert held(hub, 1, "order") == 100


def test_a_commit_before_the_end_says_what_is_held_and_keeps_it(hub):
    plain = rows(hub, 200, 16)
    put(hub, 1, "early", plain[:1000], 0, len(plain))

    reply = commit(hub, 1, "early", plain)
    put(hub, 1, "early", plain[1000:], 1000, len(plain))

    assert reply.status == 409
    assert reply.json["type"] == "urn:rongxin:problem:upload_incomplete"
    assert "1000" in reply.json["detail"]
    assert commit(hub, 1, "early", plain).status == 200


def test_a_wrong_digest_is_refused_and_the_upload_begins_again(hub):
    plain = rows(hub, 200, 17)
    put(hub, 1, "digest", plain.replace(b"4401", b"4403", 1) if b"4401" in plain else plain[::-1], 0, len(plain))

    reply = commit(hub, 1, "digest", plain)

    assert reply.status == 409
    assert reply.json["type"] == "urn:rongxin:problem:digest_mismatch"
    assert held(hub, 1, "digest") == 0
    assert put(hub, 1, "digest", plain, 0, len(plain)).status == 200
    assert commit(hub, 1, "digest", plain).status == 200


def test_a_commit_of_nothing_is_not_found(hub):
    reply = commit(hub, 1, "never", b"nothing")

    assert reply.status == 404


def test_malformed_ranges_and_commits_are_refused(hub):
    path = "/v1/feeds/1/batches/malformed/content"
    for text in ("bytes 5-3/10", "bytes 0-10/10", "bytes */10", "0-3/10", "bytes 0-3/*", "bytes -1-3/10", "bytes 0-3/10x",
                 "bytes 99999999999999999999-3/10"):
        assert hub.http("PUT", path, "dept", b"abcd", {"Content-Range": text}).status == 400, text
    assert hub.http("PUT", path, "dept", b"abcd").status == 400
    assert hub.http("PUT", path, "dept", b"abcdefgh", {"Content-Range": "bytes 0-3/10"}).status == 413
    for body in ("", "[]", "{}", '{"digest":"00","size":1,"content_type":"text/csv"}',
                 json.dumps({"digest": "0" * 64, "size": -1, "content_type": "text/csv"}),
                 json.dumps({"digest": "0" * 64, "size": 1, "content_type": "text/csv", "else": 1})):
        assert hub.http("POST", "/v1/feeds/1/batches/malformed/commit", "dept", body).status == 400, body
    assert hub.http("POST", "/v1/feeds/1/batches/malformed/commit", "dept", json.dumps(
        {"digest": "0" * 64, "size": 1, "content_type": "text/html"})).status == 415


def test_an_upload_belongs_to_its_department(hub):
    plain = b"whatever"
    put(hub, 2, "mine", plain, 0, 100)

    assert held(hub, 2, "mine", "other") == 0
    assert put(hub, 1, "mine", plain, 0, 100, "other").json["type"] == "urn:rongxin:problem:not_yours"
    assert hub.http("GET", "/v1/feeds/2/batches/mine/content", "stranger").status == 403
    assert held(hub, 2, "mine") == len(plain)


def cut_put(hub, item, batch, data, send, total):
    """Promise all of `data`, send `send` bytes, and go away."""
    context = ssl.create_default_context(cafile=str(hub.folder / "net/ca.crt"))
    stem = hub.folder / "id" / "dept"
    context.load_cert_chain(f"{stem}.crt", f"{stem}.key")
    host, port = hub.ready["listen"].rsplit(":", 1)
    link = http.client.HTTPSConnection(host, int(port), context=context, timeout=60)
    link.putrequest("PUT", f"/v1/feeds/{item}/batches/{batch}/content")
    link.putheader("Content-Length", str(len(data)))
    link.putheader("Content-Range", f"bytes 0-{len(data) - 1}/{total}")
    link.endheaders()
    link.send(data[:send])
    return link


def test_an_upload_goes_on_after_a_cut_and_after_the_hub_was_killed(hub):
    plain = rows(hub, 20000, 18)
    assert len(plain) > 2 * MIB
    link = cut_put(hub, 1, "cut", plain, 3 * len(plain) // 4, len(plain))
    until(lambda: held(hub, 1, "cut") > MIB, what="the first bytes")
    link.close()
    time.sleep(0.2)
    after_cut = held(hub, 1, "cut")
    part = plain[after_cut:after_cut + 100000]
    assert put(hub, 1, "cut", part, after_cut, len(plain)).status == 200
    known = held(hub, 1, "cut")

    hub.stop(signal.SIGKILL)
    hub.start()

    assert held(hub, 1, "cut") == known == after_cut + 100000
    assert put(hub, 1, "cut", plain[known:], known, len(plain)).status == 200
    done = commit(hub, 1, "cut", plain)
    assert done.status == 200, done.body
    assert done.json["rows"] == 20000
    hub.chain_is_whole()


def test_half_uploads_expire(hub):
    plain = rows(hub, 100, 19)
    put(hub, 1, "old", plain[:500], 0, len(plain))
    put(hub, 1, "fresh", plain[:500], 0, len(plain))
    name = sha(f"{DEPARTMENT} 1 old".encode())
    past = time.time() - 8 * 86400
    os.utime(hub.state / "spool" / f"part-{name}", (past, past))

    hub.stop()
    hub.start()

    until(lambda: held(hub, 1, "old") == 0, what="the end of the old upload")
    assert held(hub, 1, "fresh") == 500


# --- signed receipts ---

def proof(hub, item, batch, who="dept"):
    reply = hub.http("GET", f"/v1/feeds/{item}/batches/{batch}", who, headers={"Accept": "application/jose"})
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "application/jose"
    return reply.body


def verified(hub, jws):
    """What a signed receipt says, by the CLI and the network's public key."""
    path = hub.folder / "proof.jws"
    path.write_bytes(jws)
    return json.loads(hub.cli("feed", "receipt", "--verify", path, "--network", hub.folder / "net/network.json"))


def test_a_receipt_is_signed_and_says_who_handed_in_which_bytes(hub):
    plain = rows(hub, 50, 20)
    receipt = hub.submit(1, plain, "proof").json

    said = verified(hub, proof(hub, 1, "proof"))

    assert (said["provider"], said["digest"], said["size"]) == (DEPARTMENT, sha(plain), len(plain))
    assert said["receipt"] == receipt
    assert said["received_at"] <= said["committed_at"]
    assert proof(hub, 1, "proof") == proof(hub, 1, "proof", "operator")
    assert hub.http("GET", "/v1/feeds/1/batches/proof", "other", headers={"Accept": "application/jose"}).status == 404


def test_a_receipt_that_was_changed_does_not_verify(hub):
    hub.submit(1, rows(hub, 50, 21), "forged")
    head, body, mark = proof(hub, 1, "forged").split(b".")
    path = hub.folder / "forged.jws"
    path.write_bytes(b".".join([head, body[:40] + (b"A" if body[40:41] != b"A" else b"B") + body[41:], mark]))

    done = subprocess.run([str(BIN / "rongxin"), "feed", "receipt", "--verify", str(path), "--network",
                           str(hub.folder / "net/network.json")], capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stdout == ""
