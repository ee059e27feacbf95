"""Batches in their order, versions in theirs."""
import pytest

from ledger_box import HEADER, box, codes_of, registration  # noqa: F401


def numbered(hub, number, batch, body):
    return hub.http("POST", "/v1/feeds/1/batches", "dept", body, {
        "Content-Type": "text/csv", "Idempotency-Key": batch, "Batch-Sequence": str(number)})


def kind(reply):
    return reply.status, reply.json["type"].rsplit(":", 1)[1], reply.headers["Batch-Sequence-Expected"]


def dated(uscc, day, capital):
    return HEADER.rstrip("\n") + ",data_date\n" + registration(uscc, capital).rstrip("\n") + f",{day}\n"


def capital_of(hub, code):
    return hub.sql(f"SELECT fields->>'registered_capital' FROM record WHERE subject = '{code}' AND state <> 4")[0][0]


def rules_of(hub, batch):
    return [r for r, in hub.sql(f"SELECT rule FROM finding JOIN feed_batch b ON b.number = batch WHERE b.id = '{batch}'"
                                " AND rule <> 'uscc_organisation'")]


def test_a_gap_and_a_repeat_are_told_in_the_same_call(box):  # noqa: F811
    body = HEADER + registration(codes_of(box, 1, 5)[0])

    assert numbered(box, 7, "seven", body).status == 200
    assert kind(numbered(box, 9, "nine", body)) == (409, "sequence_gap", "8")
    assert kind(numbered(box, 7, "other", body)) == (409, "sequence_seen", "8")
    assert numbered(box, 7, "seven", body).status == 200
    assert numbered(box, 8, "eight", body).status == 200
    assert numbered(box, 9, "nine", body).status == 200
    assert box.submit(1, body, "unnumbered").status == 200
    assert numbered(box, 0, "zero", body).status == 400


def test_a_batch_that_fails_does_not_use_up_its_number(box):  # noqa: F811
    body = HEADER + registration(codes_of(box, 1, 5)[0])
    numbered(box, 1, "one", body)

    assert numbered(box, 2, "two", "what,is\nthis,now\n").status == 400
    assert numbered(box, 2, "two", body).status == 200


def test_an_older_version_never_overwrites_a_newer_one(box):  # noqa: F811
    code = codes_of(box, 1, 5)[0]
    box.submit(1, dated(code, "2026-03-02", "2万元人民币"), "new")

    late = box.submit(1, dated(code, "2026-03-01", "1万元人民币"), "late").json
    newer = box.submit(1, dated(code, "2026-03-03", "3万元人民币"), "newer").json

    assert (late["accepted"], late["unchanged"], late["warned"]) == (0, 1, 1)
    assert rules_of(box, "late") == ["older_than_known"]
    assert newer["accepted"] == 1
    assert capital_of(box, code) == "30000.00"
    box.chain_is_whole()


def test_the_same_facts_of_a_later_day_make_the_record_newer(box):  # noqa: F811
    code = codes_of(box, 1, 6)[0]
    box.submit(1, dated(code, "2026-03-01", "1万元人民币"), "first")
    box.submit(1, dated(code, "2026-03-09", "1万元人民币"), "same")

    late = box.submit(1, dated(code, "2026-03-05", "5万元人民币"), "between").json

    assert (late["accepted"], late["unchanged"]) == (0, 1)
    assert capital_of(box, code) == "10000.00"


def test_a_row_without_a_date_counts_when_it_comes(box):  # noqa: F811
    code = codes_of(box, 1, 7)[0]
    box.submit(1, dated(code, "2026-03-01", "1万元人民币"), "dated")

    receipt = box.submit(1, HEADER + registration(code, "2万元人民币"), "undated").json

    assert receipt["accepted"] == 1
    assert capital_of(box, code) == "20000.00"


def test_two_departments_that_disagree_are_listed_and_both_are_kept(box):  # noqa: F811
    code = codes_of(box, 1, 9)[0]
    box.submit(1, HEADER + registration(code, "1万元人民币"), "theirs", who="other")

    receipt = box.submit(1, HEADER + registration(code, "2万元人民币"), "ours").json

    assert (receipt["accepted"], receipt["warned"]) == (1, 1)
    assert rules_of(box, "ours") == ["provider_conflict"]
    assert capital_of(box, code) == "20000.00"
    assert box.sql(f"SELECT fields->>'registered_capital' FROM record_history WHERE subject = '{code}'") == [["10000.00"]]


@pytest.mark.parametrize("action,state", [("repair", "3"), ("withdraw", "4"), ("delete", "4")])
def test_repair_and_withdrawal_are_messages_of_their_own(box, action, state):  # noqa: F811
    code = codes_of(box, 1, 8)[0]
    box.submit(1, HEADER + registration(code), "there")

    receipt = box.submit(1, HEADER.rstrip("\n") + ",_action\n" + registration(code).rstrip("\n") + f",{action}\n", "then").json

    assert receipt["accepted"] == 1
    assert box.sql(f"SELECT state, version FROM record WHERE subject = '{code}'") == [[state, "2"]]
    box.chain_is_whole()
