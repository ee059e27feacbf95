"""Limits per member and purpose: exact over all threads of a node, told in
standard headers, in the trail, and kept through a kill.  Patterns of abuse:
seen at the node, told to the operators, without subjects."""
import json
import re
import threading
import time

import pytest

from harness import ALPHABET, ROOT, WEIGHTS, Network, rows_of, until

pytestmark = pytest.mark.usefixtures("one_day")

BANK, BANK2, GZ = "91440101MA000RX19U", "91440300MA000RX27J", "11440100MB0044011H"
LIMITS = [
    {"name": "pace", "members": [BANK2], "purposes": ["pre_loan"], "per_minute": 120, "burst": 5},
    {"name": "daily", "members": [BANK2], "purposes": ["in_loan"], "per_day": 20},
    {"name": "wide", "members": [BANK2], "purposes": ["post_loan"], "subjects_per_day": 4},
    {"name": "group", "members": [BANK2], "purposes": ["guarantee_review"], "per_day": 2},
]
ALERTS = {"subjects_not_held": {"least": 10, "percent": 1}, "refusals": {"least": 15, "percent": 1}, "sequential_codes": 20,
          "limits_met": 20, "near_statistics": 3, "consent_places": 4}


@pytest.fixture(scope="module")
def network():
    net = Network()
    net.catalogue(LIMITS, ALERTS)
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
    document["limits"], document["alerts"] = limits, ALERTS
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


def alerts(network, query=""):
    """{(member, kind): alert} of the hub."""
    reply = network.http("hub", "GET", "/v1/alerts/patterns" + query)
    assert reply.status == 200, reply.body
    return {(a["member"], a["kind"]): a for a in reply.json["patterns"]}


def alert(network, member, kind, count):
    return until(lambda: (a := alerts(network).get((member, kind))) and a["count"] >= count and a, 30, f"{kind}\n{network.logs()}")


def code(number):
    """The credit code with this number as organisation code."""
    body = f"91440101MB{number:06d}0"
    return body + ALPHABET[(31 - sum(ALPHABET.index(c) * w for c, w in zip(body, WEIGHTS)) % 31) % 31]


def test_who_meets_limits_again_and_again_is_told_of(network, subjects):
    while sum(ask(network, subjects[1], "in_loan").status == 429 for _ in range(10)):
        if alerts(network).get((BANK2, "limits_met")):
            break
    found = alert(network, BANK2, "limits_met", 20)
    assert found["node"] == GZ and found["first_seen"] <= found["last_seen"] and found["day"]


def test_codes_that_are_tried_out_are_told_of(network, subjects):
    foreign = [r["uscc"] for r in rows_of(network.gen(1, 30, 5, "--division", "1101"))]
    assert {ask(network, s, "pre_loan", "bank").status for s in foreign[:9]} == {404}
    assert (BANK, "subjects_not_held") not in alerts(network)
    assert {ask(network, s, "pre_loan", "bank").status for s in foreign[9:20]} == {404}
    alert(network, BANK, "subjects_not_held", 20)
    for i in range(1, 61, 2):
        ask(network, code(i), "pre_loan", "bank")
    alert(network, BANK, "sequential_codes", 29)


def test_refusals_are_told_of(network, subjects):
    assert {ask(network, subjects[2], "supervision", "bank").status for _ in range(16)} == {403}
    alert(network, BANK, "refusals", 16)


def test_statistics_that_could_be_subtracted_are_told_of(network, subjects):
    def count(**where):
        return network.http("gz", "POST", "/v1/statistics", "bank", {"purpose": "post_loan", "statistic": "count", "where": where},
                            {"Content-Type": "application/json"}).status
    assert [count(industry=c) for c in "ABCDE"] == [200] * 5
    assert [count(industry=c) for c in "ABCDE"] == [200] * 5, "the same again"
    assert (BANK, "near_statistics") not in alerts(network)
    assert [count(industry="C", size=s) for s in ("<10", "10-99", "100-299")] == [200] * 3
    alert(network, BANK, "near_statistics", 3)


def test_one_consent_from_many_places_is_told_of(network, subjects):
    who = network.subject_identity(subjects[5])
    consent = network.sign_consent(who, items="1", consent_id="places")
    until(lambda: network.http("gz", "POST", "/v1/consents", who, consent, {"Content-Type": "application/jose"}).status in (200, 201), 30, "consent")

    def use(place):
        link = network.link("gz", "bank")
        link.source_address = (place, 0)
        link.request("POST", "/v1/reports", json.dumps({"subject": subjects[5], "purpose": "pre_loan", "items": [1], "consent": "places"}))
        reply = link.getresponse()
        assert reply.status == 200 and b"\"level\":\"C\"" in reply.read()
        link.close()
    for _ in range(10):
        use("127.0.0.1")
    for i in range(2, 5):
        use(f"127.0.0.{i}")
    assert alert(network, BANK, "consent_places", 4)["count"] == 4


def test_alerts_are_for_operators_name_nobody_and_do_not_go_back(network, subjects):
    before = alerts(network)
    assert {k for _, k in before} == set(ALERTS)
    network.kill("gz")
    network.start("gz")
    assert {ask(network, subjects[2], "supervision", "bank").status for _ in range(3)} <= {403, 503}
    until(lambda: ask(network, subjects[2], "supervision", "bank").status == 403, 30, "it answers")
    alert(network, BANK, "refusals", before[BANK, "refusals"]["count"] + 1)
    after = alerts(network)
    assert after.keys() == before.keys() and all(after[k]["count"] >= before[k]["count"] for k in before)
    assert all(after[k]["first_seen"] == before[k]["first_seen"] for k in before)
    assert alerts(network, f"?member={BANK2}&node={GZ}").keys() == {(BANK2, "limits_met")}
    assert alerts(network, "?kind=refusals").keys() == {(BANK, "refusals")} and not alerts(network, "?to=2026-01-01&from=2025-12-01")
    for query in ("?kind=x", "?item=1", "?from=x", "?node=%20"):
        assert network.http("hub", "GET", "/v1/alerts/patterns" + query).status == 400
    for who in ("bank", "dept", "gz"):
        assert network.http("hub", "GET", "/v1/alerts/patterns", who).status == 403
    wanted = {f"{GZ}/{member}/{kind}" for member, kind in before}

    def raised():
        found = {a["subject"]: a for a in network.http("hub", "GET", "/v1/alerts?rule=abuse_pattern").json["alerts"]}
        return found.keys() == wanted and found
    assert until(raised, 30, "each is an alert")[f"{GZ}/{BANK}/consent_places"]["value"] == 4
    shown = network.cli("alert", "patterns", "--kind", "refusals", who="operator", part="hub").stdout
    assert BANK in shown and "refusals" in shown
    body = network.http("hub", "GET", "/v1/alerts/patterns").body.decode() + network.cli("alert", "list", "--json", who="operator", part="hub").stdout
    assert not [s for s in subjects if s in body] and code(1) not in body
    log = (network.run / "log/gz.log").read_text() + (network.run / "log/hub.log").read_text()
    assert "abuse.alert" in log and "pattern.new" in log and not [s for s in subjects if s in log]
