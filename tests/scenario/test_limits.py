"""Limits per member and purpose: exact over all threads of a node, told in
standard headers, in the trail, and kept through a kill."""
import json
import re
import threading
import time

import pytest

from harness import ROOT, Network, rows_of, until

BANK2 = "91440300MA000RX27J"
LIMITS = [
    {"name": "pace", "members": [BANK2], "purposes": ["pre_loan"], "per_minute": 120, "burst": 5},
    {"name": "daily", "members": [BANK2], "purposes": ["in_loan"], "per_day": 20},
    {"name": "wide", "members": [BANK2], "purposes": ["post_loan"], "subjects_per_day": 4},
    {"name": "group", "members": [BANK2], "purposes": ["guarantee_review"], "per_day": 2},
]


@pytest.fixture(scope="module")
def network():
    net = Network()
    net.catalogue(LIMITS)
    try:
        yield net.up()
    finally:
        net.down()


@pytest.fixture(scope="module")
def subjects(network):
    text = network.gen(1, 60, 91, "--division", "4401")
    assert network.submit(1, text, "limits-1").status == 200
    network.agree("gz", "4401")
    return [r["uscc"] for r in rows_of(text)]


def ask(network, subject, purpose, who="bank2"):
    return network.ask(subject, who=who, purpose=purpose, items=[1])


def header(reply, name):
    """{policy: {parameter: value}} of a structured field list."""
    return {key: dict(p.split("=") for p in rest.strip(";").split(";"))
            for key, rest in re.findall(r'"([\w-]+)"((?:;[a-z]+=(?:\d+|"\w+"))+)', reply.headers[name])}


def entry(network, receipt, who="bank2"):
    return network.http("gz", "GET", f"/v1/trail/entries/{receipt['index']}", who).json["access"]


def publish(network, limits):
    document = json.loads((ROOT / "deploy/catalogue/catalogue.json").read_text())
    document["version"] = network.http("hub", "GET", "/v1/catalogue").json["version"] + 1
    document["limits"] = limits
    plain, signed = network.folder / "new.json", network.folder / "new.jws"
    plain.write_text(json.dumps(document, ensure_ascii=False))
    signed.write_text(network.cli("catalogue", "sign", plain, "--key", network.run / "net/catalogue.key").stdout)
    network.cli("catalogue", "publish", signed, who="operator", part="hub")


def test_a_burst_is_answered_then_the_pace_counts_and_the_headers_say_so(network, subjects):
    replies = [ask(network, subjects[0], "pre_loan") for _ in range(8)]
    good, bad = [r for r in replies if r.status == 200], [r for r in replies if r.status == 429]
    assert len(good) + len(bad) == 8 and len(good) >= 5 and bad
    assert header(good[0], "RateLimit-Policy") == {"pace": {"q": "5", "w": "3"}}
    assert [int(header(r, "RateLimit")["pace"]["r"]) for r in good[:5]][0] == 4
    assert bad[0].json["type"] == "urn:rongxin:problem:rate_exceeded" and "receipt" in bad[0].json
    assert bad[0].headers["Content-Type"] == "application/problem+json"
    wait = int(bad[-1].headers["Retry-After"])
    assert wait == 1 and header(bad[-1], "RateLimit")["pace"]["r"] == "0"
    began = time.monotonic()
    until(lambda: ask(network, subjects[0], "pre_loan").status == 200, 10, "asked again")
    assert time.monotonic() - began < wait + 1


def test_a_refusal_is_in_the_trail_and_tells_nothing(network, subjects):
    reply = until(lambda: (r := ask(network, subjects[0], "pre_loan")).status == 429 and r, 10, "too fast")
    assert "items" not in reply.json
    access = entry(network, reply.json["receipt"])
    assert (access["rule"], access["subject"], access["items"]) == ("rate_exceeded", subjects[0], [])


def test_who_is_under_no_rule_sees_no_limit(network, subjects):
    replies = [ask(network, subjects[0], "pre_loan", "bank") for _ in range(10)]
    assert {r.status for r in replies} == {200} and "RateLimit" not in replies[0].headers


def test_a_day_has_so_many_questions_whatever_asks_at_once_and_whoever_kills_the_node(network, subjects):
    replies = []

    def run():
        for _ in range(6):
            replies.append(ask(network, subjects[1], "in_loan"))
    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r.status for r in replies) == [200] * 20 + [429] * 28
    refused = next(r for r in replies if r.status == 429)
    assert refused.json["type"] == "urn:rongxin:problem:quota_exceeded"
    assert 0 < int(refused.headers["Retry-After"]) <= 86401

    network.kill("gz")
    network.start("gz")
    assert "limits.recalled" in (network.run / "log/gz.log").read_text()
    reply = until(lambda: (r := ask(network, subjects[1], "in_loan")).status != 503 and r, 30, "it answers")
    assert reply.status == 429 and header(reply, "RateLimit")["daily-day"]["r"] == "0"


def test_so_many_different_subjects_a_day_and_those_again_and_again(network, subjects):
    def asked(subject):
        return ask(network, subject, "post_loan").status
    assert [asked(s) for s in subjects[:4]] == [200] * 4
    assert [asked(s) for s in subjects[:6]] == [200] * 4 + [429] * 2
    network.kill("gz")
    network.start("gz")
    until(lambda: asked(subjects[0]) == 200, 30, "it answers")
    refused = ask(network, subjects[9], "post_loan")
    assert refused.status == 429 and refused.json["type"] == "urn:rongxin:problem:subjects_exceeded"
    assert header(refused, "RateLimit-Policy") == {"wide-subjects": {"q": "4", "w": "86400", "qu": '"subjects"'}}


def test_anonymised_questions_count_too(network, subjects):
    def count():
        return network.http("gz", "POST", "/v1/statistics", "bank2",
                            {"purpose": "guarantee_review", "statistic": "count"}, {"Content-Type": "application/json"})
    until(lambda: network.http("gz", "POST", "/v1/statistics", "bank", {"purpose": "guarantee_review", "statistic": "count"},
                               {"Content-Type": "application/json"}).status == 200, 60, "a census")
    replies = [count() for _ in range(3)]
    assert [r.status for r in replies] == [200, 200, 429], [r.body for r in replies]
    assert [header(r, "RateLimit")["group-day"]["r"] for r in replies] == ["1", "0", "0"]
    access = entry(network, replies[2].json["receipt"])
    assert (access["action"], access["rule"]) == ("statistics", "quota_exceeded")


def test_a_new_catalogue_changes_limits_without_a_start_and_keeps_what_was_counted(network, subjects):
    publish(network, [{**rule, "per_day": 25} if rule["name"] == "daily" else rule for rule in LIMITS])
    reply = until(lambda: (r := ask(network, subjects[1], "in_loan")).status == 200 and r, 30, "the new limit")
    assert header(reply, "RateLimit")["daily-day"]["r"] == "4"
    publish(network, [])
    until(lambda: "RateLimit" not in ask(network, subjects[1], "in_loan").headers, 30, "no limits")
