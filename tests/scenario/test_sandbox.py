"""`rongxin sandbox`: one command, and the rules are those of any node."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import pytest
from harness import BIN, ROOT, Reply, alive, until, uscc_is_right


class Sandbox:
    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        self.start()

    def start(self):
        (self.folder / "ready").unlink(missing_ok=True)
        with (self.folder.parent / "sandbox.log").open("a") as log:
            self.process = subprocess.Popen([BIN / "rongxin", "sandbox", self.folder, "--listen", f"127.0.0.1:{self.port}"],
                                            stdout=log, stderr=log, cwd=ROOT)
        until(lambda: (self.folder / "ready").exists() or self.process.poll() is not None, 90, "it is ready")
        assert self.process.poll() is None, self.log()
        until(lambda: self.http("GET", "/readyz").status == 200, what="it is fresh")

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(60)

    def log(self):
        return (self.folder.parent / "sandbox.log").read_text()[-2000:]

    def stem(self, who):
        return self.folder / "id" / who

    def http(self, method, path, who="bank", body=None, **headers):
        context = ssl.create_default_context(cafile=str(self.folder / "net" / "ca.crt"))
        context.load_cert_chain(f"{self.stem(who)}.crt", f"{self.stem(who)}.key")
        link = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=60)
        try:
            if isinstance(body, dict):
                body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
            link.request(method, path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
            reply = link.getresponse()
            return Reply(reply.status, reply.headers, reply.read())
        finally:
            link.close()

    def ask(self, who="bank", purpose="pre_loan", **more):
        return self.http("POST", "/v1/reports", who, {"subject": self.subject, "purpose": purpose, **more})

    def cli(self, *words, check=True):
        done = subprocess.run(list(map(str, [BIN / "rongxin", *words])), capture_output=True, text=True, timeout=120,
                              cwd=ROOT)
        assert not check or done.returncode == 0, done.stdout + done.stderr + self.log()
        return done

    def at(self, who="bank"):
        return ["--node", f"https://127.0.0.1:{self.port}", "--ca", self.folder / "net/ca.crt", "--as", self.stem(who)]

    def position(self, stream):
        return {s["stream"]: s["position"] for s in self.http("GET", "/v1/streams").json["streams"]}[stream]

    @property
    def environment(self):
        return dict(re.findall(r"(RX_\w+)=(\S+)", (self.folder / "env.sh").read_text()))

    @property
    def subject(self):
        return self.environment["RX_SUBJECT"]

    def consent(self, name, items="19"):
        jws = self.cli("consent", "sign", "--stem", self.stem("subject"), "--grantee", self.http("GET", "/v1/me").json["code"],
                       "--purpose", "pre_loan", "--items", items, "--days", 30, "--id", name).stdout.strip()
        reply = self.http("POST", "/v1/consents", "bank", jws.encode(), Content_Type="application/jose")
        assert reply.status in (201, 202), reply.body
        until(lambda: self.http("GET", f"/v1/consents/{name}").json["state"] == "active", what="it counts")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    box = Sandbox(tmp_path_factory.mktemp("sandbox") / "box")
    try:
        yield box
    finally:
        box.stop()


def shown(report):
    return [item["item"] for item in report["items"]]


def test_everything_says_that_it_is_made_up(sandbox):
    reply = sandbox.ask(items=[1])
    assert reply.headers["rongxin-sandbox"] == "1" and reply.json["sandbox"] is True
    assert sandbox.http("GET", "/v1/problems/no_such").headers["rongxin-sandbox"] == "1"
    me = sandbox.http("GET", "/v1/me").json
    assert me["sandbox"] is True and "虚构" in me["node"]["name"]
    page = sandbox.http("GET", f"/v1/enterprises/{sandbox.subject}", Accept="text/html").body.decode()
    assert "【沙箱】" in page.split("<dl>")[0]
    assert json.loads((sandbox.folder / "net/network.json").read_text())["sandbox"] is True


def test_its_codes_are_right_and_can_be_nobody_s(sandbox):
    """No registration department and no category of GB 32100-2015 is X."""
    codes = (sandbox.folder / "feed/subjects").read_text().split()
    codes += [json.loads(one.read_text())["code"] for one in (sandbox.folder / "id").glob("*.member.json")]
    assert len(set(codes)) > 400
    assert all(code.startswith("XX") and uscc_is_right(code) for code in codes)


def test_a_consent_opens_and_its_end_closes(sandbox):
    without = sandbox.ask(items=[1, 19]).json
    assert shown(without) == [1] and without["withheld"][0]["rule"] == "consent_missing"
    sandbox.consent("box-1")
    opened = sandbox.ask(items=[1, 19], consent="box-1").json
    assert shown(opened) == [1, 19] and opened["consent"]["id"] == "box-1"
    told = sandbox.position("0000")
    assert sandbox.http("POST", "/v1/consents/box-1/pause", "subject").status == 200
    until(lambda: sandbox.position("0000") == told + 1, what="what stands in for the hub has sealed it")
    assert "consent_paused" in sandbox.ask(items=[19], consent="box-1").body.decode()
    time.sleep(0.01)    # a later word has a later time
    assert sandbox.http("POST", "/v1/consents/box-1/resume", "subject").status == 200
    assert shown(sandbox.ask(items=[19], consent="box-1").json) == [19]
    assert sandbox.http("DELETE", "/v1/consents/box-1", "subject").status == 200
    until(lambda: sandbox.position("0000") == told + 3, what="the other words too")
    assert "consent_revoked" in sandbox.ask(items=[19], consent="box-1").body.decode()
    forged = sandbox.cli("consent", "sign", "--stem", sandbox.stem("subject2"), "--grantee", sandbox.subject, "--purpose",
                         "pre_loan", "--items", 19, "--days", 30, "--id", "box-2", "--subject", sandbox.subject, check=False)
    assert forged.returncode != 0 or sandbox.http("POST", "/v1/consents", "bank", forged.stdout.strip().encode(),
                                                  Content_Type="application/jose").status == 400


def test_an_answer_is_in_the_trail_and_witnessed(sandbox):
    receipt = sandbox.ask(items=[1]).json["receipt"]
    path = f"/v1/trail/receipts/{receipt['index']}"
    reply = until(lambda: (r := sandbox.http("GET", path)).status == 200 and r, 30, "it is witnessed")
    assert reply.json["leaf_hash"] == receipt["leaf_hash"]
    file = sandbox.folder / "receipt.json"
    file.write_bytes(reply.body)
    assert "verified" in sandbox.cli("trail", "verify", "--receipt", file, "--network", sandbox.folder / "net/network.json",
                                     "--member", f"{sandbox.stem('node')}.member.json").stdout
    assert [a["access"]["subject"] for a in sandbox.http("GET", "/v1/accesses", "subject").json["accesses"]]


def test_it_can_be_searched_and_counted(sandbox):
    found = sandbox.http("GET", f"/v1/enterprises?uscc={sandbox.subject}").json["enterprises"]
    assert [one["subject"] for one in found] == [sandbox.subject]
    table = until(lambda: (r := sandbox.http("POST", "/v1/statistics", "bank", {
        "purpose": "customer_screening", "statistic": "count", "by": ["division/0"]})).status == 200 and r.json,
        30, "they were counted")
    assert table["level"] == "A" and {cell["division"] for cell in table["cells"]} == {"4401", "4403", "*"}


def penalty(sandbox, seed):
    """A department leaves one at the node; what it got for it."""
    fined, batch = sandbox.folder / "fined", sandbox.folder / "penalty.csv"
    fined.write_text(sandbox.subject + "\n")
    rows = sandbox.cli("gen", "--item", 11, "--rows", 1, "--subjects", fined, "--seed", seed).stdout
    batch.write_text(re.sub(r"〔\d+〕\d+号", f"〔2026〕{seed}号", rows))
    return sandbox.cli("feed", "leave", 11, batch, "--id", f"penalty-{seed}", "--wait", 30, *sandbox.at("dept")).stdout


def test_a_department_s_batch_reaches_who_watches(sandbox):
    assert sandbox.http("POST", "/v1/watches", "bank", {
        "id": "loans", "rules": [{"items": [11], "kinds": ["new"]}], "subjects": [sandbox.subject]}).status == 201
    receipt = penalty(sandbox, 77)
    assert "committed" in receipt and re.search(r"accepted +1\b", receipt)
    events = until(lambda: sandbox.http("GET", "/v1/events?since=0").json["events"], 30, "the bank is told")
    assert [(e["kind"], e["item"], e["subject"]) for e in events] == [("new", 11, sandbox.subject)]
    refused = sandbox.cli("feed", "leave", 11, sandbox.folder / "penalty.csv", "--id", "penalty-2", "--wait", 30, *sandbox.at("bank"), check=False)
    assert refused.returncode == 1 and "member_kind" in refused.stdout + refused.stderr


def test_who_follows_hears_it_at_once_and_goes_on_after_a_kill(sandbox):
    """Each event once, though the stream breaks."""
    with (sandbox.folder / "heard").open("w") as heard:
        follower = subprocess.Popen(list(map(str, [BIN / "rongxin", "events", "--follow", *sandbox.at()])), stdout=heard,
                                    stderr=subprocess.DEVNULL)

    def numbers():
        lines = (sandbox.folder / "heard").read_text().splitlines(keepends=True)
        return [json.loads(line)["number"] for line in lines if line.endswith("\n")]
    try:
        until(lambda: numbers() == [1], what="what there was")
        penalty(sandbox, 78)
        until(lambda: numbers() == [1, 2], what="what came")
        sandbox.stop(signal.SIGKILL)
        sandbox.start()
        penalty(sandbox, 79)
        until(lambda: len(numbers()) > 2, what="what came behind the kill")
        assert numbers() == [1, 2, 3]
    finally:
        follower.kill()
        follower.wait(60)


def object_to(sandbox, name, item, reason, text, key=None):
    claims = {"id": name, "subject": sandbox.subject, "item": item, "reason": reason, "text": text,
              "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **({"key": key} if key else {})}
    reply = sandbox.http("POST", "/v1/objections", "subject", claims)
    assert reply.status == 202, reply.body
    return claims


def test_objections_are_answered_as_their_text_asks_for(sandbox):
    def stands(name):
        return next((o for o in sandbox.http("GET", "/v1/objections", "subject").json["objections"] if o["id"] == name), {})

    def marks(item):
        return {r.get("document_number"): r["state"] for i in sandbox.ask(items=[item]).json["items"] for r in i["records"]}
    fine = next(iter(marks(11)))
    object_to(sandbox, "wrong-1", 11, "wrong", "并无此事", [fine])
    claims = object_to(sandbox, "wrong-2", 1, "wrong", "地址有误 (undetermined)")
    object_to(sandbox, "wrong-3", 11, "wrong", "x", ["no such document"])
    until(lambda: stands("wrong-3").get("state") == "refused", 30, "there is no such record")
    until(lambda: marks(11)[fine] == "disputed" and marks(1)[None] == "disputed", 30, "marked when they are accepted")
    assert sandbox.http("POST", "/v1/objections", "subject", claims).status == 200, "the same again"
    said = {"objection": "wrong-2", "subject": sandbox.subject, "statement": "已申请变更登记", "time": claims["time"]}
    assert sandbox.http("PUT", "/v1/objections/wrong-2/statement", "subject", said).status == 202
    until(lambda: "已申请变更登记" in sandbox.ask(items=[1]).body.decode(), 30, "it is read beside the record")
    until(lambda: stands("wrong-1").get("state") == "corrected" and stands("wrong-2").get("state") == "undetermined", 30, "decided")
    until(lambda: fine not in marks(11) and marks(1)[None] == "disputed", 10, "as a hub does it")
    until(lambda: stands("wrong-1").get("informed") == 1, 30, "the bank was told, and the hub's stand-in counts it")
    events = sandbox.http("GET", "/v1/events?since=0").json["events"]
    assert [e["item"] for e in events if e["kind"] == "corrected"] == [11]


def test_it_conforms(sandbox):
    done = sandbox.cli("conformance", f"https://127.0.0.1:{sandbox.port}", "--subject", sandbox.subject, "--network",
                       sandbox.folder / "net/network.json", "--ca", sandbox.folder / "net/ca.crt", "--as", sandbox.stem("bank"))
    assert "0 failed" in done.stdout and "PASS  question" in done.stdout, done.stdout


def test_after_a_kill_it_is_as_it_was(sandbox):
    sandbox.consent("box-3")
    before = {s["stream"]: (s["position"], s["state"]) for s in sandbox.http("GET", "/v1/streams").json["streams"]}
    sandbox.stop(signal.SIGKILL)
    assert not alive(sandbox.process.pid)
    sandbox.start()
    until(lambda: {s["stream"]: (s["position"], s["state"])
                   for s in sandbox.http("GET", "/v1/streams").json["streams"]} == before, what="the streams are the same")
    reply = sandbox.ask(items=[19], consent="box-3").json
    assert shown(reply) == [19]
    index = reply["receipt"]["index"]
    until(lambda: sandbox.http("GET", f"/v1/trail/receipts/{index}").status == 200, 30, "it is witnessed again")


def refused(program, *words):
    done = subprocess.run([BIN / program, *map(str, words)], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode != 0
    return done.stderr


@pytest.fixture
def open_folder():
    """That daemons of another user reach, too."""
    with tempfile.TemporaryDirectory(prefix="rongxin-test.", dir="/tmp") as folder:
        os.chmod(folder, 0o777)
        yield pathlib.Path(folder)


def test_no_network_takes_it_and_it_takes_no_network(sandbox, open_folder):
    network, stem = open_folder / "network.json", sandbox.stem("node")
    network.write_bytes((sandbox.folder / "net/network.json").read_bytes())
    network.chmod(0o644)
    assert "sandbox" in refused("rongxin-node", "--folder", open_folder / "a", "--network", network, "--stem", stem, "--user", "nobody",
                                "--parent_live", "tcp://127.0.0.1:1", "--parent_fetch", "tcp://127.0.0.1:1")
    assert "sandbox" in refused("rongxin-hub", "--folder", open_folder / "b", "--network", network, "--stem", stem,
                                "--sql_folder", ROOT / "sql")
    assert "no parent" in refused("rongxin-node", "--sandbox", sandbox.folder, "--parent_live", "tcp://127.0.0.1:1",
                                  "--parent_fetch", "tcp://127.0.0.1:1")
    real = open_folder / "real"
    (real / "net").mkdir(parents=True)
    subprocess.run([BIN / "rongxin", "key", "network", "--out", real / "other", "--name", "real"], check=True,
                   capture_output=True)
    os.rename(real / "other/network.json", real / "net/network.json")
    assert "real network" in refused("rongxin-node", "--sandbox", real)
