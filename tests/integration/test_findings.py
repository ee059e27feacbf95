"""What was wrong stays open until it is corrected, and comes back in a form that can be."""
import csv
import io
import json
import unicodedata

from rig import DEPARTMENT, OTHER

HEADER = "uscc,文号,违法事实,处罚类别,处罚决定日期,处罚机关,authority_uscc,repaired,repaired_date\n"


def codes(hub, count, seed=5, division="4401"):
    rows = list(csv.DictReader(io.StringIO(hub.gen(1, count, seed, "--division", division))))
    return [row["uscc"] for row in rows]


def penalty(uscc, number, decided="2024-03-28", authority="", more=","):
    return f"{uscc},{number},虚假广告,罚款,{decided},广州市市场监督管理局,{authority},{more}\n"


def findings(hub, item, batch, who="dept", query=""):
    reply = hub.http("GET", f"/v1/feeds/{item}/batches/{batch}/findings{query}", who)
    assert reply.status == 200, reply.body
    return reply


def of_batch(hub, batch, item=11):
    return findings(hub, item, batch).json["findings"]


def open_ones(hub, item=11, who="dept"):
    """Every open finding, page by page."""
    found, after = [], 0
    while after is not None:
        reply = hub.http("GET", f"/v1/findings?state=open&item={item}&limit=3&after={after}", who)
        assert reply.status == 200, reply.body
        found += reply.json["findings"]
        after = reply.json["next"]
    return found


def test_every_finding_is_explained_in_both_languages(hub):
    code = codes(hub, 1, 11)[0]
    body = HEADER + penalty(code, "explain-1", "2031-02-30") + penalty("91440101MA5XXXXXX0", "explain-2")

    assert hub.submit(11, body, "explain").json["rejected"] == 2

    found = of_batch(hub, "explain")
    assert [(f["line"], f["rule"], f["severity"], f["state"]) for f in found] == [
        (2, "type_date", "reject", "open"), (3, "uscc_check_digit", "reject", "open")]
    assert all(f["zh"] and f["en"] for f in found)
    rules = {r["id"]: r for r in hub.http("GET", "/v1/catalogue", "dept").json["rules"]}
    assert [(f["zh"], f["en"]) for f in found] == [
        tuple(unicodedata.normalize("NFKC", rules[f["rule"]][lang]) for lang in ("zh", "en")) for f in found]


def test_a_corrected_row_closes_what_was_found(hub):
    code = codes(hub, 1, 12)[0]
    hub.submit(11, HEADER + penalty(code, "close-1", "never"), "close-bad")

    receipt = hub.submit(11, HEADER + penalty(code, "close-1"), "close-good").json

    assert receipt["accepted"] == 1
    found = of_batch(hub, "close-bad")
    assert [(f["state"], f["closed_by"]) for f in found] == [("closed", "close-good")]
    assert not [f for f in open_ones(hub) if f["batch"] == "close-bad"]


def test_another_record_of_the_subject_closes_nothing(hub):
    code = codes(hub, 1, 13)[0]
    hub.submit(11, HEADER + penalty(code, "still-1", "never"), "still-bad")

    hub.submit(11, HEADER + penalty(code, "still-2"), "still-other")

    assert [f["state"] for f in of_batch(hub, "still-bad")] == ["open"]


def test_a_refused_correction_closes_nothing(hub):
    code = codes(hub, 1, 14)[0]
    hub.submit(11, HEADER + penalty(code, "again-1", "never"), "again-bad")

    hub.submit(11, HEADER + penalty(code, "again-1", "2024-13-01"), "again-worse")

    assert [f["state"] for f in of_batch(hub, "again-bad")] == ["open"]
    hub.submit(11, HEADER + penalty(code, "again-1"), "again-good")
    assert [f["state"] for f in of_batch(hub, "again-bad") + of_batch(hub, "again-worse")] == ["closed"] * 2


def test_a_row_without_its_key_is_closed_by_its_source_number(hub):
    code = codes(hub, 1, 15)[0]
    header = HEADER.replace("uscc,", "uscc,source_number,", 1)
    bad = header + penalty(f"{code},src-9", "")
    hub.submit(11, bad, "source-bad")

    hub.submit(11, header + penalty(f"{code},src-8", "source-8"), "source-other")
    assert [f["state"] for f in of_batch(hub, "source-bad")] == ["open"]

    hub.submit(11, header + penalty(f"{code},src-9", "source-9"), "source-good")
    assert [f["state"] for f in of_batch(hub, "source-bad")] == ["closed"]


def test_a_row_without_key_and_number_is_closed_by_its_subject(hub):
    code = codes(hub, 1, 16)[0]
    hub.submit(11, HEADER + penalty(code, ""), "keyless-bad")

    hub.submit(11, HEADER + penalty(code, "keyless-1"), "keyless-good")

    assert [f["state"] for f in of_batch(hub, "keyless-bad")] == ["closed"]


def test_the_rows_come_back_corrected_and_close_even_a_wrong_code(hub):
    good, right = codes(hub, 2, 17)
    wrong = right[:17] + ("0" if right[17] != "0" else "1")
    body = HEADER + penalty(good, "csv-0") + penalty(wrong, '"csv,1"') + penalty(good, "csv-2", "2031年1月1日")
    assert hub.submit(11, body, "csv-bad").json["rejected"] == 2

    reply = findings(hub, 11, "csv-bad", query="?format=csv")

    assert reply.headers["Content-Type"].startswith("text/csv")
    text = reply.body.decode()
    lines = text.splitlines()
    assert lines[0] == "_corrects,_line,_field,_rule,_severity,_zh,_en," + HEADER.strip()
    assert lines[1].endswith(penalty(wrong, '"csv,1"').strip())
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(r["_line"], r["_field"], r["_rule"], r["_severity"]) for r in rows] == [
        ("3", "uscc", "uscc_check_digit", "reject"), ("4", "decided", "range", "reject")]
    assert all(r["_zh"] and r["_en"] for r in rows)

    corrected = text.replace(wrong, right).replace("2031年1月1日", "2021年1月1日")
    receipt = hub.submit(11, corrected, "csv-good").json

    assert (receipt["rows"], receipt["accepted"], receipt["rejected"], receipt["warned"]) == (2, 2, 0, 0)
    assert {(f["state"], f["closed_by"]) for f in of_batch(hub, "csv-bad")} == {("closed", "csv-good")}
    after = findings(hub, 11, "csv-bad", query="?format=csv").body.decode()
    assert after.splitlines() == lines[:1]


def test_rows_keep_their_separator_and_their_quotes(hub):
    code = codes(hub, 1, 18)[0]
    header = HEADER.replace(",", ";")
    row = f'{code};"半;角";"他说""好""";罚款;never;广州市市场监督管理局;;;\n'
    hub.submit(11, header + row, "semicolon")

    text = findings(hub, 11, "semicolon", query="?format=csv").body.decode()

    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [(r["文号"], r["违法事实"], r["_rule"]) for r in rows] == [("半;角", '他说"好"', "type_date")]
    assert hub.submit(11, text.replace("never", "2024-01-01"), "semicolon-2").json["accepted"] == 1


def test_objects_come_back_as_objects(hub):
    code = codes(hub, 1, 19)[0]
    row = {"uscc": code, "document_number": "nd-1", "category": "罚款", "decided": "never", "authority": "市局"}
    hub.submit(11, json.dumps(row) + "\nnot json\n", "ndjson-bad", content_type="application/x-ndjson")

    reply = findings(hub, 11, "ndjson-bad", query="?format=csv")

    assert reply.headers["Content-Type"] == "application/x-ndjson"
    first, second = map(json.loads, reply.body.decode().splitlines())
    assert {k: first[k] for k in row} == row and first["_rule"] == "type_date"
    assert second["_original"] == "not json"
    first["decided"] = "2024-02-01"
    hub.submit(11, json.dumps(first), "ndjson-good", content_type="application/x-ndjson")
    assert [f["state"] for f in of_batch(hub, "ndjson-bad")] == ["closed", "open"]


def test_a_department_closes_and_sees_only_its_own(hub):
    code = codes(hub, 1, 20)[0]
    body = "uscc,变更事项,变更日期\n"
    hub.submit(2, body + f"{code},名称,never\n", "own-bad", who="dept")
    own = hub.sql("SELECT r.batch || ':' || r.line FROM finding_row r JOIN feed_batch b ON b.number = r.batch"
                  " WHERE b.id = 'own-bad'")[0][0]

    receipt = hub.submit(2, "_corrects," + body + f"{own},{code},名称,2024-01-01\n", "own-theirs", who="other")

    assert receipt.json["accepted"] == 1
    assert [f["state"] for f in of_batch(hub, "own-bad", 2)] == ["open"]
    assert hub.http("GET", "/v1/feeds/2/batches/own-bad/findings", "other").status == 404
    assert open_ones(hub, 2, "other") == []
    assert {f["provider"] for f in open_ones(hub, 2, "operator")} == {DEPARTMENT}
    assert OTHER not in {f["provider"] for f in open_ones(hub, 0, "operator")}


def test_bad_questions_are_refused(hub):
    for path in ("/v1/findings?state=closed", "/v1/findings?item=x", "/v1/findings?limit=0",
                 "/v1/feeds/11/batches/x/findings?format=xml", "/v1/quality?from=2024-02-30", "/v1/quality?item=-1"):
        assert hub.http("GET", path, "operator").status == 400, path
    assert hub.http("GET", "/v1/feeds/11/batches/none/findings?format=csv", "operator").status == 404


def test_an_unknown_subject_is_noticed_where_registrations_are_held(hub):
    known, unknown = codes(hub, 2, 21, "4403")
    body = HEADER + penalty(known, "cross-1") + penalty(unknown, "cross-2")
    assert hub.submit(11, body, "cross-before").json["warned"] == 0
    registration = "uscc,name,established,province,city\n" + f"{known},深圳测试有限公司,2020-01-01,广东,深圳\n"
    assert hub.submit(1, registration, "cross-registered").json["accepted"] == 1

    changed = body.replace("虚假广告", "不正当竞争")
    receipt = hub.submit(11, changed, "cross-after").json

    assert (receipt["accepted"], receipt["warned"], receipt["rejected"]) == (2, 1, 0)
    found = of_batch(hub, "cross-after")
    assert [(f["line"], f["field"], f["rule"], f["state"]) for f in found] == [(3, "uscc", "subject_unknown", "open")]

    # The same rows again: asked again, because it was found before.
    assert hub.submit(11, changed, "cross-same").json["warned"] == 1
    assert [f["state"] for f in of_batch(hub, "cross-after") + of_batch(hub, "cross-same")] == ["closed", "open"]

    hub.submit(1, registration.replace(known, unknown), "cross-registered-2")
    assert hub.submit(11, changed, "cross-last").json["warned"] == 0
    assert [f["state"] for f in of_batch(hub, "cross-same")] == ["closed"]


def test_an_authority_of_another_province_is_noticed(hub):
    code = codes(hub, 1, 22)[0]
    province, elsewhere, national = (codes(hub, 1, 23, "4401")[0], codes(hub, 1, 24, "3101")[0], DEPARTMENT)
    body = HEADER + "".join(penalty(code, f"authority-{i}", authority=a)
                            for i, a in enumerate((province, elsewhere, national, "")))

    hub.submit(11, body, "authority")

    found = [f for f in of_batch(hub, "authority") if f["rule"] != "subject_unknown"]
    assert [(f["line"], f["field"], f["rule"], f["severity"]) for f in found] == [
        (3, "authority_uscc", "authority_division", "warn")]


def test_nothing_happens_to_a_firm_before_it_is_founded(hub):
    code = codes(hub, 1, 25)[0]
    hub.submit(1, f"uscc,name,established,province,city\n{code},广州测试有限公司,2020-05-01,广东,广州\n", "founded")
    body = "uscc,kind,date\n"

    hub.submit(3, body + f"{code},注销,2019-01-01\n{code},吊销,2021-01-01\n", "founded-after")

    assert [(f["line"], f["field"], f["rule"]) for f in of_batch(hub, "founded-after", 3)] == [
        (2, "date", "before_founded")]


def test_the_command_line_says_it_in_chinese(hub):
    code = codes(hub, 1, 26)[0]
    hub.submit(11, HEADER + penalty(code, "cli-1", "never"), "cli-bad")
    words = ["--hub", "https://" + hub.ready["listen"], "--ca", hub.folder / "net/ca.crt", "--as",
             hub.folder / "id/dept"]

    shown = hub.cli("feed", "findings", 11, "cli-bad", *words)
    rows = hub.cli("feed", "findings", 11, "cli-bad", "--csv", *words)
    still = hub.cli("feed", "open", "--item", 11, *words)

    assert "type_date" in shown and "不是日期" in shown
    assert rows.splitlines()[1].endswith(penalty(code, "cli-1", "never").strip())
    assert "cli-bad" in still


def test_what_was_closed_is_counted(hub):
    code = codes(hub, 1, 27)[0]

    def closed():
        text = hub.http("GET", "/metrics", "operator").body.decode()
        return int(next(line.split()[1] for line in text.splitlines()
                        if line.startswith("rongxin_hub_findings_closed_total")))
    before = closed()
    hub.submit(11, HEADER + penalty(code, "count-1", "never"), "count-bad")
    hub.submit(11, HEADER + penalty(code, "count-1"), "count-good")

    assert closed() == before + 1


def test_dates_out_of_order_are_noticed_or_refused_as_the_item_says(hub):
    code = codes(hub, 1, 36)[0]
    penalties = "uscc,document_number,category,decided,effective_until,authority\n"
    listings = "uscc,listing_reason,listed,listing_authority,removed\n"

    hub.submit(11, penalties + f"{code},order-1,罚款,2024-05-06,2024-05-05,某局\n{code},order-2,罚款,2024-05-06,2024-05-06,某局\n", "order-warn")
    hub.submit(12, listings + f"{code},未年报,2024-05-06,某局,2024-05-05\n{code},未年报,2024-05-07,某局,2024-05-07\n", "order-reject")

    def told(batch, item):
        return [(f["line"], f["field"], f["severity"]) for f in of_batch(hub, batch, item) if f["rule"] == "dates_in_order"]
    assert told("order-warn", 11) == [(2, "decided", "warn")]
    assert told("order-reject", 12) == [(2, "listed", "reject")]
    assert hub.sql(f"SELECT count(*) FROM record WHERE item = 11 AND subject = '{code}'") == [["2"]]
    assert hub.sql(f"SELECT fields->>'listed' FROM record WHERE item = 12 AND subject = '{code}'") == [["2024-05-07"]]
