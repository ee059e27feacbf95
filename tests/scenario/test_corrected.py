"""Who read a record that turns out to be wrong is told so, once, wherever it asked."""
import csv
import io

import pytest
from harness import rows_of, until, uscc_is_right

ITEM = 11
BANK, BANK2 = "91440101MA000RX19U", "91440300MA000RX27J"


@pytest.fixture(scope="module")
def network():
    from harness import Network
    net = Network()
    net.environment["RX_ELSEWHERE"] = "3"
    try:
        yield net.up()
    finally:
        net.down()


@pytest.fixture(scope="module")
def cases(network):
    """Enterprises of Guangzhou with a punishment each: (code, identity, row)."""
    assert network.submit(1, network.gen(1, 40, 77, "--division", "4401"), "corrected-1").status == 200
    text = network.gen(ITEM, 40, 77, "--division", "4401")
    assert network.submit(ITEM, text, "corrected-11").status == 200
    network.agree("gz", "4401")
    network.agree("gd", "44")
    found = {row["uscc"]: row for row in rows_of(text) if uscc_is_right(row["uscc"])}
    held = [(code, network.subject_identity(code), row) for code, row in list(found.items())[:8] if shown(network, code)]
    until(lambda: network.http("gz", "GET", "/v1/objections", held[-1][1]).status == 200, 30, "known at the node")
    return iter(held)


def shown(network, code, part="gz", who="bank", item=ITEM):
    report = network.ask(code, part=part, who=who, items=[item])
    assert report.status == 200, report.body
    return report.json["items"][0]["records"]


def corrected(network, part, who, code):
    """Events at this node that tell this member about it."""
    reply = network.http(part, "GET", "/v1/events?since=0", who)
    assert reply.status == 200, reply.body
    return [e for e in reply.json["events"] if e.get("kind") == "corrected" and e["subject"] == code]


def act(network, name, verb, **body):
    reply = network.http("hub", "POST", f"/v1/objections/{name}/{verb}", "dept", body, {"Content-Type": "application/json"})
    assert reply.status == 200, reply.body
    return reply.json


def file(network, who, code, row, name):
    until(lambda: network.http("gz", "GET", "/readyz").status == 200, 30, "the city hears the hub")
    reply = network.http("gz", "POST", "/v1/objections", who,
                         {"id": name, "subject": code, "item": ITEM, "key": [row["document_number"]], "reason": "wrong",
                          "text": "处罚决定已被撤销", "time": "2026-11-23T08:00:00Z"}, {"Content-Type": "application/json"})
    assert reply.status == 202, reply.body
    until(lambda: standing(network, name), 30, "at the hub")
    act(network, name, "accept")


def standing(network, name):
    reply = network.http("hub", "GET", "/v1/objections", "dept")
    return next((o for o in reply.json["objections"] if o["id"] == name), None)


def hand_in_right(network, row, batch):
    text = io.StringIO()
    out = csv.DictWriter(text, row.keys())
    out.writeheader()
    out.writerow({**row, "facts": "经复核更正后的违法事实"})
    assert network.submit(ITEM, text.getvalue(), batch).json["accepted"] == 1


def test_readers_are_told_once_through_kills_and_nobody_else_is(network, cases):
    code, who, row = next(cases)
    assert shown(network, code, "gz", "bank") and shown(network, code, "gz", "bank"), "twice is one reader"
    assert network.ask(code, "sz", "bank2", items=[ITEM]).json["elsewhere"], "asked at another city"
    assert shown(network, code, "gd", "bank2", item=1), "another item"
    file(network, who, code, row, "right")
    hand_in_right(network, row, "corrected-right")
    network.agree("gz", "4401")
    shown(network, code, "gz", "bank2")     # reads what is right already

    network.stop("gd")                       # the decision waits on its way to the city
    decided = act(network, "right", "decide", outcome="corrected", note="已更正")
    assert decided["wrong"]["until"] > decided["wrong"]["from"] > 0 and decided["informed"] == 0
    network.kill("gz")
    network.start("gd")
    until(lambda: standing(network, "right")["informed"] == 1, 60, "told at the door, and the city hears of both at once")
    network.start("gz")
    told = until(lambda: corrected(network, "gz", "bank", code), 60, "the reader is told")
    network.kill("gz")
    network.start("gz")
    assert until(lambda: corrected(network, "sz", "bank2", code), 60, "told at the door where it asked")
    until(lambda: standing(network, "right")["informed"] == 2, 60, "counted")

    assert corrected(network, "gz", "bank", code) == told and len(told) == 1, "once"
    event = told[0]
    assert set(event) == {"number", "kind", "subject", "item", "stream", "committed", "read"}, "no more than it knows"
    entry = network.http("gz", "GET", f"/v1/trail/entries/{event['read']['index']}", "bank").json["access"]
    assert entry["subject"] == code and entry["items"] == [ITEM] and entry["time"] == event["read"]["time"]
    assert len(corrected(network, "sz", "bank2", code)) == 1
    assert corrected(network, "gz", "bank2", code) == [], "it read what is right, and another asked for it"
    assert corrected(network, "gd", "bank2", code) == [] and corrected(network, "gd", "bank", code) == []

    def seen():
        stand = next(o for o in network.http("gz", "GET", "/v1/objections", who).json["objections"] if o["id"] == "right")
        return stand.get("informed") == 2
    until(seen, 30, "the enterprise sees how many")


def test_a_record_that_is_withdrawn_is_told_to_who_read_it(network, cases):
    code, who, row = next(cases)
    assert shown(network, code, "gd", "bank")
    file(network, who, code, row, "gone")
    decided = act(network, "gone", "decide", outcome="corrected", note="撤下", withdraw=True)
    assert "until" not in decided["wrong"]
    event = until(lambda: corrected(network, "gd", "bank", code), 60, "told")[0]
    assert event["item"] == ITEM
    until(lambda: corrected(network, "gz", "bank", code), 60, "read at the city too, while the cases were looked for")
    until(lambda: standing(network, "gone")["informed"] == 2, 60, "once at each node")


def test_what_was_upheld_is_told_to_nobody(network, cases):
    code, who, row = next(cases)
    other, other_who, other_row = next(cases)
    shown(network, code), shown(network, other)
    file(network, who, code, row, "no")
    act(network, "no", "decide", outcome="upheld", note="记录无误")
    file(network, other_who, other, other_row, "yes")
    act(network, "yes", "decide", outcome="corrected", note="撤下", withdraw=True)
    until(lambda: corrected(network, "gz", "bank", other), 60, "decided later, told")
    assert corrected(network, "gz", "bank", code) == []
    assert "informed" not in standing(network, "no")
