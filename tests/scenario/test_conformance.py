"""`rongxin conformance`: right installations pass, and what is wrong is found
out, by a node that lies: a proxy before a real one that changes one thing."""
import base64
import http.client
import http.server
import json
import ssl
import threading

import pytest
from harness import ROOT, Network, rows_of, until


@pytest.fixture(scope="module")
def network():
    """With the limits that the catalogue has."""
    net = Network()
    net.catalogue(json.loads((ROOT / "deploy/catalogue/catalogue.json").read_text())["limits"])
    try:
        yield net.up()
    finally:
        net.down()


@pytest.fixture(scope="module")
def subject(network):
    rows = network.gen(1, 10, 61, "--division", "4401")
    assert network.submit(1, rows, "conformance-1").status == 200
    network.agree("gz", "4401")
    return rows_of(rows)[0]["uscc"]


class Liar(http.server.BaseHTTPRequestHandler):
    """Forwards to the real node; `lie` changes (status, headers, body)."""
    protocol_version = "HTTP/1.1"

    def forward(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        link = self.server.network.link("gz", "bank")
        headers = {k: v for k, v in self.headers.items() if k in ("Content-Type", "Accept", "If-None-Match", "traceparent", "Idempotency-Key")}
        link.request(self.command, self.path, body=body, headers=headers)
        reply = link.getresponse()
        answer = [reply.status, dict(reply.headers.items()), reply.read()]
        link.close()
        self.server.lie(self.command, self.path, answer)
        self.send_response_only(answer[0])
        for name, value in answer[1].items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer[2])))
        self.end_headers()
        self.wfile.write(answer[2])

    do_GET = do_POST = do_PATCH = forward

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A peer that was refused."""


@pytest.fixture
def liar(network):
    """Starts one: returns its URL."""
    stem, servers = network.stem("liar"), []
    if not stem.with_suffix(".crt").exists():
        network.cli("key", "member", "--network", network.run / "net", "--out", stem, "--code", "91440101MA000RX51L",
                    "--name", "liar", "--hosts", "127.0.0.1,localhost")

    def start(lie=lambda method, path, answer: None, strict=True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{stem}.crt", f"{stem}.key")
        context.minimum_version = ssl.TLSVersion.TLSv1_3 if strict else ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(network.run / "net" / "ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED if strict else ssl.CERT_NONE
        server = Server(("127.0.0.1", 0), Liar)
        server.network, server.lie = network, lie
        # The handshake belongs to the thread of the connection, not to accept.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        servers.append(server)
        return f"https://127.0.0.1:{server.server_port}"
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def check(network, url, *words, who="bank"):
    done = network.cli("conformance", url, "--json", *words, who=who, check=False)
    assert done.stdout, done.stderr
    result = json.loads(done.stdout)
    assert done.returncode == (0 if result["conforms"] else 1), done.stderr
    return result, {one["check"]: (one["verdict"], one["reason"]) for one in result["checks"]}


def failed(checks):
    return {name for name, (verdict, _) in checks.items() if verdict == "FAIL"}


def trust(network):
    return ["--hub", network.url("hub"), "--network", network.run / "net" / "network.json"]


def test_the_hub_conforms(network, subject):
    for who in ("bank", "dept", "operator"):
        result, checks = check(network, network.url("hub"), "--network", network.run / "net" / "network.json", who=who)
        assert result["conforms"] and result["program"] == "hub", checks
        assert checks["problem page"][0] == "PASS" and checks["repetition"][0] == ("PASS" if who == "dept" else "SKIP"), checks
        assert checks["pages"][0] == ("SKIP" if who == "bank" else "PASS"), checks
    assert "0 of them" not in checks["pages"][1], "the operator has more than one action to look at"
    assert checks["checkpoints"][0] == "PASS" and "witnessed" in checks["checkpoints"][1]
    assert checks["operations"][0] == "PASS"


def test_a_node_conforms_and_proves_what_it_answers(network, subject):
    result, checks = check(network, network.url("gz"), "--subject", subject, *trust(network))
    assert result["conforms"] and result["program"] == "node", checks
    assert not {name for name, (verdict, _) in checks.items() if verdict == "SKIP"}, checks
    assert {"TLS 1.3", "TLS 1.2", "no certificate", "HTTP/2", "openapi", "operations", "no such path", "clock", "unchanged", "trace", "question",
            "malformed question", "rate limits", "receipt", "witness", "checkpoint", "streams", "nosniff", "pages", "repetition", "problem page"} <= set(checks)


def test_what_cannot_be_tried_is_skipped_with_a_reason(network, subject):
    done = network.cli("conformance", network.url("gz"), who="bank")
    for line in ("SKIP  question", "SKIP  receipt", "SKIP  checkpoint", "SKIP  streams", "PASS  TLS 1.2"):
        assert any(one.startswith(line) for one in done.stdout.splitlines()), done.stdout
    assert "0 failed" in done.stdout
    assert subject not in done.stdout


def test_where_nobody_answers_nothing_is_said_to_conform(network):
    done = network.cli("conformance", "https://127.0.0.1:1", who="bank", check=False)
    assert done.returncode == 3 and not done.stdout
    assert network.cli("conformance", "http://127.0.0.1:1", who="bank", check=False).returncode == 2
    assert network.cli("conformance", network.url("hub"), "--wait", "x", who="bank", check=False).returncode == 2


def test_a_proxy_that_lies_in_nothing_fails_in_nothing_but_http2(network, subject, liar):
    _, checks = check(network, liar(), "--subject", subject, *trust(network))
    assert failed(checks) == {"HTTP/2"}, checks


def test_a_door_that_is_open_is_found_out(network, liar):
    _, checks = check(network, liar(strict=False))
    assert failed(checks) == {"TLS 1.2", "no certificate", "HTTP/2"}, checks


def shape(method, path, answer):
    """One wrong thing in each kind of answer."""
    if method == "PATCH" or path.endswith("/no-such-path"):
        answer[1]["content-type"] = "application/json"
    if path == "/v1/streams":
        answer[1]["content-type"] = "text/html"
    if path == "/v1/openapi.json":
        answer[1].pop("x-content-type-options")
        answer[1]["server"] = "liar/1.0"
        answer[1]["date"] = "Mon, 01 Jan 2024 00:00:00 GMT"
    if path == "/v1/me":
        answer[0] = 418
    if path == "/v1/members":
        answer[0] = 200
    answer[1].pop("traceparent", None)
    if method == "POST" and answer[0] == 400:
        answer[0], answer[2] = 200, b"{}"


def test_answers_of_another_shape_are_found_out(network, liar):
    _, checks = check(network, liar(shape))
    assert failed(checks) == {"HTTP/2", "no such path", "no such method", "GET /v1/streams", "no leak", "nosniff", "repetition",
                              "clock", "GET /v1/me", "unchanged", "trace", "malformed question"}, checks


def change(name, how):
    def lie(_, path, answer):
        if path.startswith("/v1/trail/receipts/") and answer[0] == 200:
            document = json.loads(answer[2])
            document[name] = how(document[name])
            answer[2] = json.dumps(document).encode()
    return lie


def other_hash(text):
    return ("0" if text[0] != "0" else "1") + text[1:]


def without_witness(note):
    """As if the node had signed, but nobody had seen it."""
    lines = note.split("\n")
    return "\n".join(line for line in lines if "witness" not in line)


def broken_signature(note):
    lines = note.split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("— rongxin/trail/"))
    head, signature = lines[at].rsplit(" ", 1)
    raw = bytearray(base64.b64decode(signature))
    raw[-1] ^= 1
    lines[at] = head + " " + base64.b64encode(raw).decode()
    return "\n".join(lines)


@pytest.mark.parametrize("name, how, found, why", [
    ("proof", lambda proof: [other_hash(proof[0]), *proof[1:]], "receipt", "does not lead"),
    ("leaf_hash", other_hash, "receipt", "not of the entry"),
    ("index", lambda index: index - 1, "receipt", "not of the entry"),
    ("checkpoint", without_witness, "witness", ""),
    ("checkpoint", broken_signature, "receipt", "not signed")])
def test_a_receipt_that_proves_nothing_is_found_out(network, subject, liar, name, how, found, why):
    assert network.ask(subject, purpose="customer_screening").status == 200, "a proof of one entry would be empty"
    _, checks = check(network, liar(change(name, how)), "--subject", subject, *trust(network))
    assert failed(checks) == {"HTTP/2", found} and why in checks[found][1], checks


@pytest.fixture(scope="module")
def pages(network, subject):
    """A subject with two consents: a list of two pages."""
    who = network.subject_identity(subject)
    until(lambda: network.http("gz", "GET", "/v1/consents", who).status == 200, 30, "known at the node")
    for name in ("page-1", "page-2"):
        jws = network.sign_consent(who, consent_id=name)
        assert network.http("gz", "POST", "/v1/consents", who, jws, {"Content-Type": "application/jose"}).status in (201, 202)
    until(lambda: {c["state"] for c in network.http("gz", "GET", "/v1/consents", who).json["consents"]} == {"active"}, 30, "both are there")
    return who


def test_a_list_in_pages_conforms(network, pages):
    _, checks = check(network, network.url("gz"), who=pages)
    assert checks["pages"][0] == "PASS" and " 0 of them" not in checks["pages"][1], checks


@pytest.mark.parametrize("forget, why", [("after", "the same again"), ("limit", "more than")])
def test_a_list_that_does_not_keep_to_its_pages_is_found_out(network, pages, liar, forget, why):
    first = network.http("gz", "GET", "/v1/consents?limit=1", pages).body
    whole = network.http("gz", "GET", "/v1/consents", pages).body

    def lie(_, path, answer):
        if path.startswith("/v1/consents?"):
            answer[0], answer[2] = 200, first if forget == "after" else whole
    _, checks = check(network, liar(lie), who=pages)
    assert {"pages"} <= failed(checks) and why in checks["pages"][1], checks


def test_a_problem_without_a_page_is_found_out(network, liar):
    def lie(_, path, answer):
        if path.startswith("/v1/problems/"):
            answer[0] = 404
    _, checks = check(network, liar(lie))
    assert failed(checks) == {"HTTP/2", "problem page"}, checks


def test_limits_that_are_told_by_half_are_found_out(network, subject, liar):
    def lie(method, _, answer):
        if method == "POST":
            answer[1].pop("ratelimit", None)
    _, checks = check(network, liar(lie), "--subject", subject)
    assert failed(checks) == {"HTTP/2", "rate limits"}, checks


def test_a_stream_that_is_another_at_the_hub_is_found_out(network, liar, subject):
    def lie(_, path, answer):
        if path == "/v1/streams" and answer[0] == 200:
            document = json.loads(answer[2])
            document["streams"][0]["state"] = other_hash(document["streams"][0]["state"])
            answer[2] = json.dumps(document).encode()
    _, checks = check(network, liar(lie), "--wait", "1", *trust(network))
    assert failed(checks) == {"HTTP/2", "streams"}, checks


@pytest.mark.parametrize("part", ["hub", "gz"])
def test_what_the_client_has_is_not_sent_again(network, part):
    for path in ("catalogue", "members", "openapi", "openapi.json", "openapi.js", "openapi.css"):
        first = network.http(part, "GET", f"/v1/{path}", "bank")
        tag = first.headers["ETag"]
        assert first.status == 200 and first.body
        again = network.http(part, "GET", f"/v1/{path}", "bank", headers={"If-None-Match": f'"x", {tag}'})
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag), path
        other = network.http(part, "GET", f"/v1/{path}", "bank", headers={"If-None-Match": '"x"'})
        assert (other.status, other.body) == (200, first.body), path


def test_a_question_is_not_taken_as_a_repetition(network, subject):
    body = {"subject": subject, "purpose": "customer_screening"}
    reply = network.http("gz", "POST", "/v1/reports", "bank", body,
                         {"Content-Type": "application/json", "Idempotency-Key": "k-1"})
    assert (reply.status, reply.json["type"]) == (400, "urn:rongxin:problem:malformed")
    assert "Idempotency-Key" in reply.json["title"] and "receipt" not in reply.json
    assert network.http("gz", "POST", "/v1/reports", "bank", body, {"Content-Type": "application/json"}).status == 200


def test_a_trace_comes_back_and_what_is_none_does_not(network):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    for part in ("hub", "gz"):
        echo = network.http(part, "GET", "/v1/streams", "bank",
                            headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}).headers["traceparent"]
        assert echo.startswith(f"00-{trace}-") and echo.endswith("-01") and "00f067aa0ba902b7" not in echo
        for wrong in (f"00-{trace}-00f067aa0ba902b7", "x" * 5000, f"00-{'0' * 32}-00f067aa0ba902b7-01"):
            reply = network.http(part, "GET", "/v1/streams", "bank", headers={"traceparent": wrong})
            assert reply.status == 200 and "traceparent" not in reply.headers
