"""Members, departments and machines that do what nobody should: nothing
falls over, nothing leaks, nothing is half done."""
import http.client
import json
import os
import socket
import ssl
import subprocess
import threading
import time

import pytest
from harness import BIN, alive, rows_of, until

REFUSED = range(400, 500)


@pytest.fixture(scope="module")
def subject(network):
    for item in (1, 11, 17, 19, 25):
        reply = network.submit(item, network.gen(item, 60, 71, "--division", "4401"), f"hostile-{item}")
        assert reply.status == 200, reply.body
    network.agree("gz", "4401")
    code = rows_of(network.gen(1, 60, 71, "--division", "4401"))[0]["uscc"]
    return code, network.subject_identity(code)


def register(network, jws, part="gz", who="bank"):
    return network.http(part, "POST", "/v1/consents", who, jws, {"Content-Type": "application/jose"})


def records(reply, item):
    return [r for i in reply.json["items"] if i["item"] == item for r in i["records"]]


def raw(network, part, data, who="bank", seconds=20):
    """Bytes as they are over TLS; everything that comes back until the end."""
    host, port = network.ready(part)["listen"].rsplit(":", 1)
    context = ssl.create_default_context(cafile=str(network.run / "net" / "ca.crt"))
    context.load_cert_chain(f"{network.stem(who)}.crt", f"{network.stem(who)}.key")
    back = b""
    with socket.create_connection((host, int(port)), timeout=seconds) as plain, \
            context.wrap_socket(plain, server_hostname=host) as link:
        try:
            link.sendall(data)
            while piece := link.recv(65536):
                back += piece
        except (OSError, ssl.SSLError):
            pass
    return back


def statuses(answer):
    return [int(part.split(b" ", 1)[0]) for part in answer.split(b"HTTP/1.1 ")[1:]]


# --- HTTP of the node ---
@pytest.mark.parametrize("body", [
    b"", b"{", b"null", b"[]", b"\"x\"", b"{}", b"\xff\xfe", b"{\"subject\":\"\\u0000\"}", b"[" * 10000,
    b"{\"subject\":" * 2000, b"1e999999", b"{\"a\":1,\"a\":2}", b"\x00" * 100,
], ids=lambda body: body[:12].decode("latin-1"))
@pytest.mark.parametrize("path", ["/v1/reports", "/v1/consents"])
def test_what_is_no_document_is_refused_as_such(network, subject, path, body):
    reply = network.http("gz", "POST", path, "bank", body, {"Content-Type": "application/json"})
    assert reply.status == (400 if len(body) < 16384 else 413), reply.body
    assert reply.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("more", [
    {"unknown": 1}, {"items": "1"}, {"items": [0]}, {"items": [-1]}, {"items": [1.5]}, {"items": [2**63]}, {"items": []},
    {"items": list(range(1, 5000))}, {"purpose": "curiosity"}, {"purpose": None}, {"consent": "x" * 10000}, {"consent": "../../x"},
    {"consent": {"id": 1}}, {"subject": "0" * 18}, {"subject": ["x"]},
])
def test_questions_with_wrong_members_are_refused(network, subject, more):
    question = {"subject": subject[0], "purpose": "pre_loan", **more}
    reply = network.http("gz", "POST", "/v1/reports", "bank", question, {"Content-Type": "application/json"})
    assert reply.status in (400, 404, 413), (more, reply.status, reply.body)
    assert "items" not in reply.json


def test_bodies_over_the_limit_are_refused_and_not_read(network, subject):
    for path in ("/v1/reports", "/v1/consents"):
        try:
            reply = network.http("gz", "POST", path, "bank", b"x" * (8 << 20))
            assert reply.status == 413
        except (OSError, http.client.HTTPException):
            pass  # it may close while we still write
    endless = (b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
               + b"8000\r\n" + b"x" * 0x8000 + b"\r\n") + b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    assert statuses(raw(network, "gz", endless))[:1] in ([413], [])
    assert network.ask(subject[0], items=[1]).status == 200


@pytest.mark.parametrize("path", [
    "/v1/trail/tile/../../entries/000000000000.log", "/v1/trail/tile/%2e%2e/%2e%2e/entries/000000000000.log",
    "/v1/trail/tile/..%2f..%2fentries/000000000000.log", "/v1/trail/tile/0/../../../entries/000000000000.log",
    "/v1/trail/tile//etc/passwd", "/v1/trail/tile/0/x000/../000", "/v1/trail/tile/entries/000.p/0", "/v1/trail/tile/0/000.p/257",
    "/v1/trail/tile/0/000.new", "/v1/trail/tile/0/000%00", "/v1/trail/tile/-1/000", "/v1/trail/tile/99999999999999999999/000",
    "/v1/trail/tile/0/x999/x999/x999/x999/x999/x999/x999/999", "/v1/trail/entries/-1", "/v1/trail/entries/99999999999999999999",
    "/v1/trail/entries/0x10", "/v1/trail/entries/1e3", "/v1/trail/entries/%31%00", "/v1/trail/entries/000000000000.log",
    "/v1/trail/entries", "/v1/trail/", "/trail/entries/000000000000.log", "/v1/enterprises/", "/v1/enterprises/%00",
    "/v1/enterprises/%ff", "/v1/enterprises/..", "/v1/enterprises/" + "9" * 3000, "/v1/consents/..%2f..", "/v1/consents/" + "a" * 3000,
    "//v1/streams", "/v1//streams", "/v1/streams/", "/v1/streams/../metrics", "/%76%31/streams%00", "/v1/streams;x", "*",
])
def test_no_path_reaches_what_it_should_not(network, subject, path):
    back = raw(network, "gz", f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert len(statuses(back)) == 1 and statuses(back)[0] in REFUSED, back[:200]
    assert b"root:" not in back and subject[0].encode() not in back


@pytest.mark.parametrize("head", [
    "Content-Length: 2\r\nContent-Length: 3", "Content-Length: 2\r\nTransfer-Encoding: chunked", "Content-Length: -1",
    "Content-Length: 99999999999999999999", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: gzip", "Host: y",
    "X: a\r\n b", "X\x00: a", ": a", "Content-Length : 2", "X: " + "a" * 100000,
    "\r\n".join(f"X{i}: a" for i in range(2000)),
])
def test_ambiguous_heads_are_refused_once_and_the_connection_ends(network, subject, head):
    back = raw(network, "gz", f"POST /v1/reports HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{{}}GET /v1/streams HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
               seconds=8)
    assert 200 not in statuses(back), back[:300]
    assert all(s in REFUSED or s in (501, 505) for s in statuses(back))


def test_wrong_methods_are_405_and_unknown_paths_404(network, subject):
    for method, path, status in (("PUT", "/v1/reports", 405), ("DELETE", "/v1/reports", 405), ("POST", "/v1/streams", 405),
                                 ("PATCH", "/v1/consents/x", 405), ("GET", "/v1/feeds/1/batches/x", 404), ("BREW", "/v1/streams", None)):
        reply = network.http("gz", method, path, "operator")
        assert reply.status == status if status else reply.status in REFUSED or reply.status == 501


def test_a_slow_body_does_not_keep_others_waiting(network, subject):
    host, port = network.ready("gz")["listen"].rsplit(":", 1)
    context = ssl.create_default_context(cafile=str(network.run / "net" / "ca.crt"))
    context.load_cert_chain(f"{network.stem('bank')}.crt", f"{network.stem('bank')}.key")
    slow = []
    for _ in range(200):
        link = context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
        link.sendall(b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        slow.append(link)
    assert network.ask(subject[0], items=[1]).status == 200
    for link in slow:
        link.close()


# --- who may see what ---
def test_every_endpoint_refuses_the_wrong_roles(network, subject):
    code, who = subject
    assert register(network, network.sign_consent(who, items="19", consent_id="roles")).status == 201
    entry = network.ask(code, items=[1]).json["receipt"]["index"]
    stranger = network.subject_identity(rows_of(network.gen(1, 9, 79))[0]["uscc"], "他人")
    for name in ("dept", "bank2", stranger, "sz"):
        assert network.http("gz", "GET", "/v1/consents/roles", name).status == 403, name
        assert network.http("gz", "DELETE", "/v1/consents/roles", name).status == 403, name
        assert network.http("gz", "GET", f"/v1/trail/entries/{entry}", name).status == 403, name
    for name in ("dept", "sz", "gz"):
        assert network.ask(code, who=name, items=[1]).status == 403, name
        assert network.http("gz", "GET", f"/v1/enterprises/{code}", name).status == 403, name
        assert register(network, network.sign_consent(who, consent_id="roles-2"), who=name).status == 403, name
    for name in ("bank", "dept", who, "gz"):
        for method, path, body in (("POST", "/v1/members", {"code": code, "name": "x", "kind": "operator"}), ("POST", "/v1/catalogue", "x"), ("GET", "/v1/nodes", None)):
            assert network.http("hub", method, path, name, body).status == 403, (name, path)
    for name in ("bank", who, "gz", "operator"):
        assert network.submit(1, "x", "roles", name).status == 403, name
    assert network.http("gz", "GET", "/v1/consents/roles", who).json["state"] == "active"


def test_a_certificate_of_the_network_without_membership_sees_nothing(network, subject):
    stem = network.stem("nobody")
    network.cli("key", "member", "--network", network.run / "net", "--out", stem, "--code", rows_of(network.gen(1, 9, 78))[-1]["uscc"], "--name", "外人")
    for path in ("/v1/streams", "/v1/trail/checkpoint", "/v1/trail/tile/0/000.p/1", "/metrics", "/v1/trail/entries/0", f"/v1/enterprises/{subject[0]}"):
        assert network.http("gz", "GET", path, "nobody").status == 403, path
    for path in ("/v1/streams", "/v1/members", "/v1/catalogue", "/metrics", "/v1/nodes"):
        assert network.http("hub", "GET", path, "nobody").status == 403, path


def test_no_certificate_no_answer(network, subject):
    for part in ("hub", "gz"):
        with pytest.raises((OSError, http.client.HTTPException, ssl.SSLError)):
            network.http(part, "GET", "/healthz", None)


# --- consents and revocations ---
def test_after_the_answer_to_a_revocation_no_answer_shows_protected_fields(network, subject):
    code, who = subject
    delays = []
    for round_ in range(3):
        name = f"race-{round_}"
        assert register(network, network.sign_consent(who, items="19", consent_id=name)).status == 201
        until(lambda: records(network.ask(code, part="gd", items=[19], consent=name), 19), 20, "open at the province")
        revoked_at, shown, stop = [], [], threading.Event()

        def ask_on():
            while not stop.is_set():
                begun = time.monotonic()
                reply = network.ask(code, items=[19], consent=name)
                assert reply.status == 200
                shown.append((begun, bool(records(reply, 19))))
        threads = [threading.Thread(target=ask_on) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: sum(s for _, s in shown) > 8, 20, "shown before")
        assert network.http("gz", "DELETE", f"/v1/consents/{name}", who).status == 200
        revoked_at.append(time.monotonic())
        until(lambda: not records(network.ask(code, part="gd", items=[19], consent=name), 19), 5, "revoked at the province")
        delays.append(time.monotonic() - revoked_at[0])
        until(lambda: sum(b > revoked_at[0] for b, _ in shown) > 20, 20, "asked after")
        stop.set()
        for thread in threads:
            thread.join()
        assert not [b for b, s in shown if s and b > revoked_at[0]]
    print("revocation at the province after", " ".join(f"{d * 1000:.0f} ms" for d in delays))
    assert min(delays) < 1.5


def test_a_revoked_consent_cannot_be_registered_again(network, subject):
    code, who = subject
    jws = network.sign_consent(who, items="19", consent_id="again")
    assert register(network, jws).status == 201
    assert network.http("gz", "DELETE", "/v1/consents/again", who).status == 200
    assert register(network, jws).json["state"] == "revoked"
    until(lambda: network.http("gd", "GET", "/v1/consents/again", who).json.get("state") == "revoked", 10, "at the province")
    assert register(network, jws, part="gd").json["state"] == "revoked"
    assert not records(network.ask(code, items=[19], consent="again"), 19)
    assert register(network, network.sign_consent(who, items="19,25", consent_id="again")).status == 409


def test_a_revocation_that_was_answered_survives_kill_9_and_a_hub_away(network, subject):
    code, who = subject
    assert register(network, network.sign_consent(who, items="19", consent_id="survives")).status == 201
    network.kill("hub")
    try:
        assert network.http("gz", "DELETE", "/v1/consents/survives", who).status == 200
        network.kill("gz")
        network.start("gz")
        assert network.http("gz", "GET", "/v1/consents/survives", who).json["state"] == "revoked"
        assert not records(network.ask(code, items=[19], consent="survives"), 19)
    finally:
        network.start("hub")
    until(lambda: network.http("gd", "GET", "/v1/consents/survives", who).json["state"] == "revoked", 30, "known at the province")
    assert not records(network.ask(code, items=[19], consent="survives"), 19)
    until(lambda: network.http("gz", "GET", "/readyz", "bank").status == 200, 30, "fresh again")


def test_two_consents_with_one_id_at_two_nodes_become_one(network, subject):
    code, who = subject
    other = rows_of(network.gen(1, 60, 71, "--division", "4401"))[1]["uscc"]
    other_who = network.subject_identity(other)
    until(lambda: network.ask(other, part="gd", who=other_who, purpose="self").status == 200, 10, "the province knows the subject")
    replies = {}

    def put(part, jws):
        replies[part] = register(network, jws, part=part).status
    threads = [threading.Thread(target=put, args=("gz", network.sign_consent(who, items="19", consent_id="twice"))),
               threading.Thread(target=put, args=("gd", network.sign_consent(other_who, items="19", consent_id="twice")))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(replies.values())[0] == 201 and sorted(replies.values())[1] in REFUSED, replies
    owner, loser = (code, other) if replies["gz"] == 201 else (other, code)
    assert records(network.ask(owner, items=[19], consent="twice"), 19) or owner == other
    assert not records(network.ask(loser, items=[19], consent="twice"), 19)


# --- batches ---
def psql(network, query):
    conninfo = (network.run / "hub" / "pg.conninfo").read_text().strip()
    done = subprocess.run(["psql", "-XAtq", conninfo, "-c", query], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def at_once(calls):
    replies = [None] * len(calls)

    def run(i):
        replies[i] = calls[i]()
    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def test_the_same_batch_eight_times_at_once_gives_one_receipt(network, subject):
    text = network.gen(1, 2000, 72, "--division", "4401")
    replies = at_once([lambda: network.submit(1, text, "same") for _ in range(8)])
    assert {r.status for r in replies} == {200}
    assert len({r.body for r in replies}) == 1
    other = at_once([lambda: network.submit(1, text + "\n", "same-2"), lambda: network.submit(1, text + "\n\n", "same-2")])
    assert sorted(r.status for r in other) == [200, 409]


def test_batches_with_the_same_keys_at_once_end_in_one_order_everywhere(network, subject):
    """Six batches about the same records; whatever order they got, ledger,
    batches and nodes agree, and every version is there once."""
    base = network.gen(1, 800, 73, "--division", "4401,4403")
    lines = base.splitlines()
    texts = [base.replace("有限公司", f"有限{c}公司") for c in "甲乙丙丁"] + ["\n".join([lines[0], *reversed(lines[1:])]) + "\n", base]
    replies = at_once([lambda t=t, i=i: network.submit(1, t, f"overlap-{i}") for i, t in enumerate(texts)])
    assert [r.status for r in replies] == [200] * 6, [r.body for r in replies]
    network.agree("gz", "4401")
    network.agree("gd", "44")
    assert psql(network, "SELECT count(*) FROM (SELECT stream, sum(last - first + 1) n FROM change_log GROUP BY 1) c JOIN stream_state s USING (stream) WHERE n <> position") == "0"
    assert psql(network, "SELECT count(*) FROM record r WHERE version <> 1 + (SELECT count(*) FROM record_history h WHERE (h.stream, h.item, h.subject, h.key) = (r.stream, r.item, r.subject, r.key))") == "0"


def test_an_upload_cut_in_the_middle_leaves_nothing(network, subject):
    before = {s: v["position"] for s, v in network.streams("hub").items()}
    text = network.gen(1, 3000, 74, "--division", "4401").encode()
    host, port = network.ready("hub")["listen"].rsplit(":", 1)
    context = ssl.create_default_context(cafile=str(network.run / "net" / "ca.crt"))
    context.load_cert_chain(f"{network.stem('dept')}.crt", f"{network.stem('dept')}.key")
    for share in (0, len(text) // 3, len(text) - 1):
        with context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host) as link:
            link.sendall(f"POST /v1/feeds/1/batches HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nIdempotency-Key: cut\r\nContent-Length: {len(text)}\r\n\r\n".encode())
            link.sendall(text[:share])
    assert network.http("hub", "GET", "/v1/feeds/1/batches/cut", "dept").status == 404
    hub = network.pid("hub")
    until(lambda: not [f for f in os.listdir(f"/proc/{hub}/fd") if "upload-" in readlink(f"/proc/{hub}/fd/{f}")], 10, "no spool file open")
    assert not list((network.run / "hub").rglob("upload-*"))
    assert {s: v["position"] for s, v in network.streams("hub").items()} == before


def readlink(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


@pytest.mark.parametrize("body", [b"", b"\n\n\n", b"not json\n{\n[1]\nnull\n\"x\"\n1\n", b"{\"a\":" * 500 + b"\n", b"\x00" * 5000 + b"\n",
                                  b"\xff\xfe\x00{}\n", b"{}\n" * 1000, b"\xef\xbb\xbf{}\n"], ids=lambda body: f"{len(body)}-{body[:8].hex()}")
@pytest.mark.parametrize("content_type", ["application/x-ndjson", "text/csv"])
def test_garbage_is_findings_or_a_refusal_and_nothing_else(network, subject, body, content_type):
    before = {s: v["position"] for s, v in network.streams("hub").items()}
    reply = network.submit(1, body, f"garbage-{content_type}-{len(body)}-{body[:8].hex()}", content_type=content_type)
    assert reply.status in (200, 400), reply.body
    if reply.status == 200:
        assert reply.json["accepted"] == 0 and reply.json["rows"] == reply.json["rejected"]
    assert {s: v["position"] for s, v in network.streams("hub").items()} == before


def test_one_line_of_50_megabytes_is_bounded_and_costs_no_memory(network, subject):
    def peak():
        with open(f"/proc/{network.pid('hub')}/status") as status:
            return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) // 1024
    before = peak()
    for content_type in ("application/x-ndjson", "text/csv"):
        reply = network.submit(1, b"{\"uscc\":\"" + b"9" * (50 << 20), f"long-{content_type}", content_type=content_type)
        assert reply.status in (200, 400), reply.body
        assert reply.status == 400 or reply.json["accepted"] == 0
    sanitized = b"__asan_init" in (BIN / "rongxin-hub").read_bytes()  # which keeps freed memory for a while
    assert peak() - before < (400 if sanitized else 40), f"{before} -> {peak()} MB"


def member(network, name):
    code = {"dept": "11100000MB00000510"}[name]
    return next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == code)


def test_a_department_suspended_while_it_uploads_hands_nothing_in(network, subject):
    text = network.gen(1, 50, 75, "--division", "4401").encode()
    host, port = network.ready("hub")["listen"].rsplit(":", 1)
    context = ssl.create_default_context(cafile=str(network.run / "net" / "ca.crt"))
    context.load_cert_chain(f"{network.stem('dept')}.crt", f"{network.stem('dept')}.key")
    dept = member(network, "dept")
    try:
        with context.wrap_socket(socket.create_connection((host, int(port)), timeout=20), server_hostname=host) as link:
            link.sendall(f"POST /v1/feeds/1/batches HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nIdempotency-Key: suspended\r\nConnection: close\r\nContent-Length: {len(text)}\r\n\r\n".encode())
            link.sendall(text[:100])
            hub = network.pid("hub")
            until(lambda: [f for f in os.listdir(f"/proc/{hub}/fd") if "upload-" in readlink(f"/proc/{hub}/fd/{f}")], 10, "the upload is open")
            assert network.http("hub", "POST", "/v1/members", "operator", {**dept, "status": "suspended"}).status in (200, 201)
            link.sendall(text[100:])
            back = link.recv(65536)
        assert statuses(back) == [403], back
        assert b"member_inactive" in back
    finally:
        network.http("hub", "POST", "/v1/members", "operator", {**dept, "status": "active"})
    assert network.http("hub", "GET", "/v1/feeds/1/batches/suspended", "dept").status == 404


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_spool_is_503_and_the_batch_can_be_handed_in_later(network, subject):
    spool = network.run / "hub" / "spool"
    owner = spool.stat()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(spool)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip("no mount here: " + mounted.stderr.strip())
    text = network.gen(1, 20000, 76, "--division", "4401")
    assert len(text) > 2 << 20
    try:
        os.chown(spool, owner.st_uid, owner.st_gid)
        for _ in range(3):
            reply = network.submit(1, text, "full")
            assert reply.status == 503 and reply.json["type"] == "urn:rongxin:problem:not_ready"
        assert network.http("hub", "GET", "/v1/feeds/1/batches/full", "dept").status == 404
        small = network.submit(1, network.gen(1, 20, 77, "--division", "4401"), "small")
        assert small.status == 200, "the room is given back"
    finally:
        subprocess.run(["umount", str(spool)], check=True)
    assert network.submit(1, text, "full").status == 200


# --- the trail under kill -9 ---
def test_every_receipt_that_was_handed_out_is_in_the_tree_after_kill_9(network, subject):
    code = subject[0]
    receipts, lock = {}, threading.Lock()
    stop = threading.Event()

    def ask_on():
        while not stop.is_set():
            try:
                receipt = network.ask(code, items=[1]).json["receipt"]
            except (OSError, http.client.HTTPException, KeyError, ValueError):
                continue
            with lock:
                assert receipts.setdefault(receipt["index"], receipt["leaf_hash"]) == receipt["leaf_hash"], "an index was given twice"
    threads = [threading.Thread(target=ask_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(8):
            had = len(receipts)
            until(lambda: len(receipts) > had + 15, 20, "answers between the kills")
            network.kill("gz")
            network.start("gz")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    network.stop("gz")
    try:
        folder = network.run / "gz" / "trail"
        key = next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == "11440100MB0044011H")["trail_key"]
        done = network.cli("trail", "verify", folder, "--key", key, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        size = int((folder / "checkpoint").read_text().split("\n")[1])
        leaves = b"".join(tile(folder, i, min(256, size - 256 * i)) for i in range((size + 255) // 256))
        for index, leaf in receipts.items():
            assert index < size and leaves[32 * index:32 * index + 32].hex() == leaf
    finally:
        network.start("gz")


def tile(folder, index, width):
    return (folder / "tile" / "0" / (f"{index:03d}" + ("" if width == 256 else f".p/{width}"))).read_bytes()


def test_after_all_this_everything_still_runs_and_agrees(network, subject):
    for part in ("hub", "gd", "gz", "sz"):
        assert alive(network.pid(part)), part
        assert network.http(part, "GET", "/healthz").status == 200
    for part, prefix in (("gd", "44"), ("gz", "4401"), ("sz", "4403")):
        network.agree(part, prefix)
    for log in (network.run / "log").glob("*.log"):
        text = log.read_text(errors="replace")
        assert subject[0] not in text, f"a credit code in {log.name}"
        assert "assert" not in text.lower() and "Sanitizer" not in text
