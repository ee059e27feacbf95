"""The assessment of a month equals what Python computes from the raw facts; a published month stays as it is."""
import base64
import calendar
import collections
import csv
import datetime
import functools
import io
import json
from fractions import Fraction

import pytest
from rig import DEPARTMENT, OPERATOR, OTHER, CATALOGUE

pytestmark = pytest.mark.usefixtures("one_day")

NAMES = ["coverage", "timeliness", "frequency", "completeness", "accuracy", "consistency", "correction", "query_success",
         "objections", "use"]
WEIGHTS = [15, 15, 10, 10, 15, 10, 10, 5, 5, 5]
STEPS = {"daily": 1, "weekly": 7, "monthly": 31, "yearly": 366}
GD, GZ, SH = "91440300MA000RX27J", "11440100MB0044011H", "11440300MB0044038K"
ITEMS = {DEPARTMENT: [1, 2, 9, 11, 20], OTHER: [1, 2]}
HEADER = "uscc,data_date,document_number,facts,category,decided,authority,fine,authority_uscc\n"


def today():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)).date()


def month_before(day, count=1):
    for _ in range(count):
        day = day.replace(day=1) - datetime.timedelta(days=1)
    return day.replace(day=1)


@functools.cache
def month():
    """The one before this; not known before the tests begin, which may be long after they were collected."""
    return month_before(today())


def last_day():
    return month().replace(day=calendar.monthrange(month().year, month().month)[1])


def month_text():
    return month().strftime("%Y-%m")


def into_the_month(hub, batches, shift):
    """What was handed in now was handed in on `shift` days of the month."""
    for batch, day in zip(batches, shift):
        assert len(hub.sql(f"UPDATE feed_batch SET received_at = '{day} 10:00+08', committed_at = '{day} 10:00+08' WHERE id = '{batch}' RETURNING id")) == 1
    for table in ("quality_daily", "quality_rule_daily", "quality_field_daily"):
        hub.sql(f"UPDATE {table} SET day = '{shift[-1]}' WHERE day = '{today()}'")


@pytest.fixture(scope="module")
def country(hub):
    """Two departments, three platforms, feeds with faults, questions; a month ago."""
    hub.admit(DEPARTMENT, "department", items=ITEMS[DEPARTMENT])
    hub.admit(OTHER, "department", items=ITEMS[OTHER])
    for code, divisions in ((GD, ["44"]), (GZ, ["4401"]), (SH, ["31"])):
        hub.admit(code, "platform", divisions=divisions)
    for part in ("record", "record_history"):
        hub.sql(f"UPDATE {part} SET known_from = known_from - interval '100 days' WHERE stream = '0000'")
    hub.sql("UPDATE record_history SET known_to = known_to - interval '100 days' WHERE stream = '0000'")
    days = [month() + datetime.timedelta(days=n) for n in (2, 3, 9, 16, 27)]
    codes = {}
    for n, division in enumerate(("4401", "4403", "3101")):
        text = hub.gen(1, 40, 60 + n, "--division", division, "--dirt", "uscc=0.1")
        assert hub.submit(1, text, f"a1-{division}").status == 200
        codes[division] = [r["uscc"] for r in csv.DictReader(io.StringIO(hub.gen(1, 40, 60 + n, "--division", division)))]
    into_the_month(hub, ["a1-4401", "a1-4403", "a1-3101"], [days[0]] * 3)
    rows = [(c, "2026-01-05" if i % 3 else "", f"号{i}", "罚款" if i % 4 else "", "2025-02-03" if i % 7 else "never")
            for i, c in enumerate(codes["4401"][:25] + codes["3101"][:9])]
    late = (days[1] - datetime.timedelta(days=9)).isoformat()
    body = HEADER + "".join(f"{c},{late if d else ''},{n},{f},罚款,{w},市局,,\n" for c, d, n, f, w in rows)
    receipt = hub.submit(11, body, "a11").json
    assert receipt["rejected"] == 5, receipt
    into_the_month(hub, ["a11"], [days[1]])
    fixed = "".join(f"{c},,{n},{f},罚款,2025-02-03,市局,,\n" for c, d, n, f, w in rows if w == "never")
    hub.submit(11, HEADER + fixed[: fixed.index("\n", fixed.index("\n") + 1) + 1], "a11-fixed")
    hub.sql(f"UPDATE finding_row SET closed_at = '{days[2]} 09:00+08' WHERE closed_at IS NOT NULL")
    into_the_month(hub, ["a11-fixed"], [days[2]])
    said = list(csv.DictReader(io.StringIO(hub.gen(1, 30, 60, "--division", "4401"))))
    text = io.StringIO()
    table = csv.DictWriter(text, said[0])
    table.writeheader()
    table.writerows({**row, "name": row["name"] + "分" * (n % 5 == 0)} for n, row in enumerate(said))
    assert hub.submit(1, text.getvalue(), "b1", who="other").json["warned"] > 0
    into_the_month(hub, ["b1"], [days[3]])
    for node, hour, item, asked, refused in ((GD, 30, 0, 20, 3), (GD, 30, 1, 12, 0), (GZ, 200, 0, 9, 9), (GZ, 200, 11, 2, 0),
                                             (SH, 5, 0, 4, 0), (SH, -3, 20, 7, 0), (SH, 24 * 40, 2, 7, 0)):
        at = f"(timestamptz '{month()} 00:00+08' + interval '{hour} hours')"
        hub.sql(f"INSERT INTO usage_hourly VALUES ('{node}', {at}, '91440101MA000RX19U', 'report', 1, {item}, {asked}, {refused})")
    for number, (provider, stream, state, due, ended, suspended, leader) in enumerate(objections()):
        hub.sql(f"""INSERT INTO objection (id, subject, item, key, reason, repair, claims, digest, origin, stream, provider, leader, state, filed_at,
            due_at, ended_at, suspended_at) VALUES ('o{number}', '91440101MA000RX19U', 1, '', '', false, '{{}}', '', '{GD}', '{stream}', '{provider}',
            {at_day(leader)}, '{state}', now() - interval '100 days', {at_day(due)}, {at_day(ended)}, {at_day(suspended)})""")
    return hub


def at_day(value):
    """A literal: an id, or a moment of the network's day; None is NULL."""
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else f"'{value:%Y-%m-%d %H:%M}+08'"


def objections():
    """provider, stream, state, due, ended, suspended, leader; moments as the network's clock shows them."""
    def on(day, hour=12):
        return datetime.datetime(month().year, month().month, 1, hour) + datetime.timedelta(days=day - 1)
    after = (last_day() - month()).days + 2  # the next month's first day
    return [(DEPARTMENT, "4401", "corrected", on(20), on(10), None, None), (DEPARTMENT, "4403", "corrected", on(5), on(6), None, None),
            (DEPARTMENT, "3101", "accepted", on(9), None, None, None), (DEPARTMENT, "3101", "suspended", on(9), None, on(4), None),
            (DEPARTMENT, "4401", "suspended", on(9), None, on(12), None), (DEPARTMENT, "4401", "corrected", on(20), on(10), None, "o0"),
            ("", "", "refused", on(25), on(8), None, None), (DEPARTMENT, "4401", "upheld", on(-3), on(3), None, None),
            (DEPARTMENT, "4401", "upheld", on(after + 5), on(after - 1, 23), None, None),
            (DEPARTMENT, "4401", "repaired", on(after + 5), on(after, 0), None, None)]


class Facts:
    """The raw tables, and the formulas of docs/OPERATING.md in Python."""

    def __init__(self, hub):
        def table(name, columns):
            return [dict(zip(columns.split(","), (int(v) if v.lstrip("-").isdigit() and c not in ("provider", "division") else v
                                                  for c, v in zip(columns.split(","), row))))
                    for row in hub.sql(f"SELECT {columns} FROM {name}")]
        self.daily = table("quality_daily", "provider,item,division,day,rows,accepted,unchanged,conflicts,lag_event_rows,lag_event_seconds")
        self.fields = table("quality_field_daily", "provider,item,day,rows,present")
        self.usage = table("usage_hourly", "node,item,questions,refused,(hour at time zone 'UTC' + interval '8 hours')::date AS day")
        for u in self.usage:
            u["day"] = u.pop("(hour at time zone 'UTC' + interval '8 hours')::date AS day")
        self.wrong = hub.sql("SELECT f.provider, r.stream, f.id, coalesce(((r.closed_at at time zone 'UTC') + interval '8 hours')::date::text, '')"
                             " FROM finding_row r JOIN feed_batch f ON f.number = r.batch WHERE r.rejected")
        self.cadence = {i["number"]: i["cadence"] for i in json.loads(CATALOGUE.read_text())["items"]}
        self.nodes = {GD: "44", GZ: "4401", SH: "31"}
        self.inside = [d for d in self.daily if str(month()) <= d["day"] <= str(last_day())]
        self.ever = {(d["provider"], d["item"], d["division"]) for d in self.daily if d["day"] <= str(last_day()) and d["accepted"] + d["unchanged"] > 0}

    def frequency(self, provider, item):
        step, has, due = self.cadence[item], 0, 0
        came = {datetime.date.fromisoformat(d["day"]) for d in self.daily if (d["provider"], d["item"]) == (provider, item)}
        for n in range(calendar.monthrange(month().year, month().month)[1]):
            ends = month() + datetime.timedelta(days=n)
            following = ends + datetime.timedelta(days=1)
            if {"daily": True, "weekly": ends.weekday() == 6, "monthly": following.day == 1, "yearly": (following.month, following.day) == (1, 1)}[step]:
                begins = {"daily": ends, "weekly": ends - datetime.timedelta(days=6), "monthly": month(), "yearly": ends.replace(month=1, day=1)}[step]
                due += 1
                has += any(begins <= c <= ends for c in came)
        return has, due

    def complete(self, provider, item):
        mine = [f for f in self.fields if (f["provider"], f["item"]) == (provider, item) and str(month()) <= f["day"] <= str(last_day())]
        return sum(f["present"] for f in mine), sum(f["rows"] for f in mine)

    def of(self, kind, unit):
        def mine(division, provider=None):
            return {"department": provider == unit, "nation": True}.get(kind, division != "----" and division.startswith(unit))
        duty = [(p, i) for p, items in ITEMS.items() for i in items if kind != "department" or p == unit]
        rows = [d for d in self.inside if mine(d["division"], d["provider"])]
        out = dict.fromkeys(NAMES)
        came = {(p, i) for p, i, v in self.ever if mine(v, p)}
        if kind in ("department", "nation"):
            out["coverage"] = (len(came & set(duty)), len(duty))
        else:
            out["coverage"] = (len({i for _, i in came}), len({i for _, i in duty}))
        dated = sum(d["lag_event_rows"] for d in rows)
        per = collections.Counter(), collections.Counter()
        for d in rows:
            key = (d["provider"], d["item"], d["division"])
            per[0][key] += d["lag_event_rows"]
            per[1][key] += d["lag_event_seconds"]
        if dated:
            share = sum(n * min(Fraction(1), Fraction(STEPS[self.cadence[k[1]]] * 86400 * n, per[1][k])) for k, n in per[0].items() if n)
            out["timeliness"] = (share, dated)
        for name, ratio in (("frequency", self.frequency), ("completeness", self.complete)):
            if kind in ("department", "nation"):
                got = [ratio(p, i) for p, i in duty]
                has, total = sum(g[0] for g in got), sum(g[1] for g in got)
            else:
                got = [(d["rows"], ratio(d["provider"], d["item"])) for d in rows]
                got = [(n, r) for n, r in got if r[1]]
                has, total = sum(n * Fraction(*r) for n, r in got), sum(n for n, _ in got)
            if total:
                out[name] = (has, total)
        taken = sum(d["accepted"] + d["unchanged"] for d in rows)
        if rows:
            out["accuracy"] = (taken, sum(d["rows"] for d in rows))
        if taken:
            out["consistency"] = (taken - sum(d["conflicts"] for d in rows), taken)
        wrong = [w for w in self.wrong if mine(w[1], w[0])]
        if wrong:
            out["correction"] = (sum(w[3] != "" for w in wrong), len(wrong))
        here = [u for u in self.usage if str(month()) <= u["day"] <= str(last_day())
                and (kind in ("department", "nation") or self.nodes[u["node"]].startswith(unit))]
        if kind != "department" and any(u["item"] == 0 for u in here):
            asked = [u for u in here if u["item"] == 0]
            out["query_success"] = (sum(u["questions"] - u["refused"] for u in asked), sum(u["questions"] for u in asked))
        counted = []
        for provider, stream, state, due, ended, suspended, leader in objections():
            moment = min(due, ended or due)
            stands = ended is None and suspended is not None and suspended <= due
            if leader is None and not stands and month() <= moment.date() <= last_day() and mine(stream or "----", provider):
                counted.append(ended is not None and ended <= due)
        if counted:
            out["objections"] = (sum(counted), len(counted))
        covered = {i for _, i in came}
        if covered:
            out["use"] = (len(covered & {u["item"] for u in here if u["item"] > 0}), len(covered))
        return out


def score_of(values, weights=WEIGHTS):
    with_data = [(w, Fraction(v[0]) / v[1]) for w, v in zip(weights, values.values()) if v]
    total = sum(w for w, _ in with_data)
    return float(100 * sum(w * v for w, v in with_data) / total) if total else None, round(100 * total / sum(weights))


def ask(hub, query, who="operator", **more):
    reply = hub.http("GET", f"/v1/assessment?{query}", who, **more)
    assert reply.status == 200, reply.body
    return reply.json


def near(value, ratio):
    return abs(value - float(Fraction(ratio[0]) / ratio[1])) <= 0.00005001


UNITS = {"department": {DEPARTMENT, OTHER}, "province": {"44", "31"}, "city": {"4401", "4403", "3101"}, "nation": {""}}


@pytest.mark.parametrize("kind", UNITS)
def test_every_figure_is_what_python_computes_from_the_raw_facts(country, kind):
    facts = Facts(country)
    answer = ask(country, f"month={month_text()}&by={kind}")

    assert answer["state"] == "unpublished" and answer["weights_version"] == 1
    assert [d["code"] for d in answer["definitions"]] == NAMES
    assert [d["weight"] for d in answer["definitions"]] == WEIGHTS
    assert {r["unit"] for r in answer["rows"]} == UNITS[kind]
    for row in answer["rows"]:
        wanted = facts.of(kind, row["unit"])
        for name, value in row["indicators"].items():
            assert (value is None) == (wanted[name] is None), (row["unit"], name, value, wanted[name])
            if value is not None:
                assert near(value["value"], wanted[name]), (row["unit"], name, value, wanted[name])
        score, covered = score_of(wanted)
        assert abs(row["score"] - score) <= 0.0051 and row["covered"] == covered, (row, score, covered)
    scores = [r["score"] for r in answer["rows"]]
    assert scores == sorted(scores, reverse=True)
    assert [r["rank"] for r in answer["rows"]] == [1 + sum(s > r["score"] for s in scores) for r in answer["rows"]]


def test_the_figures_are_of_a_country_with_faults(country):
    """The comparison above would be idle if all were 1."""
    first = {r["unit"]: r["indicators"] for r in ask(country, f"month={month_text()}&by=department")["rows"]}[DEPARTMENT]
    for name in ("coverage", "timeliness", "frequency", "completeness", "accuracy", "correction"):
        assert 0 < first[name]["value"] < 1, (name, first[name])
    assert first["query_success"] is None, "departments answer no questions"
    nation = ask(country, f"month={month_text()}&by=nation")["rows"][0]["indicators"]
    second = {r["unit"]: r["indicators"] for r in ask(country, f"month={month_text()}&by=department")["rows"]}[OTHER]
    assert second["objections"] is None, "nobody objected: no data, not 100 %"
    assert nation["objections"] == {"has": 3, "of": 6, "value": 0.5, "corrected": 1} and first["objections"]["of"] == 5
    assert 0 < nation["consistency"]["value"] < 1 and 0 < nation["query_success"]["value"] < 1


def test_csv_says_the_same(country):
    reply = country.http("GET", f"/v1/assessment?month={month_text()}&by=city&format=csv")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(reply.body.decode(), newline="")))
    answer = ask(country, f"month={month_text()}&by=city")["rows"]
    assert [(r["unit"], r["name"], float(r["score"]), int(r["rank"])) for r in rows] == [
        (r["unit"], r["name"], r["score"], r["rank"]) for r in answer]
    assert {r["name"] for r in rows} == {"广州市", "深圳市", "上海市"}
    for row, wanted in zip(rows, answer):
        assert [row[n] for n in NAMES] == ["" if wanted["indicators"][n] is None else row[n] for n in NAMES]
        assert all(abs(float(row[n]) - wanted["indicators"][n]["value"]) < 1e-9 for n in NAMES if wanted["indicators"][n])


def test_weights_are_data_with_versions(country):
    new = {"from": month_text(), "weights": {"accuracy": 3, "use": 1}}
    for wrong in ({"from": "2026-13", "weights": {"use": 1}}, {"from": month_text(), "weights": {"use": 0}}, {"from": month_text(), "weights": {"beauty": 1}},
                  {"from": month_text(), "weights": {"use": 1.5}}, {"from": month_text()}, {"from": month_text(), "weights": {"use": 1}, "x": 1}):
        assert country.http("POST", "/v1/assessment/weights", "operator", json.dumps(wrong)).status == 400, wrong
    assert country.http("POST", "/v1/assessment/weights", "dept", json.dumps(new)).status == 403
    reply = country.http("POST", "/v1/assessment/weights", "operator", json.dumps(new))
    assert [v["version"] for v in reply.json["versions"]] == [1, 2] and reply.json["versions"][1]["set_by"] == OPERATOR

    row = next(r for r in ask(country, f"month={month_text()}&by=department")["rows"] if r["unit"] == DEPARTMENT)
    value = {n: row["indicators"][n]["value"] for n in ("accuracy", "use")}
    assert abs(row["score"] - 100 * (3 * value["accuracy"] + value["use"]) / 4) < 0.02
    before = ask(country, f"month={month_before(month()).strftime('%Y-%m')}&by=department")
    assert before["weights_version"] == 1, "earlier months keep theirs"
    whole = dict(zip(NAMES, WEIGHTS))
    country.http("POST", "/v1/assessment/weights", "operator", json.dumps({"from": month_text(), "weights": whole}))


def test_a_published_month_is_signed_and_stays(country):
    before = {kind: ask(country, f"month={month_text()}&by={kind}") for kind in UNITS}
    assert country.http("GET", f"/v1/assessment?month={month_text()}", "dept").status == 404, "not before it is published"
    assert country.http("POST", f"/v1/assessment/{today():%Y-%m}/publish").json["type"].endswith(":month_open")
    assert country.http("POST", f"/v1/assessment/{month_text()}/publish", "dept").status == 403
    reply = country.http("POST", f"/v1/assessment/{month_text()}/publish")
    assert reply.status == 200, reply.body
    jws = reply.body.decode()

    country.submit(1, country.gen(1, 50, 99, "--division", "4403", "--dirt", "uscc=0.5"), "late-batch")
    into_the_month(country, ["late-batch"], [month()])
    country.http("POST", "/v1/assessment/weights", "operator", json.dumps({"from": month_text(), "weights": {"use": 1}}))

    for kind in UNITS:
        after = ask(country, f"month={month_text()}&by={kind}", "dept")
        assert after["state"] == "published" and after["rows"] == before[kind]["rows"]
        assert after["weights_version"] == before[kind]["weights_version"] == 3
    live = country.sql(f"SELECT rows FROM assessment_lists('{month()}', '{today()}') WHERE kind = 'department'")[0][0]
    assert json.loads(live) != before["department"]["rows"], "the late batch would have changed it"
    again = country.http("POST", f"/v1/assessment/{month_text()}/publish")
    assert again.status == 409 and again.json["type"].endswith(":month_published")
    assert country.http("GET", f"/v1/assessment?month={month_text()}", "dept", headers={"Accept": "application/jose"}).body.decode() == jws

    file = country.folder / "assessment.jws"
    file.write_text(jws)
    header, payload, _ = (base64.urlsafe_b64decode(p + "=" * (-len(p) % 4)) for p in jws.split("."))
    assert json.loads(header)["typ"] == "rongxin-assessment+jws"
    document = json.loads(payload)
    assert document["month"] == month_text() and document["published_by"] == OPERATOR
    assert {k: document["assessment"][k] for k in UNITS} == {k: before[k]["rows"] for k in UNITS}
    assert json.loads(country.cli("quality", "verify", file, "--network", country.folder / "net/network.json")) == document


def test_months_are_ranked_and_the_published_one_is_as_published(country):
    rows = {r["unit"]: r for r in ask(country, f"month={today():%Y-%m}&by=month")["rows"]}
    published = ask(country, f"month={month_text()}&by=nation")["rows"][0]
    assert len(rows) <= 12 and rows[month_text()]["score"] == published["score"]
    assert rows[month_text()]["indicators"] == published["indicators"]
    assert sorted(r["rank"] for r in rows.values() if r["score"] is not None)[0] == 1


def test_the_command_shows_and_publishes(country):
    where = ["--hub", "https://" + country.ready["listen"], "--ca", country.folder / "net/ca.crt", "--as", country.folder / "id/operator"]
    shown = country.cli("quality", "assess", month_text(), "--by", "city", *where)
    assert "广州市" in shown and "published" in shown and "objections" in shown
    assert json.loads(country.cli("quality", "assess", month_text(), "--by", "city", "--json", *where))["by"] == "city"
    assert country.cli("quality", "assess", month_text(), "--csv", *where).startswith("rank,unit,name,score,covered,coverage")
    earlier = month_before(month()).strftime("%Y-%m")
    assert country.cli("quality", "publish", earlier, *where).count(".") == 2
    weights = country.folder / "weights.json"
    weights.write_text(json.dumps({"from": month_text(), "weights": dict(zip(NAMES, WEIGHTS))}))
    assert len(json.loads(country.cli("quality", "weights", weights, *where))["versions"]) == 5
