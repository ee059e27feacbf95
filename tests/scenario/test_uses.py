"""A consent is used as often as it says and never more: by many connections at
once, over a kill, at other nodes, by others."""
import http.client
import json
import threading

import pytest
from harness import rows_of, until

pytestmark = pytest.mark.usefixtures("one_day")

GZ, GD = "11440100MB0044011H", "11440000MB00004493"


@pytest.fixture(scope="module")
def subject(network):
    text = network.gen(1, 20, 61, "--division", "4401")
    for item in (1, 11, 19):
        reply = network.submit(item, network.gen(item, 60, 61, "--division", "4401"), f"uses-{item}")
        assert reply.status == 200, reply.body
    network.agree("gz", "4401")
    network.agree("gd", "44")
    code = rows_of(text)[0]["uscc"]
    return code, network.subject_identity(code)


def give(network, subject, consent_id, **terms):
    jws = network.sign_consent(subject[1], consent_id=consent_id, **terms)
    reply = network.http("gz", "POST", "/v1/consents", "bank", jws, {"Content-Type": "application/jose"})
    assert reply.status == 201, reply.body
    until(lambda: network.http("gd", "GET", f"/v1/consents/{consent_id}", subject[1]).status == 200, 10, "known at the province")


def shown(report):
    """The records of item 19, which is protected as a whole."""
    return [r for i in report["items"] if i["item"] == 19 for r in i["records"]]


def rule(report):
    return next((w["rule"] for w in report["withheld"] if w["item"] == 19), None)


def uses_in_trail(network, consent_id, subject):
    """By the subject's own view of the trail, complete up to now."""
    newest = network.ask(subject[0], who=subject[1], purpose="self", items=[1]).json["receipt"]["index"]

    def page(after):
        reply = network.http("gz", "GET", f"/v1/accesses?limit=500{after}", subject[1])
        return reply.status == 200 and reply.json["tree_size"] > newest and reply.json
    seen, after = [], ""
    while True:
        got = until(lambda: page(after), 30, "a checkpoint behind it")
        seen += [a["access"] for a in got["accesses"]]
        if "next" not in got:
            return [s["use"]["number"] for s in seen if s["consent"] == consent_id and "use" in s]
        after = f"&after={got['next']}"


class Asker(threading.Thread):
    """One connection of the bank, asking until it is told to stop."""

    def __init__(self, network, code, consent_id, times):
        super().__init__()
        self.network, self.times, self.reports = network, times, []
        self.body = json.dumps({"subject": code, "purpose": "pre_loan", "items": [19], "consent": consent_id})

    def run(self):
        try:
            link = self.network.link("gz", "bank")
            for _ in range(self.times):
                link.request("POST", "/v1/reports", self.body, {"Content-Type": "application/json"})
                reply = link.getresponse()
                if reply.status == 200:
                    self.reports.append(json.loads(reply.read()))
                else:
                    reply.read()
        except (OSError, http.client.HTTPException):
            pass    # the node was killed


def test_many_connections_at_once_get_exactly_the_uses_that_there_are(network, subject):
    give(network, subject, "exactly-25", uses=25, at=GZ)
    askers = [Asker(network, subject[0], "exactly-25", 5) for _ in range(16)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()

    reports = [r for asker in askers for r in asker.reports]
    assert len(reports) == 80
    good = [r for r in reports if shown(r)]
    assert sorted(r["receipt"]["use"]["number"] for r in good) == list(range(1, 26))
    assert {r["receipt"]["use"]["of"] for r in good} == {25} and {r["level"] for r in good} == {"C"}
    rest = [r for r in reports if not shown(r)]
    assert {rule(r) for r in rest} == {"consent_used_up"} and all("use" not in r["receipt"] for r in rest)
    assert uses_in_trail(network, "exactly-25", subject) == list(range(1, 26))


def test_a_kill_gives_no_use_back(network, subject):
    """What the bank got was counted; what was counted and not got stays counted."""
    uses = 1000
    give(network, subject, "killed", uses=uses, at=GZ)
    askers = [Asker(network, subject[0], "killed", uses) for _ in range(4)]
    for asker in askers:
        asker.start()
    until(lambda: sum(len(a.reports) for a in askers) >= 20, 30, "some uses")
    network.kill("gz")
    for asker in askers:
        asker.join()
    before = [r["receipt"]["use"]["number"] for a in askers for r in a.reports if shown(r)]
    network.start("gz")
    until(lambda: network.http("gz", "GET", "/readyz").status == 200, 30, "ready again")
    assert 20 <= len(before) < uses, "killed in the middle"

    rest = Asker(network, subject[0], "killed", uses - max(before) + 1)
    rest.run()
    after = [r["receipt"]["use"]["number"] for r in rest.reports if shown(r)]
    assert rule(rest.reports[-1]) == "consent_used_up"
    assert len(set(before)) == len(before), "a number twice"
    assert after == list(range(after[0], uses + 1)) and after[0] > max(before)
    assert uses_in_trail(network, "killed", subject) == list(range(1, uses + 1))


def test_another_node_does_not_answer_under_it(network, subject):
    give(network, subject, "replayed", uses=1, at=GZ)
    free = network.sign_consent(subject[1], consent_id="free")
    assert network.http("gz", "POST", "/v1/consents", "bank", free, {"Content-Type": "application/jose"}).status == 201
    until(lambda: network.http("gd", "GET", "/v1/consents/free", subject[1]).status == 200, 10, "known at the province")
    assert shown(network.ask(subject[0], part="gd", items=[19], consent="free").json), "the province holds it"

    for _ in range(2):
        report = network.ask(subject[0], part="gd", items=[19], consent="replayed").json
        assert rule(report) == "consent_elsewhere" and not shown(report)
    assert shown(network.ask(subject[0], items=[19], consent="replayed").json)
    report = network.ask(subject[0], part="gd", items=[19], consent="replayed").json
    assert rule(report) == "consent_elsewhere" and not shown(report), "replayed at a second node"


def test_once_is_once(network, subject):
    give(network, subject, "once", mode="once", at=GZ)
    assert shown(network.ask(subject[0], items=[19], consent="once").json)
    again = network.ask(subject[0], items=[19], consent="once").json
    assert rule(again) == "consent_used_up" and not shown(again) and again["level"] == "public"


def test_a_month_s_uses_are_those_of_the_month(network, subject):
    give(network, subject, "monthly", uses=2, per="month", at=GZ)
    for _ in range(2):
        assert shown(network.ask(subject[0], items=[19], consent="monthly").json)
    third = network.ask(subject[0], items=[19], consent="monthly").json
    assert rule(third) == "consent_too_often" and not shown(third)


def test_what_shows_nothing_protected_uses_nothing(network, subject):
    give(network, subject, "sparing", uses=1, at=GZ)
    code = subject[0]
    refused = [dict(who="bank2", items=[19]), dict(purpose="post_loan", items=[19]), dict(items=[11]), dict(items=[1])]
    for how in refused:
        report = network.ask(code, consent="sparing", **how).json
        assert not shown(report) and "use" not in report["receipt"], how
    stranger = rows_of(network.gen(1, 20, 61, "--division", "4401"))[1]["uscc"]
    assert rule(network.ask(stranger, items=[19], consent="sparing").json) == "consent_subject"
    assert shown(network.ask(code, items=[19], consent="sparing").json), "it is still there"


def test_monitoring_reads_again_and_again_after_the_loan(network, subject):
    give(network, subject, "watch", purpose="post_loan", mode="monitor")
    for _ in range(3):
        assert shown(network.ask(subject[0], purpose="post_loan", items=[19], consent="watch").json)
    before_it = network.ask(subject[0], purpose="pre_loan", items=[19], consent="watch").json
    assert rule(before_it) == "consent_purpose"
