"""How `rongxin` speaks and shows answers, against a peer that says what the
test wants: the hub's and the node's own behaviour is tested elsewhere."""

import http.server
import json
import os
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("RX_BIN", ROOT / "build")).resolve()
BIN = BIN / "rongxin" if BIN.is_dir() else BIN
BANK = "91100000100003962T"
FIRM = "91440300708461136T"

pytestmark = pytest.mark.skipif(
    not BIN.exists(), reason=f"{BIN} is not built"
)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def read_chunks(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def serve(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self.read_chunks()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        peer = self.server.peer
        subject = self.connection.getpeercert()["subject"]
        peer.requests.append((self.command, self.path, self.headers, body,
                              subject))
        status, answer = peer.answers.pop(0)
        text = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_DELETE = serve

    def log_message(self, *_):
        pass


class Peer:
    def __init__(self, folder):
        self.folder, self.requests, self.answers = folder, [], []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(folder / "peer.crt", folder / "peer.key")
        context.load_verify_locations(folder / "ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), Handler)
        self.server.peer = self
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def run(self, *args, url="--hub", code=0, data=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith("RX_")}
        done = subprocess.run(
            [str(BIN), *map(str, args), url, self.url, "--as",
             self.folder / "bank", "--ca", self.folder / "ca.crt"],
            cwd=ROOT, env=env, capture_output=True, text=True, timeout=60,
            input=data, check=False)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peer") / "net"

    def key(*args):
        subprocess.run([str(BIN), "key", *map(str, args)], check=True,
                       capture_output=True)

    key("network", "--out", folder, "--name", "test")
    key("member", "--network", folder, "--out", folder / "peer", "--code",
        BANK, "--name", "peer", "--hosts", "localhost")
    key("member", "--network", folder, "--out", folder / "bank", "--code",
        FIRM, "--name", "银行", "--kind", "bank")
    return folder


@pytest.fixture
def peer(folder):
    peer = Peer(folder)
    yield peer
    peer.server.shutdown()
    peer.server.server_close()


RECEIPT = {"batch": "b-1", "item": 1, "state": "committed", "rows": 3,
           "accepted": 2, "unchanged": 0, "rejected": 1, "warned": 1,
           "streams": [{"stream": "4401", "first": 1, "last": 2}]}


def test_a_batch_is_streamed_under_its_id_and_the_receipt_shown(
    peer, tmp_path
):
    path = tmp_path / "f.csv"
    path.write_bytes(b"uscc,name\n" + os.urandom(3_000_000))
    peer.answers.append((200, RECEIPT))
    done = peer.run("feed", "submit", 1, path, "--id", "b-1", "--charset",
                    "gb18030")
    method, target, headers, body, subject = peer.requests[0]
    assert (method, target) == ("POST", "/v1/feeds/1/batches?mode=delta")
    assert headers["Idempotency-Key"] == "b-1"
    assert headers["Content-Type"] == "text/csv; charset=gb18030"
    assert body == path.read_bytes()
    assert any(value == FIRM for rdn in subject for _, value in rdn)
    assert "accepted            2" in done.stdout and "4401" in done.stdout


def test_a_batch_may_come_from_standard_input(peer):
    peer.answers.append((200, RECEIPT))
    peer.run("feed", "submit", 1, "-", "--format", "ndjson", data='{"a":1}\n')
    _, _, headers, body, _ = peer.requests[0]
    assert body == b'{"a":1}\n'
    assert headers["Content-Type"] == "application/x-ndjson"
    assert len(headers["Idempotency-Key"]) > 10


def test_json_prints_the_answer_as_it_came(peer):
    peer.answers.append((200, RECEIPT))
    done = peer.run("feed", "receipt", 1, "b-1", "--json")
    assert json.loads(done.stdout) == RECEIPT
    assert peer.requests[0][1] == "/v1/feeds/1/batches/b-1"


def test_findings_are_fetched_page_by_page(peer):
    finding = {"line": 2, "field": "uscc", "rule": "uscc_check_digit",
               "severity": "reject", "value_digest": "00"}
    peer.answers += [(200, {"findings": [finding], "next": 1}),
                     (200, {"findings": [finding], "next": None})]
    done = peer.run("feed", "findings", 1, "b-1")
    assert done.stdout.count("uscc_check_digit") == 2
    assert "after=1&" in peer.requests[1][1]


def test_a_refusal_is_told_with_its_type_and_exits_with_1(peer):
    peer.answers.append((403, {
        "type": "urn:rongxin:problem:member_inactive", "title": "Not active",
        "status": 403, "detail": "suspended"}))
    done = peer.run("query", FIRM, url="--node", code=1)
    assert "403 member_inactive: Not active: suspended" in done.stderr


def test_a_failing_peer_exits_with_3(peer):
    peer.answers.append((503, {"type": "urn:rongxin:problem:not_ready",
                               "title": "Not ready", "status": 503}))
    assert "not_ready" in peer.run("member", "list", code=3).stderr


REPORT = {
    "subject": FIRM, "level": "public",
    "items": [{"item": 17, "as_of": "2026-10-31T00:00:00Z", "stream": "4403",
               "position": 9, "provider": BANK,
               "records": [{"year": "2025", "level": "A"}]}],
    "withheld": [{"item": 19, "fields": ["sales"],
                  "rule": "consent_missing"}],
    "receipt": {"index": 5, "leaf_hash": "ab"},
}


def test_a_report_is_shown_with_its_labels_and_what_was_withheld(peer):
    peer.answers.append((200, REPORT))
    done = peer.run("query", FIRM, "--purpose", "pre_loan", "--items",
                    "17,19", "--consent", "c-1", url="--node")
    assert json.loads(peer.requests[0][3]) == {
        "subject": FIRM, "purpose": "pre_loan", "items": [17, 19],
        "consent": "c-1"}
    assert "纳税信用级别信息" in done.stdout and "2025" in done.stdout
    assert "consent_missing" in done.stdout and "entry 5" in done.stdout


def test_a_token_stands_in_the_subjects_place(peer):
    peer.answers.append((200, REPORT))
    peer.run("query", "--token", "-" * 24, "--purpose", "pre_loan",
             "--consent", "c-1", url="--node")
    assert json.loads(peer.requests[0][3]) == {
        "token": "-" * 24, "purpose": "pre_loan", "consent": "c-1"}
    for words in ([FIRM, "--token", "x"], []):
        said = peer.run("query", *words, url="--node", code=2).stderr
        assert "SUBJECT or --token" in said


def columns(line):
    return sum(2 if ord(c) >= 0x3000 else 1 for c in line)


def test_withheld_fields_are_named_in_words_within_a_line(peer):
    names = ["name", "year", "total_assets", "total_liabilities", "equity",
             "revenue", "main_revenue", "total_profit", "net_profit",
             "total_tax", "bank_loans", "government_support", "unheard_of"]
    peer.answers.append((200, {**REPORT, "withheld": [
        {"item": 7, "fields": names, "rule": "consent_missing"},
        {"item": 19, "fields": ["sales", "unheard_of"], "rule": "x"}]}))
    said = peer.run("query", FIRM, url="--node").stdout
    lines = said[said.index("withheld"):].splitlines()
    assert "企业名称, 年度, 资产总额" in lines[1]
    assert lines[1].endswith(", … (13 fields)") and columns(lines[1]) <= 80
    assert lines[2].endswith(" 申报销售收入, unheard_of")


def test_a_member_is_suspended_by_its_own_document(peer):
    member = {"code": BANK, "name": "银行", "kind": "bank",
              "status": "active"}
    peer.answers += [(200, {"members": [member]}), (200, member)]
    peer.run("member", "set-status", BANK, "suspended")
    sent = json.loads(peer.requests[1][3])
    assert {**sent, **member, "status": "suspended"} == sent


def test_a_revocation_by_certificate_has_no_body(peer):
    peer.answers.append((200, {"id": "c-1", "state": "revoked"}))
    done = peer.run("consent", "revoke", "c-1", url="--node")
    method, target, _, body, _ = peer.requests[0]
    assert (method, target, body) == ("DELETE", "/v1/consents/c-1", b"")
    assert "c-1: revoked" in done.stdout


def test_a_signed_revocation_goes_in_the_body(peer, folder):
    peer.answers.append((200, {"id": "c-1", "state": "revoked"}))
    peer.run("consent", "revoke", "c-1", "--stem", folder / "bank",
             url="--node")
    _, _, headers, body, _ = peer.requests[0]
    assert headers["Content-Type"] == "application/jose"
    assert body.count(b".") == 2


def test_a_node_that_is_not_ready_is_a_no(peer):
    streams = {"node": BANK, "streams": [
        {"stream": "4401", "position": 7, "agreed": True,
         "applied": "2026-10-31T00:00:00Z", "delay_ms": 3}]}
    peer.answers += [(200, streams), (503, {"title": "Not ready"})]
    done = peer.run("node", "status", url="--node", code=1)
    assert "4401" in done.stdout and "not ready" in done.stdout


def test_a_server_of_another_network_is_not_spoken_to(peer, tmp_path):
    other = tmp_path / "other"
    subprocess.run([str(BIN), "key", "network", "--out", other, "--name",
                    "other"], check=True, capture_output=True)
    done = subprocess.run(
        [str(BIN), "member", "list", "--hub", peer.url, "--as",
         peer.folder / "bank", "--ca", other / "ca.crt"],
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3 and peer.requests == []
