"""Full batches replace a provider's set; what looks like an accident waits for an operator."""
import os
import signal
import threading
import time

from ledger_box import DEPARTMENT, HEADER, box, codes_of, registration  # noqa: F401


def file_of(codes, **how):
    return HEADER + "".join(registration(c, **how) for c in codes)


def full(hub, body, batch, divisions=None, who="dept"):
    return hub.submit(1, body, batch, who=who, query="?mode=full" + (f"&divisions={divisions}" if divisions else ""))


def states(hub, codes):
    return dict(hub.sql("SELECT subject, state FROM record WHERE item = 1 AND subject IN (%s)"
                        % ",".join(f"'{c}'" for c in codes)))


def decide(hub, batch, what, who="operator", provider=DEPARTMENT):
    return hub.http("POST", f"/v1/feeds/1/batches/{batch}/{what}?provider={provider}", who)


def held(hub):
    return [b["batch"] for b in hub.http("GET", "/v1/batches?state=held").json["batches"]]


def test_what_a_full_batch_leaves_out_is_withdrawn_and_nothing_else(box):  # noqa: F811
    codes = codes_of(box, 20, 3)
    elsewhere = codes_of(box, 5, 4, "4403")
    theirs = codes_of(box, 3, 5)
    box.submit(1, file_of(codes), "delta")
    box.submit(1, file_of(elsewhere, city="深圳"), "elsewhere")
    box.submit(1, file_of(theirs), "theirs", who="other")

    receipt = full(box, file_of(codes[1:]), "full").json

    assert (receipt["state"], receipt["mode"], receipt["withdrawn"]) == ("committed", "full", 1)
    assert (receipt["rows"], receipt["accepted"], receipt["unchanged"]) == (19, 0, 19)
    assert receipt["streams"] == [{"stream": "4401", "first": 24, "last": 24}]
    assert states(box, codes) == {c: "4" if c == codes[0] else "1" for c in codes}
    assert set(states(box, elsewhere + theirs).values()) == {"1"}
    assert box.sql(f"SELECT version, fields FROM record WHERE subject = '{codes[0]}'") == [["2", "{}"]]
    box.chain_is_whole()
    assert {n: s["state"] for n, s in box.streams().items()} == box.state_digests()


def test_declared_divisions_bound_what_is_withdrawn(box):  # noqa: F811
    here, there = codes_of(box, 20, 3), codes_of(box, 20, 4, "4403")
    box.submit(1, file_of(here), "here")
    box.submit(1, file_of(there, city="深圳"), "there")

    outside = full(box, file_of(here), "outside").json
    inside = full(box, file_of(here + there[:17], city=""), "inside", "44").json

    assert outside["withdrawn"] == 0
    assert inside["withdrawn"] == 3
    assert sorted(states(box, there).values()) == ["1"] * 17 + ["4"] * 3


def test_a_refused_row_still_says_that_its_record_exists(box):  # noqa: F811
    codes = codes_of(box, 20, 3)
    box.submit(1, file_of(codes), "delta")
    broken = registration(codes[0]).replace("广州测试有限公司", "")

    receipt = full(box, HEADER + broken + "".join(map(registration, codes[1:])), "full").json

    assert (receipt["rejected"], receipt["withdrawn"]) == (1, 0)
    assert states(box, codes[:1]) == {codes[0]: "1"}


def test_too_large_a_withdrawal_is_held_until_an_operator_releases_it(box):  # noqa: F811
    codes = codes_of(box, 20, 3)
    box.submit(1, file_of(codes), "delta")
    before = box.streams()
    body = file_of(codes[:10])

    first = full(box, body, "half")
    again = full(box, body, "half")

    assert first.json["state"] == "held" and first.body == again.body
    assert (first.json["reason"], first.json["share"], first.json["withdrawn"]) == ("withdraw_share", 50, 10)
    assert (first.json["rows"], first.json["accepted"], first.json["streams"]) == (10, 0, [])
    assert box.streams() == before
    assert held(box) == ["half"]
    assert decide(box, "half", "release", "dept").status == 403

    box.stop(signal.SIGKILL)
    box.start()
    released = decide(box, "half", "release").json

    assert (released["state"], released["withdrawn"], released["unchanged"]) == ("committed", 10, 10)
    assert sorted(states(box, codes).values()) == ["1"] * 10 + ["4"] * 10
    assert held(box) == [] and os.listdir(box.state / "held") == []
    assert box.http("GET", "/v1/feeds/1/batches/half", "dept").json == released
    assert decide(box, "half", "release").status == 409
    assert box.sql("SELECT decided_by IS NOT NULL, reason FROM held_batch") == [["t", "withdraw_share"]]
    box.chain_is_whole()


def test_a_refused_batch_changes_nothing_and_its_bytes_go(box):  # noqa: F811
    codes = codes_of(box, 20, 3)
    box.submit(1, file_of(codes), "delta")
    full(box, file_of(codes[:5]), "wrong")

    refused = decide(box, "wrong", "refuse")

    assert (refused.status, refused.json["state"]) == (200, "refused")
    assert set(states(box, codes).values()) == {"1"}
    assert held(box) == [] and os.listdir(box.state / "held") == []
    assert full(box, file_of(codes[:5]), "wrong").json["state"] == "refused"
    assert decide(box, "never", "refuse").status == 404


def test_what_came_after_a_held_batch_is_not_undone_by_its_release(box):  # noqa: F811
    codes = codes_of(box, 20, 3)
    late, new = codes[18], codes_of(box, 1, 9)[0]
    box.submit(1, file_of(codes[:19]), "delta")
    full(box, file_of(codes[:10] + [late], capital="5万元人民币"), "held")
    box.submit(1, file_of([late], capital="7万元人民币") + registration(new), "after")

    released = decide(box, "held", "release").json

    assert released["withdrawn"] == 8
    assert states(box, [late, new]) == {late: "1", new: "1"}
    assert box.sql(f"SELECT fields->>'registered_capital' FROM record WHERE subject = '{late}'") == [["70000.00"]]
    assert released["warned"] >= 1


def test_a_batch_of_mostly_rejects_is_held_and_a_small_one_is_not(box):  # noqa: F811
    good = codes_of(box, 90, 3)
    bad = [f"91440101BAD{i:02d}" for i in range(30)]

    small = box.submit(1, file_of(good[:2] + bad[:5]), "small").json
    large = box.submit(1, file_of(good + bad), "large").json

    assert small["state"] == "committed"
    assert (large["state"], large["reason"], large["share"], large["rejected"]) == ("held", "reject_share", 25, 30)
    assert box.sql("SELECT count(*) FROM record WHERE item = 1") == [["2"]]
    assert box.http("GET", "/v1/feeds/1/batches/large/findings", "dept").json["findings"]
    assert decide(box, "large", "release").json["accepted"] == 88
    box.chain_is_whole()


def test_an_empty_full_batch_is_held_and_one_of_nothing_commits(box):  # noqa: F811
    codes = codes_of(box, 3, 3)
    box.submit(1, file_of(codes), "delta")

    assert full(box, HEADER, "undeclared").json["withdrawn"] == 0
    assert full(box, HEADER, "declared", "4401").json["state"] == "held"
    assert set(states(box, codes).values()) == {"1"}


def test_a_hub_killed_in_a_full_batch_keeps_nothing_and_the_retry_all(box):  # noqa: F811
    codes = codes_of(box, 20000, 31)
    box.submit(1, file_of(codes), "delta")
    before = box.streams()
    body = file_of(codes[1500:], capital="3万元人民币")

    for delay in (0.3, 0.6, 0.9):
        upload = threading.Thread(target=lambda: swallow(box, body), daemon=True)
        upload.start()
        time.sleep(delay)
        box.stop(signal.SIGKILL)
        upload.join(30)
        box.start()
        box.chain_is_whole()
        if box.sql("SELECT count(*) FROM feed_batch WHERE id = 'killed'") == [["0"]]:
            assert box.streams() == before

    receipt = full(box, body, "killed").json

    assert (receipt["withdrawn"], receipt["accepted"]) == (1500, 18500)
    box.chain_is_whole()
    assert {n: s["state"] for n, s in box.streams().items()} == box.state_digests()


def swallow(hub, body):
    try:
        full(hub, body, "killed")
    except OSError:
        pass
