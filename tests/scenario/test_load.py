"""A bank asks without a pause on kept-alive connections while batches are applied, consents come and go, the
enterprises are counted, a list of subjects is answered, the trail begins its next file and others look at all of it:
no answer shows what its consent no longer covers, every answer has its own entry.

Under ThreadSanitizer this is the query path with everything that it meets."""
import hashlib
import json
import os
import threading

import pytest
from harness import Network, rows_of, until

ROUNDS = 6
BANKS = 6
ITEMS = [1, 19]  # one public, one that needs the consent
PER_FILE = 65536  # entries of the trail
LEFT = 500  # of them, for this test
MANY = 2000  # lines of a list of subjects
PIECE = 40  # rows of a batch
JSON = {"Content-Type": "application/json"}
COUNT = {"purpose": "supervision", "statistic": "count", "by": ["division"]}


@pytest.fixture(scope="module")
def network():
    net = Network()
    path = net.catalogue()
    document = json.loads(path.read_text())
    document["anonymisation"]["refresh_minutes"] = 0
    path.write_text(json.dumps(document, ensure_ascii=False))
    try:
        yield net.up()
    finally:
        net.down()


@pytest.fixture(scope="module")
def subject(network):
    network.stop("sz")
    code = rows_of(network.gen(1, 1, 91, "--division", "4401"))[0]["uscc"]
    only = network.folder / "subject"
    only.write_text(code + "\n")
    for item in ITEMS:
        text = network.gen(item, 1, 91, "--division", "4401", "--subjects", only, "--per-subject", 1)
        assert network.submit(item, text, f"load-{item}").status == 200
    network.agree("gz", "4401")
    return code


def frame(nonce, entry):
    """docs/PROTOCOL.md section 6."""
    leaf = hashlib.sha256(b"\0" + hashlib.sha256(nonce + entry).digest()).digest()
    return (len(nonce) + len(entry)).to_bytes(4, "big") + leaf[:8] + nonce + entry


@pytest.fixture(scope="module")
def trail(network, subject):
    """Its first file is nearly full: as if the node had been killed before it made their tiles."""
    assert network.ask(subject, items=[1]).json["receipt"]["index"] == 0
    network.stop("gz")
    folder = network.run / "gz" / "trail"
    with open(folder / "entries" / f"{0:012d}.log", "r+b") as log:
        first = log.read()
        end = 12 + int.from_bytes(first[:4], "big")
        assert first[:end] == frame(first[12:28], first[28:end])
        log.seek(end)
        log.write(b"".join(frame(os.urandom(16), first[28:end]) for _ in range(PER_FILE - LEFT - 1)))
        log.truncate()
    network.start("gz")
    return folder


class Mover(threading.Thread):
    """Takes one step after the other until it is told to stop, or one fails."""

    def __init__(self, step):
        super().__init__(daemon=True)
        self.step, self.steps, self.stopping, self.wrong = step, 0, False, []

    def run(self):
        try:
            while not self.stopping and not self.wrong:
                self.step(self.steps)
                self.steps += 1
        except Exception as problem:
            self.wrong.append(repr(problem))


class Bank(Mover):
    """Asks under the consent of the hour."""

    def __init__(self, network, subject):
        super().__init__(self.ask)
        self.link, self.subject, self.consent, self.seen = network.link("gz", "bank"), subject, None, []

    def ask(self, _):
        consent, was_revoked = self.consent or ("none", False)
        question = {"subject": self.subject, "purpose": "pre_loan", "items": ITEMS, "consent": consent}
        self.link.request("POST", "/v1/reports", json.dumps(question), JSON)
        reply = self.link.getresponse()
        body = json.loads(reply.read())
        if reply.status != 200:
            self.wrong.append((reply.status, body))
            return
        shown = any(item["item"] == 19 for item in body["items"])
        self.seen.append((consent, body["receipt"], shown))
        if was_revoked and shown:
            self.wrong.append((consent, "shown after its revocation was answered"))


class Looker(Mover):
    """Everybody else: what is counted, found, told and proved of a node at work."""

    def __init__(self, network, who):
        super().__init__(self.look)
        self.network, self.who = network, who
        self.counted, self.sizes = set(), set()

    def get(self, path, who="bank2", method="GET", body=None):
        reply = self.network.http("gz", method, path, who, body, JSON)
        assert reply.status == 200, (path, reply.status, reply.body)
        return reply

    def look(self, n):
        asked = {**COUNT, "by": [["division"], ["industry"], ["size"]][n % 3]}
        self.counted.add(self.get("/v1/statistics", "operator", "POST", asked).json["population"]["time"])
        self.get("/v1/enterprises?name=%E5%B9%BF%E5%B7%9E")
        self.sizes.add(size := int(self.get("/v1/trail/checkpoint").body.split(b"\n")[1]))
        assert self.get("/v1/accesses?limit=100", self.who).json["tree_size"] >= size
        self.get("/v1/trail/tile/0/000")
        for path in ("/metrics", "/v1/streams"):
            self.get(path, "operator")


def list_of_many(network, subject):
    reply = network.http("gz", "POST", "/v1/report-jobs?purpose=post_loan&items=1", "bank2", "\n".join([subject] * MANY), {"Content-Type": "text/csv"})
    assert reply.status == 201, reply.body
    return reply.json["id"]


def department(network):
    lines = network.gen(1, 4000, 92, "--division", "4401").splitlines()

    def hand_in(n):
        at = 1 + n * PIECE % (len(lines) - PIECE)
        reply = network.submit(1, "\n".join([lines[0], *lines[at:at + PIECE]]) + "\n", f"load-more-{n}")
        assert reply.status == 200, reply.body
    return hand_in


def come_and_go(network, who, banks, name):
    """A consent opens for each bank and, when its revocation was answered, for none."""
    jws = network.sign_consent(who, items="19", consent_id=name)
    made = network.http("gz", "POST", "/v1/consents", who, jws, {"Content-Type": "application/jose"})
    assert made.status in (201, 202), made.body
    for bank in banks:
        bank.consent = (name, False)
    until(lambda: all(any(s[0] == name and s[2] for s in bank.seen[-50:]) or bank.wrong for bank in banks), 60, "the consent opens")
    assert network.http("gz", "DELETE", f"/v1/consents/{name}", who).status == 200
    counts = [len(bank.seen) for bank in banks]
    for bank in banks:
        bank.consent = (name, True)
    until(lambda: all(len(bank.seen) > count + 5 or bank.wrong for bank, count in zip(banks, counts)), 60, "asked on")


def test_no_answer_shows_what_was_revoked_while_everything_moves(network, subject, trail):
    who = network.subject_identity(subject)
    until(lambda: network.ask(subject, part="gz", who=who, purpose="self", items=[1]).status == 200, 30, "the subject is known")
    until(lambda: network.http("gz", "GET", "/v1/accesses", who).status == 200, 30, "its accesses are known")
    until(lambda: network.http("gz", "POST", "/v1/statistics", "operator", COUNT, JSON).status == 200, 30, "enterprises were counted")
    banks = [Bank(network, subject) for _ in range(BANKS)]
    looker = Looker(network, who)
    others = [Mover(department(network)), looker]
    job = list_of_many(network, subject)
    for thread in (*banks, *others):
        thread.start()
    for n in range(ROUNDS):
        come_and_go(network, who, banks, f"load-{n}")
    until(lambda: len(looker.counted) > 1 or looker.wrong, 60, "counted again")
    for thread in (*banks, *others):
        thread.stopping = True
    for thread in (*banks, *others):
        thread.join(60)
    assert [thread.wrong for thread in (*banks, *others)] == [[] for _ in (*banks, *others)], network.logs()
    assert min(thread.steps for thread in others) > 0 and len(looker.sizes) > 1
    indices = [receipt["index"] for bank in banks for _, receipt, _ in bank.seen]
    assert len(indices) == len(set(indices)), "an entry for each answer"
    assert min(indices) < PER_FILE < max(indices) and (trail / "entries" / f"{PER_FILE:012d}.log").exists()
    last = banks[0].seen[-1]
    entry = network.http("gz", "GET", f"/v1/trail/entries/{last[1]['index']}", "bank").json
    assert entry["access"]["subject"] == subject and entry["access"]["consent"] == last[0]
    network.agree("gz", "4401")
    assert network.http("gz", "DELETE", f"/v1/report-jobs/{job}", "bank2").status == 200
    network.stop("gz")
    done = network.cli("trail", "verify", trail, "--member", f"{network.stem('gz')}.member.json", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
