"""Companies that are renamed, and companies that are absorbed by others."""
from ledger_box import HEADER, codes_of, registration

MERGED = HEADER.rstrip("\n") + ",successor_uscc\n"
PENALTY = "uscc,document_number,category,decided,authority\n"


def ledger(hub, code, who="operator", query=""):
    reply = hub.http("GET", f"/v1/ledger/{code}{query}", who)
    assert reply.status == 200, reply.body
    return reply.json


def register(hub, batch, *rows, header=HEADER):
    reply = hub.submit(1, header + "".join(rows), batch)
    assert reply.status == 200 and reply.json["rejected"] == 0, reply.body
    return reply.json


def merged(code, successor, **more):
    return registration(code, **more).rstrip("\n") + f",{successor}\n"


def penalise(hub, batch, *codes):
    reply = hub.submit(11, PENALTY + "".join(f"{code},{batch},罚款,2024-05-06,测试局\n" for code in codes), batch)
    assert reply.status == 200, reply.body
    return hub.sql("SELECT f.line, f.field, f.severity, f.original FROM finding f JOIN feed_batch b ON b.number = f.batch"
                   f" WHERE b.id = '{batch}' AND f.rule = 'subject_merged' ORDER BY f.line")


def test_a_new_name_is_a_change_with_history(hub):
    code = codes_of(hub, 1, 831)[0]
    register(hub, "name-1", registration(code))
    then = ledger(hub, code)["known_at"]

    assert register(hub, "name-2", registration(code).replace("广州测试有限公司", "广州改名有限公司"))["accepted"] == 1

    seen = ledger(hub, code)
    assert seen["records"][0]["version"] == 2 and seen["records"][0]["fields"]["name"] == "广州改名有限公司"
    assert [n["name"] for n in seen["former_names"]] == ["广州测试有限公司"]
    before = ledger(hub, code, query=f"?as_of={then}")
    assert before["records"][0]["fields"]["name"] == "广州测试有限公司" and before["former_names"] == []
    register(hub, "name-3", registration(code))
    assert [n["name"] for n in ledger(hub, code)["former_names"]] == ["广州改名有限公司"]


def test_who_absorbed_a_company_is_named_and_later_rows_about_it_are_warned_about(hub):
    gone, stays, other = codes_of(hub, 3, 832)
    register(hub, "merge-1", registration(gone), registration(stays), registration(other))
    assert penalise(hub, "merge-before", gone) == []

    register(hub, "merge-2", merged(gone, stays), header=MERGED)

    assert ledger(hub, gone)["successor"] == stays and ledger(hub, stays)["absorbed"] == [gone]
    assert ledger(hub, stays)["successor"] is None and ledger(hub, other)["absorbed"] == []
    assert penalise(hub, "merge-after", gone, stays, other) == [["2", "uscc", "warn", ""]]
    shown = hub.sql(f"SELECT fields->>'successor_uscc' FROM record WHERE item = 1 AND subject = '{gone}'")
    assert shown == [[stays]]
    findings = hub.http("GET", "/v1/feeds/11/batches/merge-after/findings", "dept").json["findings"]
    assert all(f["zh"] and f["en"] for f in findings) and gone not in str(findings) and stays not in str(findings)
    hub.chain_is_whole()


def test_a_registration_without_a_successor_takes_the_link_back(hub):
    gone, first, second = codes_of(hub, 3, 833)
    register(hub, "back-1", registration(first), registration(second))
    register(hub, "back-2", merged(gone, first), header=MERGED)
    assert penalise(hub, "back-warned", gone) != []

    register(hub, "back-3", merged(gone, second), header=MERGED)
    assert (ledger(hub, gone)["successor"], ledger(hub, first)["absorbed"]) == (second, [])
    register(hub, "back-4", merged(gone, second, city="深圳"), header=MERGED)
    assert ledger(hub, gone)["successor"] == second, "it moved, no more"
    register(hub, "back-5", registration(gone, city="深圳"))

    assert ledger(hub, gone)["successor"] is None and ledger(hub, second)["absorbed"] == []
    assert penalise(hub, "back-free", gone) == []
    state = hub.sql("SELECT closed_by IS NOT NULL FROM finding_row r JOIN feed_batch b ON b.number = r.batch WHERE b.id = 'back-warned'")
    assert state == [["f"]], "another document's row says nothing about this one"
    hub.chain_is_whole()


def test_a_company_is_not_its_own_successor(hub):
    code = codes_of(hub, 1, 834)[0]

    register(hub, "self", merged(code, code), header=MERGED)

    assert ledger(hub, code)["successor"] is None
