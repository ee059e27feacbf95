"""A bank asks without a pause on kept-alive connections while batches are applied and consents come and
go: no answer shows what its consent no longer covers, every answer has its own entry.

Under ThreadSanitizer this is the query path with everything that it meets."""
import http.client
import json
import threading

import pytest
from harness import rows_of, until

ROUNDS = 6
ITEMS = [1, 19]  # one public, one that needs the consent


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


class Bank(threading.Thread):
    """Asks under the consent of the hour until it is told to stop."""

    def __init__(self, network, subject):
        super().__init__(daemon=True)
        self.link, self.subject, self.consent = network.link("gz", "bank"), subject, None
        self.stopping, self.seen, self.wrong = False, [], []

    def ask(self, consent):
        question = {"subject": self.subject, "purpose": "pre_loan", "items": ITEMS, "consent": consent}
        self.link.request("POST", "/v1/reports", json.dumps(question), {"Content-Type": "application/json"})
        reply = self.link.getresponse()
        return reply.status, json.loads(reply.read())

    def run(self):
        try:
            while not self.stopping:
                consent, was_revoked = self.consent or ("none", False)
                status, body = self.ask(consent)
                if status == 429:  # faster than the member's limit
                    continue
                if status != 200:
                    self.wrong.append((status, body))
                    return
                shown = any(item["item"] == 19 for item in body["items"])
                self.seen.append((consent, body["receipt"], shown))
                if was_revoked and shown:
                    self.wrong.append((consent, "shown after its revocation was answered"))
        except (OSError, http.client.HTTPException) as error:
            self.wrong.append(error)


def test_no_answer_shows_what_was_revoked_while_everything_moves(network, subject):
    who = network.subject_identity(subject)
    until(lambda: network.ask(subject, part="gz", who=who, purpose="self", items=[1]).status == 200, 30, "the subject is known")
    banks = [Bank(network, subject) for _ in range(4)]
    moving = threading.Event()

    def department():
        lines = network.gen(1, 40 * ROUNDS, 92, "--division", "4401").splitlines()
        for n in range(ROUNDS):
            piece = "\n".join([lines[0], *lines[1 + n * 40:41 + n * 40]]) + "\n"
            assert network.submit(1, piece, f"load-more-{n}").status == 200
        moving.set()

    feeder = threading.Thread(target=department)
    for thread in (*banks, feeder):
        thread.start()
    for n in range(ROUNDS):
        name = f"load-{n}"
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
    feeder.join(60)
    for bank in banks:
        bank.stopping = True
    for bank in banks:
        bank.join(60)
    assert moving.is_set()
    assert [bank.wrong for bank in banks] == [[], [], [], []]
    indices = [receipt["index"] for bank in banks for _, receipt, _ in bank.seen]
    assert len(indices) == len(set(indices)), "an entry for each answer"
    last = banks[0].seen[-1]
    entry = network.http("gz", "GET", f"/v1/trail/entries/{last[1]['index']}", "bank").json
    assert entry["access"]["subject"] == subject and entry["access"]["consent"] == last[0]
    network.agree("gz", "4401")
