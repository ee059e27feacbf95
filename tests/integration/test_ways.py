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
    name = f"{DEPARTMENT}-" + sha(f"{DEPARTMENT} 1 old".encode())
    past = time.time() - 8 * 86400
    os.utime(hub.state / "spool" / f"part-{name}", (past, past))

    hub.stop()
    hub.start()

    until(lambda: held(hub, 1, "old") == 0, what="the end of the old upload")
    assert held(hub, 1, "fresh") == 500


def test_a_department_has_so_many_half_uploads_and_may_drop_one(hub_with):
    box = hub_with(settings=["upload_count = 3"])
    box.admit(DEPARTMENT, "department", items=[1, 2])
    box.admit("11440000MB00004493", "department", items=[2])
    plain = rows(box, 100, 39)
    for name in ("one", "two", "three"):
        assert put(box, 1, name, plain[:100], 0, len(plain)).status == 200

    full = put(box, 2, "four", plain[:100], 0, len(plain))

    assert (full.status, full.json["type"]) == (429, "urn:rongxin:problem:uploads_full")
    assert held(box, 2, "four") == 0 and held(box, 1, "three") == 100
    assert put(box, 2, "theirs", plain[:100], 0, len(plain), "other").status == 200
    assert put(box, 1, "one", plain[100:], 100, len(plain)).status == 200
    assert commit(box, 1, "one", plain).status == 200
    assert put(box, 2, "four", plain[:100], 0, len(plain)).status == 200
    assert put(box, 1, "five", plain[:100], 0, len(plain)).status == 429
    dropped = box.http("DELETE", "/v1/feeds/1/batches/two/content", "dept")
    assert (dropped.status, dropped.json, held(box, 1, "two")) == (200, {"held": 0}, 0)
    assert put(box, 1, "five", plain[:100], 0, len(plain)).status == 200


def test_head_tells_what_is_held_and_leaves_the_connection_usable(hub):
    plain = rows(hub, 100, 40)
    put(hub, 1, "head", plain[:321], 0, len(plain))
    context = ssl.create_default_context(cafile=str(hub.folder / "net/ca.crt"))
    context.load_cert_chain(f"{hub.folder}/id/dept.crt", f"{hub.folder}/id/dept.key")
    host, port = hub.ready["listen"].rsplit(":", 1)
    link = http.client.HTTPSConnection(host, int(port), context=context, timeout=60)

    for path, status, offset in (("/v1/feeds/1/batches/head/content", 200, "321"), ("/v1/nothing", 404, None),
                                 ("/v1/feeds/1/batches/head/commit", 405, None), ("/v1/feeds/1/batches/head/content", 200, "321")):
        link.request("HEAD", path)
        reply = link.getresponse()
        assert (reply.status, reply.headers["Upload-Offset"], reply.read()) == (status, offset, b"")
        assert int(reply.headers["Content-Length"]) > 0
    link.request("GET", "/v1/feeds/1/batches/head/content")
    assert json.loads(link.getresponse().read()) == {"held": 321}
    link.close()


def test_a_cut_loses_nothing_that_came(hub):
    plain = rows(hub, 2000, 41)
    link = cut_put(hub, 1, "small-cut", plain, 5000, len(plain))
    link.close()

    until(lambda: held(hub, 1, "small-cut") == 5000, what="the bytes before the cut")


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


# --- inbox folders ---

class Inbox:
    """A department's side of its folder."""

    def __init__(self, hub, code=DEPARTMENT):
        self.hub = hub
        self.path = hub.folder / "inbox" / code
        self.path.mkdir(parents=True, exist_ok=True)
        self.own(self.path)

    def own(self, path):
        if os.geteuid() == 0:
            shutil.chown(path, "nobody")

    def write(self, name, data):
        beside = self.path / f".{name}.up"
        beside.write_bytes(data)
        self.own(beside)
        beside.rename(self.path / name)

    def manifest(self, name, data, file=None, **more):
        self.write(f"{name}.manifest.json", json.dumps({
            "item": 1, "id": name, "file": file or f"{name}.csv", "size": len(data), "digest": sha(data),
            **more}).encode())

    def hand_in(self, name, data, **more):
        self.write(f"{name}.csv", data)
        self.manifest(name, data, **more)

    def has(self, name):
        return (self.path / name).exists()

    def receipt(self, name, seconds=60):
        until(lambda: self.has(f"{name}.receipt.json") or self.has(f"{name}.refused.json"), seconds,
              f"an answer to {name}\n{self.hub.logs()}")
        assert self.has(f"{name}.receipt.json"), (self.path / f"{name}.refused.json").read_text()
        return json.loads((self.path / f"{name}.receipt.json").read_text())

    def refusal(self, name):
        until(lambda: self.has(f"{name}.refused.json"), 60, f"a refusal of {name}\n{self.hub.logs()}")
        return json.loads((self.path / f"{name}.refused.json").read_text())["type"].rsplit(":", 1)[1]

    def is_empty(self):
        """Nothing is under way, nothing waits."""
        return not list((self.path / ".claimed").iterdir()) and not list(self.path.glob("*.manifest.json"))

    def names(self, folder):
        return sorted(p.name.split("-", 1)[1] for p in (self.path / folder).iterdir())


@pytest.fixture(scope="module")
def ways():
    """A hub whose department also has an inbox folder."""
    import importlib.util
    where = pathlib.Path(__file__).with_name("conftest.py")
    spec = importlib.util.spec_from_file_location("integration_conftest", where)
    tools = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tools)
    tools.need_programs()
    box = tools.Hub(settings=["inbox_seconds = 1"])
    conf = box.folder / "hub.conf"
    conf.write_text(conf.read_text() + f"inbox = {box.folder}/inbox\n")
    try:
        box.start()
        box.admit(DEPARTMENT, "department", items=list(range(1, 38)))
        box.admit("11440000MB00004493", "department", items=[2])
        yield box
    finally:
        box.remove()


@pytest.fixture
def inbox(ways):
    return Inbox(ways)


def test_a_file_and_its_manifest_become_a_receipt_and_findings_beside(ways, inbox):
    head, rest = rows(ways, 100, 31).split(b"\n", 1)
    plain = head + b"\n" + rest + b"x\"y," + b"," * (head.count(b",") - 1) + b"\n"
    inbox.hand_in("first", plain)

    receipt = inbox.receipt("first")
    until(inbox.is_empty)

    assert (receipt["batch"], receipt["rows"], receipt["rejected"]) == ("first", 101, 1)
    assert ways.http("GET", "/v1/feeds/1/batches/first", "dept").json == receipt
    findings = list(csv.DictReader(io.StringIO((inbox.path / "first.findings.csv").read_text())))
    assert {f["line"] for f in findings if f["severity"] == "reject"} == {"102"}
    assert any('x"y' in f["original"] or "x\"\"y" in f["original"] for f in findings)
    said = verified(ways, (inbox.path / "first.receipt.jws").read_bytes())
    assert said["receipt"] == receipt and said["digest"] == sha(plain)
    assert proof(ways, 1, "first") == (inbox.path / "first.receipt.jws").read_bytes()
    assert "first.csv" in inbox.names("done") and "first.manifest.json" in inbox.names("done")
    assert not inbox.has("first.csv")


def test_a_manifest_without_its_file_waits(ways, inbox):
    plain = rows(ways, 20, 32)
    inbox.manifest("late", plain)
    time.sleep(2.5)
    assert inbox.has("late.manifest.json")
    inbox.write("late.csv", plain[:100])
    time.sleep(2.5)
    assert inbox.has("late.manifest.json") and inbox.has("late.csv")

    inbox.write("late.csv", plain)

    assert inbox.receipt("late")["rows"] == 20


def test_a_file_without_a_manifest_is_left_alone(ways, inbox):
    inbox.write("alone.csv", b"name,uscc\n")

    time.sleep(2.5)

    assert inbox.has("alone.csv")


def test_a_file_that_is_not_what_its_manifest_says_is_refused(ways, inbox):
    plain = rows(ways, 20, 33)
    inbox.hand_in("altered", plain, digest=sha(b"other"))
    inbox.hand_in("longer", plain, size=len(plain) - 1)

    assert inbox.refusal("altered") == "digest_mismatch"
    assert inbox.refusal("longer") == "digest_mismatch"
    until(inbox.is_empty)
    assert "altered.csv" in inbox.names("refused") and "altered.manifest.json" in inbox.names("refused")
    assert ways.sql("SELECT count(*) FROM feed_batch WHERE id IN ('altered', 'longer')") == [["0"]]


def test_two_manifests_with_one_id_have_one_effect(ways, inbox):
    plain, other = rows(ways, 20, 34), rows(ways, 20, 35)
    inbox.hand_in("one", plain, id="same")
    first = inbox.receipt("one")
    inbox.hand_in("two", plain, id="same")
    inbox.hand_in("three", other, id="same")

    assert inbox.receipt("two") == first
    assert inbox.refusal("three") == "batch_conflict"
    assert ways.sql("SELECT count(*) FROM feed_batch WHERE id = 'same'") == [["1"]]
    until(inbox.is_empty)


def test_a_file_may_have_only_one_manifest(ways, inbox):
    plain = rows(ways, 20, 36)
    inbox.write("shared.csv", plain)
    inbox.manifest("shared-a", plain, file="shared.csv")
    inbox.manifest("shared-b", plain, file="shared.csv")

    until(lambda: inbox.has("shared-a.receipt.json") or inbox.has("shared-b.receipt.json"))
    time.sleep(2.5)

    answered = [n for n in ("shared-a", "shared-b") if inbox.has(f"{n}.receipt.json")]
    assert len(answered) == 1


@pytest.mark.parametrize("wrong, problem", [
    ({"file": "../first.csv"}, "malformed"), ({"else": 1}, "malformed"), ({"digest": "00"}, "malformed"),
    ({"item": 99}, "item_unknown"), ({"mode": "half"}, "malformed"), ({"charset": "big5"}, "media_type")])
def test_a_wrong_manifest_is_refused_with_its_reason(ways, inbox, wrong, problem):
    name = f"wrong-{problem}-{next(iter(wrong))}"
    plain = rows(ways, 5, 37)
    inbox.write(f"{name}.csv", plain)
    inbox.manifest(name, plain, **wrong)
    path = inbox.path / f"{name}.manifest.json"
    if path.exists():
        os.utime(path, (time.time() - 60,) * 2)  # a young one might be half written still

    assert inbox.refusal(name) == problem


def test_links_lead_nowhere(ways, inbox):
    secret = ways.folder / "net/batch.key"
    os.symlink(secret, inbox.path / "link.csv")
    inbox.manifest("link", secret.read_bytes())
    os.symlink(secret, inbox.path / "linked.manifest.json")

    time.sleep(2.5)

    assert inbox.has("link.manifest.json") and inbox.has("link.csv")
    assert not inbox.has("link.receipt.json") and not inbox.has("linked.refused.json")
    for name in ("link.csv", "link.manifest.json", "linked.manifest.json"):
        (inbox.path / name).unlink()


def test_who_does_not_provide_the_item_is_refused(ways):
    other = Inbox(ways, "11440000MB00004493")
    stranger = Inbox(ways, "91440101MA000RX19U")
    plain = rows(ways, 5, 38)
    other.hand_in("foreign", plain)
    stranger.hand_in("strange", plain)

    assert other.refusal("foreign") == "not_yours"
    assert stranger.refusal("strange") == "member_unknown"


def test_files_are_claimed_exactly_once_across_kills_of_the_hub(ways, inbox):
    names = [f"kill-{i}" for i in range(12)]
    files = {name: rows(ways, 1500, 100 + i) for i, name in enumerate(names)}
    for name, plain in files.items():
        inbox.hand_in(name, plain)

    for pause in (0.3, 0.9, 0.1, 0.6, 1.2, 0.4):
        time.sleep(pause)
        ways.stop(signal.SIGKILL)
        ways.start()

    for name, plain in files.items():
        receipt = inbox.receipt(name)
        assert receipt["rows"] == 1500
        assert ways.http("GET", f"/v1/feeds/1/batches/{name}", "dept").json == receipt
        assert verified(ways, (inbox.path / f"{name}.receipt.jws").read_bytes())["digest"] == sha(plain)
    until(inbox.is_empty)
    done = inbox.names("done")
    for name in names:
        assert done.count(f"{name}.csv") == done.count(f"{name}.manifest.json") == 1
    assert ways.sql("SELECT count(*), count(DISTINCT id) FROM feed_batch WHERE id LIKE 'kill-%'") == [["12", "12"]]
    ways.chain_is_whole()
