"""What a subject says against a record, from the city where it is filed to every node that shows the record."""
import csv
import hashlib
import io
import json
import os
import subprocess
import time

import pytest
from harness import rows_of, until, uscc_is_right

ITEM = 11
DEPT2 = "11440000MB0000030W"
PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture(scope="module")
def case(network):
    """Subjects of Guangzhou with a punishment each: (code, identity, document number)."""
    assert network.submit(1, network.gen(1, 40, 51, "--division", "4401"), "objection-1").status == 200
    text = network.gen(ITEM, 60, 51, "--division", "4401")
    assert network.submit(ITEM, text, "objection-11").status == 200
    network.agree("gz", "4401")
    network.agree("gd", "44")
    found = {}
    for row in rows_of(text):
        code = row["uscc"]
        if uscc_is_right(code) and code not in found and marks(network, "gz", code, row["document_number"]) == "current":
            found[code] = row
    assert len(found) >= 8
    return iter(found.items()), text


def take(network, case):
    code, row = next(case[0])
    who = network.subject_identity(code)
    until(lambda: network.http("gz", "GET", "/v1/objections", who).status == 200, 30, "known at the node")
    until(lambda: network.http("gz", "GET", "/readyz").status == 200, 30, "the city hears the hub")
    return code, who, row["document_number"], row


def marks(network, part, code, number):
    """State of the record as a report of this node shows it; None: it is not there."""
    report = network.ask(code, part=part, items=[ITEM])
    assert report.status == 200, report.body
    for item in report.json["items"]:
        for record in item["records"]:
            if record["fields"]["document_number"] == number if "fields" in record else record.get("document_number") == number:
                return record.get("state", "current")
    return None


def claims(code, number, name, reason="wrong", **more):
    return {"id": name, "subject": code, "item": ITEM, "key": [number], "reason": reason,
            "text": "处罚决定书已被撤销，记录有误。", "time": "2026-11-23T08:00:00Z",
            "materials": [{"name": "撤销决定书.pdf", "sha256": "ab" * 32}], **more}


def file(network, who, body, part="gz"):
    return network.http(part, "POST", "/v1/objections", who, body, {"Content-Type": "application/json"})


def heard(ask):
    """A node that has just started takes nothing until it has heard the hub's time."""
    return until(lambda: (reply := ask()).status != 503 and reply, 30, "the hub's time is known")


def filed(network, who, body):
    reply = heard(lambda: file(network, who, body))
    assert reply.status == 202, reply.body
    return reply.json


def act(network, name, verb, who="dept", **body):
    return network.http("hub", "POST", f"/v1/objections/{name}/{verb}", who, body, {"Content-Type": "application/json"})


def stands(network, name, who, part="gz"):
    reply = network.http(part, "GET", "/v1/objections", who)
    assert reply.status == 200, reply.body
    return next((o for o in reply.json["objections"] if o["id"] == name), {}).get("state")


def listed(network, name, who="dept", query=""):
    reply = network.http("hub", "GET", "/v1/objections" + query, who)
    assert reply.status == 200, reply.body
    return next((o for o in reply.json["objections"] if o["id"] == name), None)


def kind(reply):
    return reply.json["type"].rsplit(":", 1)[-1]


def test_filed_while_cut_off_marked_everywhere_and_corrected(network, case):
    code, who, number, row = take(network, case)
    network.stop("gd")
    try:
        assert filed(network, who, claims(code, number, "cut-off")) == {"id": "cut-off", "state": "pending"}
        assert stands(network, "cut-off", who) == "pending"
        again = file(network, who, claims(code, number, "cut-off"))
        assert again.status == 200 and again.json["state"] == "pending", "twice"
        network.kill("gz")
        network.start("gz")
        assert stands(network, "cut-off", who) == "pending", "lost by a crash"
        assert listed(network, "cut-off") is None
    finally:
        network.start("gd")

    waiting = until(lambda: listed(network, "cut-off", query="?state=filed"), 60, "at the hub")
    assert waiting["provider"] == "11100000MB00000510" and waiting["place"] == "4401"
    assert waiting["claims"]["text"].startswith("处罚") and waiting["due"] > waiting["filed"]
    until(lambda: stands(network, "cut-off", who) == "filed", 30, "known as filed")

    network.kill("hub")
    network.start("hub")
    begun = time.monotonic()
    accepted = act(network, "cut-off", "accept")
    assert accepted.status == 200 and accepted.json["state"] == "accepted", accepted.body
    for part in ("gz", "gd"):
        until(lambda: marks(network, part, code, number) == "disputed", 5, f"marked at {part}")
    print(f"marked at the city and the province after {time.monotonic() - begun:.2f} s")
    assert stands(network, "cut-off", who) == "accepted"

    same = network.submit(ITEM, case[1], "objection-again")
    assert same.status == 200 and same.json["accepted"] == 0, same.body
    network.agree("gz", "4401")
    assert marks(network, "gz", code, number) == "disputed", "the same row again takes the mark away"

    early = act(network, "cut-off", "decide", outcome="corrected", note="已更正")
    assert early.status == 409 and kind(early) == "not_corrected", early.body
    text = io.StringIO()
    out = csv.DictWriter(text, row.keys())
    out.writeheader()
    out.writerow({**row, "facts": "经复核更正后的违法事实"})
    fixed = network.submit(ITEM, text.getvalue(), "objection-fixed")
    assert fixed.status == 200 and fixed.json["accepted"] == 1, fixed.body
    decided = act(network, "cut-off", "decide", outcome="corrected", note="已更正")
    assert decided.status == 200 and decided.json["state"] == "corrected", decided.body
    until(lambda: stands(network, "cut-off", who) == "corrected", 10, "the subject learns it")
    until(lambda: marks(network, "gd", code, number) == "current", 10, "no mark is left")

    def readers():
        reply = network.http("gz", "GET", "/v1/objections/cut-off/readers", who)
        return reply.status == 200 and reply.json["readers"]
    read = until(readers, 10, "who saw it")
    assert {r["member"] for r in read} == {"91440101MA000RX19U"} and read[0]["purpose"] == "pre_loan"
    assert network.http("gz", "GET", "/v1/objections/cut-off/readers", "bank").status == 404
    assert network.http("gz", "GET", "/v1/objections/never/readers", who).status == 404

    late = act(network, "cut-off", "decide", outcome="upheld", note="x")
    assert late.status == 409 and kind(late) == "objection_state", late.body


def test_upheld_takes_the_mark_away_and_withdrawn_stays_away(network, case):
    code, who, number, _ = take(network, case)
    filed(network, who, claims(code, number, "upheld"))
    until(lambda: listed(network, "upheld"), 30, "at the hub")
    assert act(network, "upheld", "accept").status == 200
    until(lambda: marks(network, "gz", code, number) == "disputed", 5, "marked")
    assert act(network, "upheld", "suspend", note="等待核实").json["state"] == "suspended"
    assert act(network, "upheld", "decide", outcome="upheld", note="x").status == 409
    before = listed(network, "upheld")["due"]
    resumed = act(network, "upheld", "resume").json
    assert resumed["state"] == "accepted" and resumed["due"] > before, "suspended time counts"
    assert act(network, "upheld", "decide", outcome="upheld", note="记录无误").status == 200
    until(lambda: marks(network, "gz", code, number) == "current", 5, "as it was")

    filed(network, who, claims(code, number, "gone"))
    until(lambda: listed(network, "gone"), 30, "at the hub")
    assert act(network, "gone", "accept").status == 200
    assert act(network, "gone", "decide", "operator", outcome="corrected", note="撤下", withdraw=True).status == 200
    until(lambda: marks(network, "gz", code, number) is None, 5, "gone")
    assert network.submit(ITEM, case[1], "objection-back").status == 200
    network.agree("gz", "4401")
    assert marks(network, "gz", code, number) is None, "the same row brings it back"


def test_undetermined_keeps_the_mark_and_the_subjects_statement(network, case):
    code, who, number, _ = take(network, case)
    for name in ("first", "second"):
        filed(network, who, claims(code, number, name))
        until(lambda: listed(network, name), 30, "at the hub")
    assert listed(network, "second")["joined"] == "first"
    assert kind(act(network, "second", "accept")) == "objection_joined"
    assert act(network, "first", "accept").status == 200
    decided = act(network, "first", "decide", outcome="undetermined", note="无法核实")
    assert decided.status == 200 and decided.json["statement"].startswith("处罚")
    until(lambda: stands(network, "second", who) == "undetermined", 10, "what is joined ends with it")
    assert marks(network, "gz", code, number) == "disputed"


def state(network, who, name, text, when, part="gz", **more):
    body = {"objection": name, "subject": who.removeprefix("subject-"), "statement": text, "time": f"2026-11-23T{when}Z", **more}
    return network.http(part, "PUT", f"/v1/objections/{name}/statement", who, body, {"Content-Type": "application/json"})


def beside(network, part, code, number):
    """What the subject says beside this record in a report of this node."""
    for item in network.ask(code, part=part, items=[ITEM]).json["items"]:
        for record in item["records"]:
            if record["document_number"] == number:
                return [said["text"] for said in record.get("statements", [])]
    return None


def test_a_later_statement_is_read_beside_the_record_everywhere(network, case):
    code, who, number, _ = take(network, case)
    other = take(network, case)
    filed(network, who, claims(code, number, "said"))
    until(lambda: listed(network, "said"), 30, "at the hub")
    assert kind(state(network, who, "never", "x", "09:00:00")) == "not_found"
    assert kind(state(network, other[1], "said", "x", "09:00:00")) == "not_found", "another's"
    assert kind(state(network, who, "said", "x", "09:00:00", subject=other[0])) == "not_yours"
    assert kind(state(network, who, "said", "x", "09:00:00", objection="else")) == "objection_invalid"
    assert kind(state(network, who, "said", "x" * 3001, "09:00:00")) == "objection_invalid"
    assert state(network, who, "said", "x" * 20000, "09:00:00").status == 413

    assert state(network, who, "said", "第一份声明", "09:00:00").json == {"id": "said", "state": "pending"}
    until(lambda: listed(network, "said").get("statement") == "第一份声明", 30, "at the hub")
    assert beside(network, "gz", code, number) == [], "not before it is disputed"
    assert act(network, "said", "accept").status == 200
    for part in ("gz", "gd"):
        until(lambda: beside(network, part, code, number) == ["第一份声明"], 10, f"in reports of {part}")
    assert beside(network, "gz", other[0], other[2]) == [], "not beside another's record"

    until(lambda: state(network, who, "said", "第一份声明", "09:00:00").status == 200, 10, "the same again")
    assert kind(state(network, who, "said", "旧", "08:59:59")) == "not_newer"
    network.stop("gd")
    network.cli("objection", "state", "said", "--stem", network.stem(who), "--text", "已提起行政诉讼", who=who, part="gz")
    network.kill("gz")
    network.start("gz")
    waiting = lambda: next(o for o in network.http("gz", "GET", "/v1/objections", who).json["objections"] if o["id"] == "said").get("pending_statement", {})
    assert waiting().get("text") == "已提起行政诉讼", "the subject sees what is on its way"
    network.start("gd")
    until(lambda: listed(network, "said").get("statement") == "已提起行政诉讼", 60, "it outlived the kill")
    until(lambda: waiting() == {}, 30, "it is on its way no more")
    for part in ("gd", "gz"):
        until(lambda: network.http(part, "GET", "/readyz").status == 200, 30, f"{part} hears the hub")
    assert act(network, "said", "decide", outcome="undetermined", note="无法核实").json["statement"] == "已提起行政诉讼"
    for part in ("gz", "gd"):
        until(lambda: beside(network, part, code, number) == ["已提起行政诉讼"], 30, f"the newest, at {part}")
    page = network.http("gz", "POST", "/v1/reports", "bank", {"subject": code, "purpose": "pre_loan", "items": [ITEM]},
                        {"Content-Type": "application/json", "Accept": "text/html"}).body.decode()
    assert "主体声明" in page and "已提起行政诉讼" in page and "第一份声明" not in page

    time_said = until(lambda: next(o for o in network.http("gd", "GET", "/v1/objections", who).json["objections"] if o["id"] == "said").get("stated"), 10, "told")
    later = f"{int(time_said[:4]) + 1}-01-01T00:00:00Z"
    again = {"objection": "said", "subject": code, "statement": "判决已生效", "time": later}
    after = heard(lambda: network.http("gd", "PUT", "/v1/objections/said/statement", who, again, {"Content-Type": "application/json"}))
    assert after.status == 202, after.body
    until(lambda: beside(network, "gz", code, number) == ["判决已生效"], 30, "after the decision, from another node")
    reply = network.http("gz", "GET", "/v1/objections/said/papers/reply", who).body.decode()
    assert "判决已生效" in reply

    filed(network, other[1], claims(other[0], other[2], "unsaid"))
    until(lambda: listed(network, "unsaid"), 30, "at the hub")
    assert act(network, "unsaid", "refuse", note="不属于异议范围").status == 200
    until(lambda: stands(network, "unsaid", other[1]) == "refused", 10, "told")
    assert kind(state(network, other[1], "unsaid", "x", "09:00:00")) == "objection_state"


def test_a_repair_changes_the_state_and_nothing_is_disputed(network, case):
    code, who, number, _ = take(network, case)
    paid = PDF + b"paid"
    named = {"name": "缴款凭证.pdf", "sha256": hashlib.sha256(paid).hexdigest()}
    filed(network, who, claims(code, number, "repair", "fulfilled", materials=[named]))
    path = f"/v1/objections/repair/materials/{named['sha256']}"
    assert network.http("gz", "PUT", path, who, paid, {"Content-Type": "application/octet-stream"}).status == 202
    until(lambda: (listed(network, "repair") or {}).get("received"), 30, "at the hub, with what proves it")
    assert network.http("hub", "GET", path, "dept").body == paid
    filed(network, who, claims(code, number, "repair-too", "lifted"))
    until(lambda: listed(network, "repair-too"), 30, "at the hub")
    assert listed(network, "repair-too")["joined"] == "repair"
    filed(network, who, claims(code, number, "no-repair"))
    until(lambda: listed(network, "no-repair"), 30, "at the hub")
    assert "joined" not in listed(network, "no-repair"), "an objection is another case"
    assert act(network, "no-repair", "refuse", note="另案办理").status == 200
    assert act(network, "repair", "accept").status == 200
    assert kind(act(network, "repair", "decide", outcome="corrected", note="x")) == "malformed"
    assert marks(network, "gz", code, number) == "current"
    assert act(network, "repair", "decide", outcome="repaired", note="准予修复").status == 200
    for part in ("gz", "gd"):
        until(lambda: marks(network, part, code, number) == "repaired", 5, f"repaired at {part}")
    assert network.submit(ITEM, case[1], "repair-again").status == 200
    network.agree("gz", "4401")
    assert marks(network, "gz", code, number) == "repaired", "the same row punishes anew"
    until(lambda: stands(network, "repair", who) == "repaired", 10, "told")
    until(lambda: stands(network, "repair-too", who) == "repaired", 10, "what is joined ends with it")
    papers = "/v1/objections/repair/papers/"
    assert "信用修复处理结果告知书" in network.http("gz", "GET", papers + "reply", who).body.decode()
    assert "缴款凭证.pdf" in network.http("gz", "GET", papers + "application", who).body.decode()


def test_what_is_refused(network, case):
    code, who, number, _ = take(network, case)
    other, other_who, other_number, _ = take(network, case)

    foreign = file(network, other_who, claims(code, number, "foreign"))
    assert foreign.status == 403 and kind(foreign) == "not_yours"
    assert kind(file(network, who, {**claims(code, number, "odd"), "reason": "because"})) == "objection_invalid"
    assert kind(file(network, who, {**claims(code, number, "odd"), "more": 1})) == "objection_invalid"

    # a record of another subject is no record of this one
    filed(network, who, claims(code, other_number, "no-record"))
    until(lambda: stands(network, "no-record", who) == "refused", 30, "told that there is no such record")
    assert kind(act(network, "no-record", "accept", "operator")) == "objection_state"

    filed(network, who, claims(code, number, "mine"))
    until(lambda: stands(network, "mine", who) == "filed", 30, "filed")
    taken = file(network, who, claims(code, number, "mine", "outdated"))
    assert taken.status == 409 and kind(taken) == "objection_conflict"
    assert file(network, who, claims(code, number, "mine")).json["state"] == "filed", "twice"
    assert stands(network, "mine", other_who) is None

    network.cli("key", "member", "--network", network.run / "net", "--out", network.stem("dept2"),
                "--code", DEPT2, "--name", "别的部门")
    reply = network.http("hub", "POST", "/v1/members", "operator",
                         {"code": DEPT2, "name": "别的部门", "kind": "department", "items": [ITEM]})
    assert reply.status == 200, reply.body
    assert listed(network, "mine", "dept2") is None
    stranger = act(network, "mine", "accept", "dept2")
    assert stranger.status == 403 and kind(stranger) == "not_yours"
    assert kind(act(network, "mine", "accept", "bank")) == "member_kind"
    assert kind(network.http("hub", "GET", "/v1/objections?place=%ff", "dept")) == "malformed"
    assert kind(act(network, "never", "accept")) == "not_found"
    assert kind(act(network, "mine", "applaud")) == "not_found"
    assert kind(act(network, "mine", "refuse")) == "malformed", "without a reason that the subject is told"
    refused = act(network, "mine", "refuse", note="不属于异议范围")
    assert refused.status == 200 and refused.json["state"] == "refused"
    until(lambda: stands(network, "mine", who) == "refused", 10, "told")
    ended = act(network, "mine", "accept")
    assert ended.status == 409 and kind(ended) == "objection_state"


def test_those_about_different_records_are_decided_together_when_somebody_says_so(network, case):
    text = network.gen(12, 60, 51, "--division", "4401")
    assert network.submit(12, text, "objection-12").status == 200
    network.agree("gz", "4401")
    others = {r["uscc"] for r in rows_of(text)}
    code, row = next((c, r) for c, r in case[0] if c in others and any(i["item"] == 12 and i["records"] for i in network.ask(c, items=[12]).json["items"]))
    who, number = network.subject_identity(code), row["document_number"]
    stranger, stranger_who, stranger_number, _ = take(network, case)

    def shown(item):
        return [r.get("state", "current") for i in network.ask(code, items=[item]).json["items"] for r in i["records"]]

    def mine(name):
        return next(o for o in network.http("gz", "GET", "/v1/objections", who).json["objections"] if o["id"] == name)
    filed(network, who, claims(code, number, "side-1"))
    filed(network, who, {k: v for k, v in claims(code, number, "side-2").items() if k != "key"} | {"item": 12})
    filed(network, who, claims(code, number, "side-3", "lifted"))
    filed(network, stranger_who, claims(stranger, stranger_number, "side-4"))
    until(lambda: all(listed(network, f"side-{n}") for n in (1, 2, 3, 4)), 30, "at the hub")
    sql(network, "UPDATE objection SET due_at = due_at - interval '3 days' WHERE id = 'side-2'")
    assert act(network, "side-1", "accept").status == 200
    first, early = listed(network, "side-1")["due"], listed(network, "side-2")["due"]

    assert kind(act(network, "side-2", "join", to="side-1")) == "malformed", "without a reason"
    for one, other, why in (("side-2", "side-2", "malformed"), ("side-2", "never", "not_found"), ("side-3", "side-1", "objection_state"),
                            ("side-4", "side-1", "objection_state"), ("side-1", "side-2", "objection_state")):
        assert kind(act(network, one, "join", to=other, note="同一事由")) == why, (one, other)
    assert kind(act(network, "side-2", "join", "dept2", to="side-1", note="同一事由")) == "not_yours"
    assert kind(act(network, "side-2", "part")) == "objection_state"
    network.cli("objection", "join", "side-2", "--to", "side-1", "--note", "同一事由", who="dept", part="hub")
    joined, lead = listed(network, "side-2"), listed(network, "side-1")
    assert (joined["state"], joined["together"], joined["together_note"], joined["due"]) == ("accepted", "side-1", "同一事由", lead["due"])
    assert lead["due"] == early < first and "together" not in lead, "the earlier day is that of both"
    until(lambda: set(shown(12)) == {"disputed"} and mine("side-2")["together"] == "side-1", 5, "marked, and the subject is told")
    assert kind(act(network, "side-2", "decide", outcome="upheld", note="无误")) == "objection_joined"
    assert kind(act(network, "side-3", "join", to="side-2", note="又一件")) == "objection_joined"
    network.cli("objection", "part", "side-2", who="dept", part="hub")
    assert "together" not in listed(network, "side-2") and listed(network, "side-2")["state"] == "accepted"
    assert act(network, "side-2", "join", to="side-1", note="同一事由").status == 200

    assert kind(act(network, "side-1", "decide", outcome="corrected", note="更正")) == "not_corrected"
    done = act(network, "side-1", "decide", outcome="corrected", note="经核查均有误", withdraw=True)
    assert done.status == 200 and listed(network, "side-2")["state"] == "corrected"
    until(lambda: shown(12) == [] and marks(network, "gz", code, number) is None, 5, "both are gone")
    for name in ("side-1", "side-2"):
        until(lambda: listed(network, name).get("informed"), 30, f"who read what {name} is about is told")
    told = [e for e in network.http("gz", "GET", "/v1/events?since=0&limit=1000", "bank").json["events"] if e.get("kind") == "corrected" and e["subject"] == code]
    assert {e["item"] for e in told} >= {ITEM, 12}
    for name in ("side-3", "side-4"):
        assert act(network, name, "refuse", note="不属于").status == 200, "the others stand alone"


def test_from_the_command_line_to_the_papers(network, case):
    code, who, number, _ = take(network, case)
    proof = network.folder / "撤销决定书.pdf"
    proof.write_bytes(PDF)
    said = network.cli("objection", "file", "--stem", network.stem(who), "--item", ITEM, "--record", number, "--reason", "wrong",
                       "--text", "处罚已撤销", "--material", proof, "--id", "by-cli", who=who, part="gz").stdout
    assert said.strip() == "by-cli: pending"
    until(lambda: listed(network, "by-cli"), 30, "at the hub")
    shown = network.cli("objection", "list", "--state", "filed", who="dept", part="hub").stdout
    assert "by-cli" in shown and code in shown
    network.cli("objection", "accept", "by-cli", who="dept", part="hub")
    until(lambda: "accepted" in network.cli("objection", "mine", who=who, part="gz").stdout, 10, "the subject sees it")

    def paper(kind, reader, part="hub", query="", **headers):
        return network.http(part, "GET", f"/v1/objections/by-cli/papers/{kind}{query}", reader, headers=headers)
    application = paper("application", who)
    text = application.body.decode()
    assert application.status == 200 and application.headers["Content-Type"].startswith("text/plain")
    for words in ("信用信息异议申请表", code, number, "行政处罚", "处罚已撤销", "撤销决定书.pdf", "归集演示部门"):
        assert words in text, f"{words} is not in\n{text}"
    for part in ("hub", "gz"):
        page = paper("application", who, part, "?lang=en", Accept="text/html")
        assert page.headers["Content-Type"].startswith("text/html") and "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "Objection to credit information" in page.body.decode() and "处罚已撤销" in page.body.decode(), "filed here: known here"
    notice = paper("notice", who, "gz").body.decode()
    assert "受理通知书" in notice and "应办结日期" in notice and "加注“异议”标识" in notice
    printed = network.folder / "notice.pdf"
    network.cli("objection", "paper", "by-cli", "--kind", "notice", "--out", printed, who=who, part="gz")
    assert printed.read_bytes().startswith(b"%PDF-")
    network.cli("report", "verify", printed, "--member", network.stem("gz").with_suffix(".member.json"))
    assert "信用信息异议申请表" in network.cli("objection", "paper", "by-cli", who="dept", part="hub").stdout
    assert kind(paper("reply", who, "gz")) == "objection_state" and kind(paper("notice", "bank", "gz")) == "not_found"
    assert kind(paper("reply", "dept")) == "objection_state" and kind(paper("termination", "dept")) == "objection_state"
    assert kind(paper("application", "bank")) == "not_yours"
    assert kind(paper("poem", "dept")) == "not_found"

    network.cli("objection", "terminate", "by-cli", "--note", "材料系伪造", who="operator", part="hub")
    assert "终止告知书" in paper("termination", who).body.decode() and "材料系伪造" in paper("termination", who).body.decode()
    until(lambda: marks(network, "gz", code, number) == "current", 5, "no mark is left")
    actions = network.http("hub", "GET", "/v1/actions").json["actions"]
    assert any(a["action"] == "objection" and a["target"] == "by-cli" for a in actions)
    reply = network.http("hub", "GET", "/v1/objections/upheld/papers/reply", "dept").body.decode()
    assert "处理结果告知书" in reply and "维持原记录" in reply and "记录无误" in reply and "第二十六条" in reply
    refused = network.http("hub", "GET", "/v1/objections/mine/papers/notice", "dept").body.decode()
    assert "不予受理通知书" in refused and "不属于异议范围" in refused


def test_materials_go_up_in_pieces_through_kills_to_the_department_alone(network, case):
    code, who, number, _ = take(network, case)
    big, small = PDF + os.urandom((5 << 20) - len(PDF)), b"\x89PNG\r\n\x1a\n" + os.urandom(9)
    named = [{"name": n, "sha256": hashlib.sha256(b).hexdigest()} for n, b in (("全.pdf", big), ("小.png", small))]
    paths = [f"/v1/objections/material/materials/{m['sha256']}" for m in named]
    filed(network, who, claims(code, number, "material", materials=named))

    def put(path, body, who=who):
        return network.http("gz", "PUT", path, who, body, {"Content-Type": "application/octet-stream"})
    assert kind(put(paths[0], small)) == "digest_mismatch"
    assert put(paths[0], big + b"x").status == 413
    odd = hashlib.sha256(b"MZ").hexdigest()
    assert kind(put(f"/v1/objections/material/materials/{odd}", b"MZ")) == "not_found", "not named"
    for other in ("bank", "dept"):
        assert put(paths[1], small, other).status == 404
    for path in ("/v1/objections/..%2fx/materials/" + odd, f"/v1/objections/material/materials/{'zz' * 32}", "/v1/objections/never/materials/" + odd):
        assert put(path, b"MZ").status in (400, 404), path
    filed(network, who, claims(code, number, "script", materials=[{"name": "a.pdf", "sha256": odd}]))
    assert kind(put(f"/v1/objections/script/materials/{odd}", b"MZ")) == "media_type"

    network.stop("gd")
    assert put(paths[0], big).json == {"state": "waiting"} and put(paths[1], small).status == 202
    network.kill("gz")
    network.start("gz")
    network.start("gd")
    until(lambda: len((listed(network, "material") or {}).get("received", [])) > 0, 60, f"some of it is there\n{network.logs()}")
    network.kill("gd")
    network.start("gd")
    until(lambda: sorted(listed(network, "material").get("received", [])) == sorted(m["sha256"] for m in named), 60, "all of it is there")
    until(lambda: list((network.run / "gz").rglob("materials/*")) == [], 30, "the node keeps nothing")

    for path, body, type in zip(paths, (big, small), ("application/pdf", "image/png")):
        reply = network.http("hub", "GET", path, "dept")
        assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, body, type)
        assert reply.headers["Content-Disposition"] == "attachment" and "sandbox" in reply.headers["Content-Security-Policy"]
    assert network.http("hub", "GET", paths[0], "operator").body == big
    for other in (who, "bank"):
        assert kind(network.http("hub", "GET", paths[0], other)) == "not_yours"
    out = network.folder / "read.png"
    network.cli("objection", "material", "material", named[1]["sha256"], "--out", out, who="dept", part="hub")
    assert out.read_bytes() == small

    act(network, "material", "refuse", note="材料不足")
    sql(network, "UPDATE objection SET ended_at = ended_at - interval '1824 days' WHERE id = 'material'")

    def after(days):
        sql(network, f"UPDATE objection SET ended_at = now() - interval '{days} days' WHERE id = 'material'")
        assert network.http("hub", "POST", "/v1/retention").status == 200
        return network.http("hub", "GET", paths[0], "dept").status
    assert (after(1824), after(1826)) == (200, 404), "deleted at the end of its time"
    assert sql(network, "SELECT count(*) FROM objection_material WHERE id = 'material'") == "0\n"


def sql(network, statement):
    done = subprocess.run(["psql", "-XAtq", "-d", network.ready("hub")["pg"], "-c", statement], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_due_soon_raises_an_alert(network, case):
    code, who, number, _ = take(network, case)
    filed(network, who, claims(code, number, "due"))
    until(lambda: listed(network, "due"), 30, "at the hub")
    changed = network.http("hub", "POST", "/v1/alerts/rules/objection_due", "operator", {"threshold": 0})
    assert changed.status == 200, changed.body

    def raised():
        alerts = network.http("hub", "GET", "/v1/alerts").json["alerts"]
        return [a for a in alerts if a["rule"] == "objection_due" and a["subject"] == "due"]
    assert until(raised, 30, "raised")[0]["value"] == 1, "its first day"
    assert act(network, "due", "refuse", note="不属于异议范围").status == 200
    until(lambda: not raised(), 30, "closed")


def test_one_signed_by_the_subject_may_not_be_changed(network, case):
    forged = network.http("gz", "POST", "/v1/objections", "bank", "a.b.c", {"Content-Type": "application/jose"})
    assert forged.status == 400 and kind(forged) == "objection_invalid"
    assert json.loads(forged.body)["status"] == 400
