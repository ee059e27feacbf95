"""Registration numbers of before 2015 in place of the credit code: mapped where item 1 has told which is whose."""
import json

from ledger_box import DEPARTMENT, HEADER, codes_of, registration

PENALTY = "uscc,document_number,category,decided,authority\n"


def number(digits14):
    """15 digits by ISO 7064 MOD 11,10."""
    product = 10
    for digit in digits14:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return digits14 + str((11 - product) % 10)


def registered(hub, code, old, batch):
    reply = hub.submit(1, HEADER.rstrip("\n") + ",registration_number\n" + registration(code).rstrip("\n") + f",{old}\n", batch)
    assert (reply.status, reply.json["accepted"]) == (200, 1), reply.body


def penalty(subject, document, day="2024-05-06"):
    return f"{subject},{document},罚款,{day},测试局\n"


def submit(hub, batch, *rows, **how):
    reply = hub.submit(11, PENALTY + "".join(rows), batch, **how)
    assert reply.status == 200, reply.body
    return {k: reply.json[k] for k in ("rows", "accepted", "unchanged", "rejected", "warned")}


def found(hub, batch):
    return hub.sql("SELECT f.line, f.severity, f.field, f.rule FROM finding f JOIN feed_batch b ON b.number = f.batch"
                   f" WHERE b.id = '{batch}' AND f.rule <> 'subject_unknown' ORDER BY f.line, f.rule")


def keys(hub, code):
    return [row[0] for row in hub.sql(f"SELECT key FROM record WHERE item = 11 AND subject = '{code}' AND state <> 4 ORDER BY key")]


def opened(hub, batch):
    return int(hub.sql("SELECT count(*) FROM finding_row r JOIN feed_batch b ON b.number = r.batch"
                       f" WHERE b.id = '{batch}' AND r.closed_by IS NULL AND r.rejected")[0][0])


def test_a_known_number_is_taken_for_its_code_and_said_so(hub):
    code, plain = codes_of(hub, 2, 821)
    old, unknown = number("44010400012345"), number("44010400099999")
    registered(hub, code, old, "map-registered")

    counts = submit(hub, "map-1", penalty(old, "A-1"), penalty(unknown, "A-2"), penalty(plain, "A-3"), penalty(code, "A-4"))

    assert counts["rows"] == 4 and (counts["accepted"], counts["rejected"]) == (3, 1)
    assert found(hub, "map-1") == [["2", "warn", "uscc", "uscc_mapped"], ["3", "reject", "uscc", "uscc_old_number"]]
    assert keys(hub, code) == ["A-1", "A-4"] and keys(hub, plain) == ["A-3"]
    listed = hub.http("GET", "/v1/feeds/11/batches/map-1/findings", "dept").json["findings"]
    mapped = next(f for f in listed if f["rule"] == "uscc_mapped")
    assert mapped["zh"] and mapped["en"] and old not in json.dumps(listed)
    hub.chain_is_whole()
    assert {n: s["state"] for n, s in hub.streams().items()} == hub.state_digests()


def test_number_and_code_of_one_record_are_one_key(hub):
    code = codes_of(hub, 1, 822)[0]
    old = number("44010400022222")
    registered(hub, code, old, "key-registered")

    counts = submit(hub, "key-1", penalty(old, "B-1", "2024-01-01"), penalty(code, "B-1", "2024-02-02"))

    assert (counts["accepted"], counts["rejected"]) == (1, 1)
    assert ["2", "reject", "", "duplicate_key"] in found(hub, "key-1")
    assert hub.sql(f"SELECT fields->>'decided' FROM record WHERE item = 11 AND subject = '{code}'") == [["2024-02-02"]]
    assert submit(hub, "key-2", penalty(code, "B-1", "2024-02-02"), penalty(old, "B-1", "2024-03-03"))["accepted"] == 1
    assert hub.sql(f"SELECT fields->>'decided' FROM record WHERE item = 11 AND subject = '{code}'") == [["2024-03-03"]]


def test_what_was_rejected_is_mapped_when_it_comes_again_and_its_finding_closes(hub):
    code, other = codes_of(hub, 2, 823)
    old, late = number("44010400033333"), number("44010400044444")
    assert submit(hub, "again-1", penalty(old, "C-1"), penalty(late, "C-1"))["rejected"] == 2
    assert opened(hub, "again-1") == 2
    registered(hub, code, old, "again-registered")

    assert submit(hub, "again-2", penalty(old, "C-1"))["accepted"] == 1

    assert keys(hub, code) == ["C-1"] and opened(hub, "again-1") == 1
    registered(hub, other, late, "again-late")
    submit(hub, "again-3", penalty(other, "C-1"))
    assert opened(hub, "again-1") == 0, "its code closes it as well"


def test_a_held_batch_is_mapped_when_it_is_let_in(hub):
    code = codes_of(hub, 1, 825)[0]
    old, unknown = number("44010400066666"), number("44010400077777")
    registered(hub, code, old, "held-registered")
    rows = [penalty(old, f"E-{i // 2}", f"2024-05-{1 + i % 2:02d}") for i in range(140)] + [penalty(unknown, f"E-{i}") for i in range(60)]

    receipt = hub.submit(11, PENALTY + "".join(rows), "held-numbers").json
    assert (receipt["state"], receipt["reason"]) == ("held", "reject_share")
    assert keys(hub, code) == []
    released = hub.http("POST", f"/v1/feeds/11/batches/held-numbers/release?provider={DEPARTMENT}", "operator").json

    assert {k: released[k] for k in ("state", "rows", "accepted", "rejected", "warned")} == {
        "state": "committed", "rows": 200, "accepted": 70, "rejected": 130, "warned": 70}
    assert len(keys(hub, code)) == 70
    for verb in ("release", "refuse"):
        again = hub.http("POST", f"/v1/feeds/11/batches/held-numbers/{verb}?provider={DEPARTMENT}", "operator")
        assert (again.status, again.json["type"]) == (409, "urn:rongxin:problem:not_held"), again.body
    hub.chain_is_whole()


def test_objects_and_long_batches_are_mapped_too(hub):
    code = codes_of(hub, 1, 824)[0]
    old = number("44010400055555")
    registered(hub, code, old, "long-registered")
    rows = [{"uscc": old, "document_number": f"D-{i}", "category": "罚款", "decided": "2024-05-06", "authority": "测试局"} for i in range(300)]

    reply = hub.submit(11, "\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "long", content_type="application/x-ndjson")

    assert (reply.json["accepted"], reply.json["warned"]) == (300, 300), reply.body
    assert len(keys(hub, code)) == 300
    assert hub.submit(11, "\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "long-again",
                      content_type="application/x-ndjson").json["unchanged"] == 300
