"""What was known, when, about which day; and subjects that move with everything they have."""
import datetime
import hashlib
import json
import random
import re
import signal
import subprocess
import threading
import time
from urllib.parse import quote

import pytest

from ledger_box import DEPARTMENT, HEADER, box, codes_of, registration  # noqa: F401
from rig import BIN, CATALOGUE

pytestmark = pytest.mark.usefixtures("one_day")


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def ledger(hub, subject, who="operator", **query):
    asked = "&".join(f"{k}={quote(str(v))}" for k, v in query.items())
    return hub.http("GET", f"/v1/ledger/{subject}?{asked}", who)


def capitals(reply):
    return [r["fields"].get("registered_capital") for r in reply.json["records"]]


def dated(uscc, day, capital):
    return HEADER.rstrip("\n") + ",data_date\n" + registration(uscc, capital).rstrip("\n") + f",{day}\n"


def records_of(hub, codes):
    """Items 11 of these subjects, as CSV."""
    codes_file = hub.folder / "codes"
    codes_file.write_text("".join(f"{c}\n" for c in codes))
    return hub.gen(11, 2 * len(codes), 3, "--subjects", codes_file)


def move(hub, code, city, batch):
    return hub.submit(1, HEADER + registration(code, city=city), batch).json


def live_streams(hub, code):
    return sorted(s for s, in hub.sql(f"SELECT DISTINCT stream FROM record WHERE subject = '{code}' AND state <> 4"))


def nothing_is_astray(hub):
    assert hub.sql("SELECT count(*) FROM record r JOIN subject s USING (subject)"
                   " WHERE r.item < 60000 AND r.state <> 4 AND r.stream <> s.stream") == [["0"]]
    hub.chain_is_whole()
    assert {n: s["state"] for n, s in hub.streams().items()} == hub.state_digests()


def test_any_past_answer_can_be_rebuilt(box):  # noqa: F811
    code = codes_of(box, 1, 3)[0]
    times = []
    for wan in (1, 2, 3):
        box.submit(1, HEADER + registration(code, f"{wan}万元人民币"), f"v{wan}")
        times.append(now())
    box.submit(1, "uscc,_action\n" + f"{code},delete\n", "gone")

    assert [capitals(ledger(box, code, as_of=t)) for t in times] == [["10000.00"], ["20000.00"], ["30000.00"]]
    assert ledger(box, code).json["records"][0]["state"] == "withdrawn"
    assert ledger(box, code, as_of="2001-01-01T00:00:00Z").status == 404


def test_what_was_known_then_about_a_day_before(box):  # noqa: F811
    code = codes_of(box, 1, 4)[0]
    box.submit(1, dated(code, "2026-01-10", "1万元人民币"), "january")
    between = now()
    box.submit(1, dated(code, "2026-02-10", "2万元人民币"), "february")

    assert capitals(ledger(box, code)) == ["20000.00"]
    assert capitals(ledger(box, code, valid_at="2026-01-31")) == ["10000.00"]
    assert capitals(ledger(box, code, valid_at="2026-02-28")) == ["20000.00"]
    assert capitals(ledger(box, code, valid_at="2026-02-28", as_of=between)) == ["10000.00"]
    assert ledger(box, code, valid_at="2026-01-09").status == 404


def test_who_may_ask_and_how(box):  # noqa: F811
    code = codes_of(box, 1, 5)[0]
    box.submit(1, HEADER + registration(code), "mine")

    assert ledger(box, code, "dept").json["records"][0]["provider"] == DEPARTMENT
    assert ledger(box, code, "other").status == 404
    assert ledger(box, code, item=11).status == 404
    assert ledger(box, code, as_of="yesterday").status == 400
    assert ledger(box, code, valid_at="2026-02-30").status == 400
    assert ledger(box, "91440101MA000RX19V").status == 400


def test_a_subject_moves_with_everything_it_has(box):  # noqa: F811
    code, other = codes_of(box, 2, 6)
    box.submit(1, HEADER + registration(code) + registration(other), "home")
    box.submit(11, records_of(box, [code]), "penalties")
    then = now()
    before = box.sql(f"SELECT item, key, fields, as_of FROM record WHERE subject = '{code}' AND item = 11 ORDER BY key")

    receipt = move(box, code, "深圳", "moved")

    assert (receipt["accepted"], [s["stream"] for s in receipt["streams"]]) == (1, ["4401", "4403"])
    assert live_streams(box, code) == ["4403"] and live_streams(box, other) == ["4401"]
    assert box.sql(f"SELECT item, key, fields, as_of FROM record WHERE subject = '{code}' AND item = 11"
                   " AND stream = '4403' ORDER BY key") == before
    assert box.sql(f"SELECT DISTINCT fields FROM record WHERE subject = '{code}' AND stream = '4401'") == [["{}"]]
    told = ledger(box, code).json
    assert [m["to"] for m in told["moves"]] == ["4403"]
    assert {r["stream"] for r in told["records"]} == {"4403"} and len(told["records"]) == 1 + len(before)
    assert {r["stream"] for r in ledger(box, code, as_of=then).json["records"]} == {"4401"}
    nothing_is_astray(box)

    box.submit(11, records_of(box, [code]), "again")
    move(box, code, "广州", "back")

    assert live_streams(box, code) == ["4401"]
    assert box.sql(f"SELECT DISTINCT version FROM record WHERE subject = '{code}' AND stream = '4401' AND item = 11") == [["3"]]
    nothing_is_astray(box)


def test_an_older_registration_does_not_move_a_subject(box):  # noqa: F811
    code = codes_of(box, 1, 7)[0]
    box.submit(1, dated(code, "2026-03-02", "1万元人民币"), "new")

    late = dated(code, "2026-03-01", "1万元人民币").replace("广州,测试路", "深圳,测试路")

    assert box.submit(1, late, "late").json["accepted"] == 0
    assert live_streams(box, code) == ["4401"]


def test_moves_and_batches_of_other_items_race_without_a_record_astray(box):  # noqa: F811
    codes = codes_of(box, 30, 8)
    box.submit(1, HEADER + "".join(map(registration, codes)), "home")
    penalties = records_of(box, codes)
    header, *rows = penalties.splitlines(keepends=True)
    replies = []

    def moving(worker):
        chance = random.Random(worker)
        for i in range(12):
            city = chance.choice(["广州", "深圳", "珠海"])
            body = HEADER + "".join(registration(c, city=city) for c in chance.sample(codes, 8))
            replies.append(box.submit(1, body, f"move-{worker}-{i}").status)

    def feeding(worker):
        chance = random.Random(worker + 100)
        for i in range(12):
            body = header + "".join(r.replace("警告", f"警告{worker}{i}") for r in chance.sample(rows, 20))
            replies.append(box.submit(11, body, f"feed-{worker}-{i}").status)

    threads = [threading.Thread(target=f, args=(i,)) for i in range(2) for f in (moving, feeding)]
    [t.start() for t in threads]
    [t.join() for t in threads]

    assert set(replies) == {200}
    nothing_is_astray(box)


def test_a_hub_killed_in_the_middle_of_a_move_keeps_nothing_and_the_retry_all(box):  # noqa: F811
    codes = codes_of(box, 3000, 9)
    box.submit(1, HEADER + "".join(map(registration, codes)), "home")
    box.submit(11, records_of(box, codes), "penalties")
    body = HEADER + "".join(registration(c, city="深圳") for c in codes)
    before = box.streams()

    for delay in (0.2, 0.5, 0.9):
        upload = threading.Thread(target=lambda: swallow(box, body), daemon=True)
        upload.start()
        time.sleep(delay)
        box.stop(signal.SIGKILL)
        upload.join(30)
        box.start()
        if box.sql("SELECT count(*) FROM feed_batch WHERE id = 'killed'") == [["0"]]:
            assert box.streams() == before
        nothing_is_astray(box)

    assert box.submit(1, body, "killed").json["accepted"] == 3000
    assert box.sql("SELECT DISTINCT stream FROM record WHERE item < 60000 AND state <> 4") == [["4403"]]
    nothing_is_astray(box)


def swallow(hub, body):
    try:
        hub.submit(1, body, "killed")
    except OSError:
        pass


def penalty_rows(hub, codes, ends):
    """Item 11 with these ends of publicity, one row a subject."""
    header, *rows = records_of(hub, codes).splitlines()
    at = header.split(",").index("publicity_end")
    lines, seen = [header], set()
    for row in rows:
        cells = row.split(",")
        if cells[0] not in seen and len(seen) < len(ends):
            cells[at] = ends[len(seen)]
            seen.add(cells[0])
            lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def retention(hub, method):
    return {i["item"]: (i["due"], i["purge"]) for i in hub.http(method, "/v1/retention").json["items"]}


def network_time():
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)


def network_day():
    return network_time().date()


def last_past(day, years=5):
    """The latest date whose years are over on that day."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # a 29th of February
        return datetime.date(day.year - years, 2, 28)


def days(count):
    return datetime.timedelta(days=count)


def age(hub, code):
    """Its end was some days earlier than it was when it came."""
    hub.sql("UPDATE record SET fields = jsonb_set(fields, '{publicity_end}', to_jsonb(((fields->>'publicity_end')::date - 10)::text))"
            f" WHERE item = 11 AND subject = '{code}'")


def states(hub):
    return hub.sql("SELECT subject, state FROM record WHERE item = 11 ORDER BY subject")


def test_records_leave_on_their_day_and_their_history_when_as_much_time_has_passed(box):  # noqa: F811
    codes = codes_of(box, 3, 12)
    soon = str(last_past(network_day()) + days(5))
    box.submit(1, HEADER + "".join(map(registration, codes)), "home")
    box.submit(11, penalty_rows(box, codes, [soon, soon, ""]), "penalties")
    assert retention(box, "GET")[11] == (0, 0)
    age(box, codes[0])
    before = box.streams()

    assert retention(box, "GET")[11] == (1, 0)
    assert box.streams() == before
    assert retention(box, "POST")[11] == (1, 0)

    assert states(box) == sorted([[codes[0], "4"], [codes[1], "1"], [codes[2], "1"]])
    assert retention(box, "POST")[11] == (0, 0)
    nothing_is_astray(box)

    box.sql("UPDATE record SET known_from = known_from - interval '5 years 1 day' WHERE item = 11 AND state = 4")
    assert retention(box, "POST")[11] == (0, 1)
    assert box.sql("SELECT fields, length(digest) FROM record_history WHERE item = 11") == [["{}", "32"]]


def counts(receipt):
    return {k: receipt[k] for k in ("rows", "accepted", "unchanged", "rejected")}


def test_a_row_whose_years_are_over_never_comes_in_and_one_of_the_next_day_does(box):  # noqa: F811
    codes = codes_of(box, 3, 15)
    box.submit(1, HEADER + "".join(map(registration, codes)), "home")

    border = last_past(network_day())
    rows = penalty_rows(box, codes, [str(border), str(border + days(1)), ""])

    first = box.submit(11, rows, "first").json
    streams = box.streams()
    again = box.submit(11, rows, "again", query="?mode=full&divisions=4401").json

    assert counts(first) == {"rows": 3, "accepted": 2, "unchanged": 0, "rejected": 1}
    told, = (f for f in box.http("GET", "/v1/feeds/11/batches/first/findings", "dept").json["findings"] if f["severity"] == "reject")
    assert (told["line"], told["field"], told["rule"], told["severity"]) == (2, "publicity_end", "retention", "reject")
    assert told["value_digest"] == hashlib.sha256(str(border).encode()).hexdigest()
    assert "年限" in told["zh"] and "years" in told["en"]
    assert states(box) == sorted([[codes[1], "1"], [codes[2], "1"]])
    assert counts(again) == {"rows": 3, "accepted": 0, "unchanged": 2, "rejected": 1} and again["withdrawn"] == 0
    assert box.streams() == streams, "the whole file of the next day brings nothing"
    assert retention(box, "POST")[11] == (0, 0), "the night has nothing to withdraw"
    nothing_is_astray(box)
    checked = subprocess.run([BIN / "rongxin", "feed", "check", "11", "-", "--catalogue", CATALOGUE], input=rows, capture_output=True, text=True)
    assert (checked.returncode, "retention: publicity_end" in checked.stdout) == (1, True), checked


def test_a_row_that_says_that_the_years_are_over_takes_the_record_away(box):  # noqa: F811
    codes = codes_of(box, 2, 16)
    box.submit(1, HEADER + "".join(map(registration, codes)), "home")
    over = str(last_past(network_day()) - days(40))
    open_end, past = penalty_rows(box, codes, ["", ""]), penalty_rows(box, codes, [over, ""])
    header, good, other = open_end.splitlines(keepends=True)
    bad = past.splitlines(keepends=True)[1]
    assert counts(box.submit(11, open_end, "open").json) == {"rows": 2, "accepted": 2, "unchanged": 0, "rejected": 0}

    receipt = box.submit(11, past, "past").json

    assert counts(receipt) == {"rows": 2, "accepted": 0, "unchanged": 1, "rejected": 1}
    assert [s["stream"] for s in receipt["streams"]] == ["4401"]
    assert states(box) == sorted([[codes[0], "4"], [codes[1], "1"]])
    assert box.sql(f"SELECT fields FROM record WHERE item = 11 AND subject = '{codes[0]}'") == [["{}"]]
    assert retention(box, "GET")[11] == (0, 0)

    before = box.streams()
    assert counts(box.submit(11, past, "repeated").json) == {"rows": 2, "accepted": 0, "unchanged": 1, "rejected": 1}
    assert box.streams() == before
    assert counts(box.submit(11, header + good + bad, "then-past").json) == {"rows": 2, "accepted": 0, "unchanged": 0, "rejected": 2}
    assert box.streams() == before
    assert counts(box.submit(11, header + bad + good, "then-good").json) == {"rows": 2, "accepted": 1, "unchanged": 0, "rejected": 1}
    assert states(box) == sorted([[codes[0], "1"], [codes[1], "1"]])
    full = box.submit(11, header + bad + other, "full", query="?mode=full&divisions=4401").json
    assert (counts(full), full["withdrawn"]) == ({"rows": 2, "accepted": 0, "unchanged": 1, "rejected": 1}, 0)
    assert states(box) == sorted([[codes[0], "4"], [codes[1], "1"]])
    nothing_is_astray(box)


def test_an_item_kept_for_years_from_its_data_date_is_treated_alike(box):  # noqa: F811
    document = json.loads(CATALOGUE.read_text())
    document["version"] += 1
    next(i for i in document["items"] if i["number"] == 11)["retention"] = {"years": 5, "from": "data_date"}
    (box.folder / "newer.json").write_text(json.dumps(document, ensure_ascii=False))
    jws = box.cli("catalogue", "sign", box.folder / "newer.json", "--key", box.folder / "net/catalogue.key")
    assert box.http("POST", "/v1/catalogue", "operator", jws, {"Content-Type": "application/jose"}).status == 200
    codes = codes_of(box, 3, 17)
    box.submit(1, HEADER + "".join(map(registration, codes)), "home")

    border = last_past(network_day())
    body = penalty_rows(box, codes, ["", "", ""]).splitlines()
    at = body[0].split(",").index("data_date")
    for i, date in enumerate([str(border), str(border + days(3)), ""], 1):
        body[i] = ",".join(date if n == at else cell for n, cell in enumerate(body[i].split(",")))

    receipt = box.submit(11, "\n".join(body) + "\n", "dated").json

    assert (receipt["rejected"], receipt["rows"]) == (1, 3)
    assert retention(box, "GET")[11] == (0, 0)
    box.sql("UPDATE record SET as_of = as_of - interval '10 days', confirmed = confirmed - interval '10 days' WHERE item = 11")
    assert retention(box, "POST")[11] == (1, 0)
    assert states(box) == sorted([[codes[1], "4"], [codes[2], "1"]])


def test_records_leave_by_themselves_at_the_set_hour(hub_with):
    hub = hub_with(settings=["retention_hour = -1"])
    hub.admit(DEPARTMENT, "department", items=[1, 11])
    codes = codes_of(hub, 2, 14)
    soon = str(last_past(network_day()) + days(5))
    hub.submit(1, HEADER + "".join(map(registration, codes)), "home")
    hub.submit(11, penalty_rows(hub, codes, [soon, soon]), "penalties")
    age(hub, codes[0])
    assert [s for _, s in states(hub)] == ["1", "1"]
    conf = hub.folder / "hub.conf"

    deadline, since = time.monotonic() + 60, -1
    while "retention.done" not in hub.log.read_text():
        assert time.monotonic() < deadline, hub.logs()
        if network_time().hour != since:  # also when it ends before the hub looks
            since = network_time().hour
            hub.stop()
            conf.write_text(re.sub("retention_hour = .*", f"retention_hour = {since}", conf.read_text()))
            hub.start()
        time.sleep(0.05)
    assert states(hub) == sorted([[codes[0], "4"], [codes[1], "1"]])
    nothing_is_astray(hub)


def test_the_command_line_shows_the_past_and_decides(box):  # noqa: F811
    code = codes_of(box, 1, 13)[0]
    box.submit(1, HEADER + registration(code), "there")
    as_operator = ["--hub", "https://" + box.ready["listen"], "--ca", box.folder / "net/ca.crt",
                   "--as", box.folder / "id/operator"]
    box.submit(1, HEADER, "empty", query="?mode=full&divisions=4401")

    shown = box.cli("ledger", "show", code, "--as-of", now(), *as_operator)
    waiting = box.cli("feed", "held", *as_operator)
    decided = box.cli("feed", "refuse", 1, "empty", DEPARTMENT, *as_operator)

    assert "version 1, current" in shown and "registered_capital: 1000000.00" in shown
    assert "empty" in waiting and "withdraw_share" in waiting
    assert '"state":"refused"' in decided
    assert "publicity_end" in box.cli("ledger", "retention", "--dry-run", *as_operator)
