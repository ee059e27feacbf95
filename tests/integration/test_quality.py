"""Quality facts equal an independent count, and no crash doubles or loses one."""
import collections
import csv
import datetime
import io
import os
import random
import signal
import threading
import time

import pytest

from rig import DEPARTMENT, OTHER

pytestmark = pytest.mark.usefixtures("one_day")

HEADER = "uscc,data_date,document_number,facts,category,decided,authority,fine,authority_uscc\n"


def today():
    """The network's day, eight hours east."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)).date()


def codes(hub, count, seed, division):
    return [row["uscc"] for row in csv.DictReader(io.StringIO(hub.gen(1, count, seed, "--division", division)))]


class Count:
    """What a batch should add, counted from what was written into it."""

    def __init__(self):
        self.days = collections.defaultdict(collections.Counter)
        self.rules = collections.Counter()
        self.fields = collections.Counter()
        self.seen = {}

    def batch(self, rows):
        """rows: (code, division, number, facts, decided, fine, data_date, authority_uscc)"""
        last = {(r[0], r[2]): i for i, r in enumerate(rows) if self.is_taken(r)}
        touched = set()
        for i, row in enumerate(rows):
            code, division, number, facts, decided, fine, dated, authority = row
            where = division if len(code) == 18 else "----"
            day = self.days[where]
            touched.add(where)
            day["rows"] += 1
            if not self.is_taken(row):
                day["rejected"] += 1
                if len(code) != 18:
                    self.rules["uscc_length", "reject"] += 1
                if decided == "never":
                    self.rules["type_date", "reject"] += 1
                if fine == "-1":
                    self.rules["range", "warn"] += 1
                continue
            self.fields["rows"] += 1
            self.fields["document_number"] += 1
            self.fields["facts"] += bool(facts)
            self.fields["fine"] += fine not in ("", "-1")
            content = (facts, decided, "" if fine == "-1" else fine, authority)
            warned = False
            if fine == "-1":
                self.rules["range", "warn"] += 1
                warned = True
            if last[code, number] != i:
                other = rows[last[code, number]]
                if (other[3], other[4], "" if other[5] == "-1" else other[5], other[7]) == content:
                    day["unchanged"] += 1
                    day["warned"] += warned
                else:
                    day["duplicates"] += 1
                    day["rejected"] += 1
                    self.rules["duplicate_key", "reject"] += 1
                continue
            if dated:
                day["lag_event_rows"] += 1
            changed = self.seen.get((code, number)) != content
            day["accepted" if changed else "unchanged"] += 1
            self.seen[code, number] = content
            day["warned"] += warned
        for where in touched:
            self.days[where]["batches"] += 1

    @staticmethod
    def is_taken(row):
        return len(row[0]) == 18 and row[4] != "never"


def make_rows(rng, subjects, count):
    rows = []
    for _ in range(count):
        code, division = rng.choice(subjects)
        if rng.random() < 0.05:
            code = code[:17]
        number = f"文{rng.randrange(60)}"
        decided = "never" if rng.random() < 0.05 else "2024-03-28"
        rows.append((code, division, number, rng.choice(["", "虚假广告", "抽逃出资"]), decided,
                     rng.choice(["", "100.00", "-1"]), rng.choice(["", "2026-01-02"]), ""))
    return rows


def body_of(rows):
    return HEADER + "".join(f"{c},{dated},{n},{facts},罚款,{decided},市局,{'' if not fine else fine},{a}\n"
                            for c, _, n, facts, decided, fine, dated, a in rows)


def figures(hub, query="", who="operator"):
    reply = hub.http("GET", f"/v1/quality?{query}", who)
    assert reply.status == 200, reply.body
    return reply.json


def assert_equal(hub, count, item=11):
    got = figures(hub, f"item={item}&provider={DEPARTMENT}")
    names = ("batches", "rows", "accepted", "unchanged", "rejected", "warned", "duplicates", "lag_event_rows")
    days = {d["division"]: tuple(d[n] for n in names) for d in got["days"]}
    assert days == {where: tuple(c[n] for n in names) for where, c in count.days.items()}
    assert all(d["day"] == str(today()) for d in got["days"])
    assert {(r["rule"], r["severity"]): r["count"] for r in got["rules"]} == +count.rules
    fields = {f["field"]: (f["present"], f["rows"]) for f in got["fields"]}
    for name in ("document_number", "facts", "fine"):
        assert fields[name] == (count.fields[name], count.fields["rows"]), name
    assert fields["repaired"] == (0, count.fields["rows"])


def test_figures_equal_an_independent_count(hub_with):
    hub = hub_with()
    hub.admit(DEPARTMENT, "department", items=[1, 2, 11])
    rng, count = random.Random(4), Count()
    subjects = [(c, d) for d, seed in (("4401", 1), ("4403", 2), ("3101", 3)) for c in codes(hub, 5, seed, d)]

    for batch in range(12):
        rows = make_rows(rng, subjects, rng.randrange(1, 80))
        reply = hub.submit(11, body_of(rows), f"q-{batch}")
        assert reply.status == 200 and reply.json["state"] == "committed", reply.body
        before = {k: sum(d[k] for d in count.days.values()) for k in ("rows", "accepted", "rejected", "unchanged")}
        count.batch(rows)
        after = {k: sum(d[k] for d in count.days.values()) - before[k] for k in before}
        assert after == {k: reply.json[k] for k in after}
        if batch % 4 == 0:
            assert hub.submit(11, body_of(rows), f"q-{batch}").json == reply.json

    assert_equal(hub, count)
    lag = sum(d["lag_event_seconds"] for d in figures(hub, "item=11")["days"])
    dated = sum(d["lag_event_rows"] for d in count.days.values())
    since = (datetime.datetime.now(datetime.timezone.utc)
             - datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)).total_seconds()
    assert abs(lag - dated * since) <= dated * 120


def test_a_batch_that_a_kill_cut_off_is_counted_once(hub_with):
    hub = hub_with()
    hub.admit(DEPARTMENT, "department", items=[11])
    rng, count = random.Random(8), Count()
    subjects = [(codes(hub, 1, 9, "4401")[0], "4401")]

    for turn in range(3):
        rows = make_rows(rng, subjects, 4000)
        rows = [(*r[:2], f"文{i}", *r[3:]) for i, r in enumerate(rows) if Count.is_taken(r)]
        body, done = body_of(rows), []

        def send():
            try:
                done.append(hub.submit(11, body, f"kill-{turn}").status)
            except OSError:
                pass
        sender = threading.Thread(target=send)
        sender.start()
        time.sleep(0.05 + 0.12 * turn)
        os.kill(hub.process.pid, signal.SIGKILL)
        hub.process.wait()
        sender.join()
        hub.start()
        assert hub.submit(11, body, f"kill-{turn}").status == 200
        count.batch(rows)

    assert_equal(hub, count)


def test_a_department_sees_its_own_figures(hub):
    code = codes(hub, 1, 31, "4401")[0]
    hub.submit(2, f"uscc,变更事项,变更日期\n{code},名称,2024-01-01\n", "quality-own", who="other")

    own = figures(hub, "", "other")
    asked_for_more = figures(hub, f"provider={DEPARTMENT}", "other")

    assert {d["provider"] for d in own["days"] + own["rules"] + own["fields"] + own["due"]} == {OTHER}
    assert asked_for_more == own


def test_what_is_due_follows_the_cadence(hub_with):
    hub = hub_with()
    hub.admit(DEPARTMENT, "department", items=[2, 7])
    code = codes(hub, 1, 32, "4401")[0]
    hub.submit(2, f"uscc,变更事项,变更日期\n{code},名称,2024-01-01\n", "due")
    day = today()

    due = {d["item"]: d for d in figures(hub)["due"]}

    assert due[2] == {"provider": DEPARTMENT, "item": 2, "cadence": "daily", "first_day": str(day),
                      "last_day": str(day), "due_day": str(day + datetime.timedelta(days=1)), "periods_due": 1,
                      "periods_received": 1, "late": False}
    assert (due[7]["cadence"], due[7]["first_day"], due[7]["due_day"], due[7]["periods_due"], due[7]["late"]) == (
        "yearly", None, None, 0, True)

    assert hub.sql(f"SELECT due_day, periods_due, late FROM quality_due('{day + datetime.timedelta(days=3)}') WHERE item = 2") == [
        [str(day + datetime.timedelta(days=1)), "4", "t"]]
    assert hub.sql(f"SELECT last_day FROM quality_due('{day - datetime.timedelta(days=1)}') WHERE item = 2") == [[""]]

    hub.sql("UPDATE quality_daily SET day = day - 10")
    due = {d["item"]: d for d in figures(hub)["due"]}
    assert (due[2]["periods_due"], due[2]["periods_received"], due[2]["late"]) == (11, 1, True)


def test_figures_come_by_page_and_by_day(hub_with):
    hub = hub_with()
    hub.admit(DEPARTMENT, "department", items=[2])
    for division in ("4401", "4403", "3101"):
        code = codes(hub, 1, 33, division)[0]
        hub.submit(2, f"uscc,变更事项,变更日期\n{code},名称,2024-01-01\n", f"page-{division}")

    first = figures(hub, "limit=2")
    second = figures(hub, f"limit=2&after={first['next']}")

    assert [d["division"] for d in first["days"] + second["days"]] == ["3101", "4401", "4403"]
    assert second["next"] is None
    assert figures(hub, "to=2020-01-01&from=2019-01-01")["days"] == []
    shown = hub.cli("quality", "--hub", "https://" + hub.ready["listen"], "--ca", hub.folder / "net/ca.crt", "--as",
                    hub.folder / "id/operator")
    assert "4403" in shown and "Due" in shown
