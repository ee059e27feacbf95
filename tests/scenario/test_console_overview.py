"""The overview and the departments in a browser: every figure is that of SQL of the
test's own, and what goes wrong is named at once."""
import csv
import io
import time

from console import cells, figure, http, number, platform, show, today
from harness import until


def test_figures_are_those_of_the_ledger(country, browser):
    show(browser, country, "overview")
    (records, changed, asked, refused, held), = country.sql(f"""
        SELECT (SELECT count(*) FROM record WHERE stream <> '0000'),
            (SELECT sum(accepted) FROM quality_daily WHERE day = '{today()}'),
            (SELECT sum(questions) FROM usage_hourly WHERE item = 0 AND hour + interval '8 hours' >= '{today()} 00:00+00'),
            (SELECT sum(refused) FROM usage_hourly WHERE item = 0 AND hour + interval '8 hours' >= '{today()} 00:00+00'),
            (SELECT count(*) FROM feed_batch WHERE state = 'held')""")
    assert int(records) > 1000 and int(asked) > 50 and int(held) == 1
    assert [figure(browser, f) for f in ("records", "changes_today", "questions_today", "batches_held")] == \
        [int(n) for n in (records, changed, asked, held)]
    assert f"拒绝 {refused}" in browser.text("[data-figure=questions_today] .note")


def test_cells_are_those_of_the_quality_facts(country, browser):
    show(browser, country, "overview")
    shown = dict(browser.script("return [...document.querySelectorAll('[data-cell]')].map(c => [c.dataset.cell, c.dataset.state])"))
    category = {1: 1, 8: 4, 11: 5, 12: 5, 14: 6, 17: 7, 23: 10}
    step = {1: 1, 8: 1, 11: 1, 12: 1, 14: 1, 17: 365, 23: 7}
    worst = {}
    for item, province, late, rows, rejected in country.sql(f"""
            SELECT item, left(division, 2), date '{today()}' - max(day),
                sum(rows) FILTER (WHERE day > date '{today()}' - 30), sum(rejected) FILTER (WHERE day > date '{today()}' - 30)
            FROM quality_daily WHERE division <> '----' GROUP BY 1, 2"""):
        days, share = int(late) / step[int(item)], int(rejected or 0) / max(1, int(rows or 0))
        state = 3 if days > 5 or share > 0.2 else 2 if days > 2 or share > 0.05 else 1
        key = f"{province}/{category[int(item)]}"
        worst[key] = max(worst.get(key, 0), state)
    names = {1: "good", 2: "late", 3: "failed"}

    assert len(shown) == 31 * 17
    assert {k: v for k, v in shown.items() if v != "none"} == {k: names[v] for k, v in worst.items()}
    assert len(set(shown.values())) == 4, "all four states are there"


def test_departments_are_those_of_the_quality_facts(country, browser):
    show(browser, country, "departments")
    rows = {r[0]: r for r in cells(browser, "[data-panel=departments] tbody tr")}
    for name, code in (("国家市场监督管理总局", country.departments["samr"]), ("最高人民法院", country.departments["court"])):
        (handed, rejected, due, there, open_rows), = country.sql(f"""
            SELECT (SELECT sum(rows) FROM quality_daily WHERE provider = '{code}' AND day > date '{today()}' - 30),
                (SELECT sum(rejected) FROM quality_daily WHERE provider = '{code}' AND day > date '{today()}' - 30),
                (SELECT sum(rows) FROM quality_field_daily WHERE provider = '{code}' AND day > date '{today()}' - 30),
                (SELECT sum(present) FROM quality_field_daily WHERE provider = '{code}' AND day > date '{today()}' - 30),
                (SELECT count(*) FROM finding_row WHERE provider = '{code}' AND closed_by IS NULL)""")
        row = rows[name]
        assert [number(row[3]), number(row[4])] == [int(handed or 0), int(rejected or 0)], row
        if handed:
            assert row[6] == f"{100 * int(there) / int(due):.1f} %"
        assert number(row[9]) == int(open_rows)

    code = country.departments["samr"]
    show(browser, country, f"departments/{code}/12")
    (rejected,), = country.sql(f"SELECT sum(count) FROM quality_rule_daily WHERE provider = '{code}' AND item = 12 AND severity = 'reject' AND day > date '{today()}' - 31")
    shown = sum(number(r[2]) for r in cells(browser, "[data-panel=rules] tbody tr") if r[1] == "拒收")
    assert shown == int(rejected) > 0
    assert cells(browser, "[data-panel=findings] tbody tr"), "rejected rows lead to their findings"


def test_a_held_batch_is_released_after_a_confirmation(country, browser):
    show(browser, country, f"departments/{country.departments['court']}")
    browser.press("[data-act=release]")
    assert "2026-14-a" in browser.text("#dialog")
    assert country.sql("SELECT state FROM feed_batch WHERE id = '2026-14-a'") == [["held"]], "nothing happens before it is confirmed"
    browser.press("#dialog button[value=yes]")

    browser.until(lambda: not browser.all("[data-panel=held] [data-row]"), what="no batch is held")
    assert country.sql("SELECT state FROM feed_batch WHERE id = '2026-14-a'") == [["committed"]]
    assert country.sql("SELECT who, target FROM operator_action WHERE action = 'release'") == [["11100000MB0000019L", "2026-14-a"]]


def test_a_cut_province_a_late_feed_and_a_tampered_trail_are_seen_within_five_seconds(country, browser):
    until(lambda: platform(country, "62")["link"] == "silent", 30, "Gansu is cut")
    until(lambda: platform(country, country.forger().division)["trail_forked"], 30, "a rewritten trail is known")
    began = time.monotonic()
    browser.open(country.network.url("hub") + "/console/")
    named = {"甘肃融资信用服务平台": "失联", country.forger().name: "日志分叉", "海关总署": "逾期", "安徽融资信用服务平台": "不一致"}
    texts = browser.until(lambda: (said := [e.text for e in browser.all("[data-concern]")]) and
                          all(any(who in line and what in line for line in said) for who, what in named.items()) and said, 5, f"all of {named}")
    assert time.monotonic() - began < 5, texts

    browser.one("[data-province='62'][data-state=failed]")
    assert browser.script("return document.querySelector(\"[data-province='71']\").dataset.state") == "none"
    active = [m for m in http(country, "GET", "/v1/members").json["members"] if m["kind"] == "platform" and m["status"] == "active"]
    assert figure(browser, "nodes") == len(active) - 1


def test_what_happens_is_shown_without_a_reload(country, browser):
    show(browser, country, "overview")
    before = figure(browser, "records")
    browser.script("window.sameDocument = true")
    reply = country.network.submit(1, country.network.gen(1, 50, 77), "live-77", "samr")
    assert reply.status == 200, reply.body

    browser.until(lambda: figure(browser, "records") > before, 5, "more records")
    (records,), = country.sql("SELECT count(*) FROM record WHERE stream <> '0000'")
    assert figure(browser, "records") == int(records)
    assert browser.script("return window.sameDocument") is True


def test_what_goes_wrong_while_the_console_is_open_is_named_within_five_seconds(country, browser):
    cut, late = country.node("65"), country.departments["ndrc"]
    tampered = next(n for n in country.nodes if len(n.division) == 4 and n is not country.forger())
    show(browser, country, "overview")
    browser.script("window.sameDocument = true")
    browser.until(lambda: "新疆" not in browser.text("[data-panel=concerns]"), what="they are well")
    concerns = lambda: [e.text for e in browser.all("[data-concern]")]

    def named(who, what, since):
        lines = browser.until(lambda: (said := concerns()) and any(who in line and what in line for line in said) and said, 5, f"{who}: {what}")
        assert time.monotonic() - since < 5, lines

    cut.fault, began = "silent", time.monotonic()
    tampered.fault = "forked"
    named(tampered.name, "日志分叉", began)
    began = time.monotonic()
    country.sql(f"UPDATE quality_daily SET day = day - 100 WHERE provider = '{late}'")
    named("国家发展和改革委员会", "逾期", began)
    until(lambda: platform(country, "65")["link"] == "silent", 30, "the hub has heard nothing for ten seconds")
    named(cut.name, "失联", time.monotonic())
    assert browser.script("return window.sameDocument") is True
    cut.fault = tampered.fault = None


def test_a_table_is_exported_as_csv(country, browser):
    show(browser, country, "departments")
    browser.script("URL.createObjectURL = (blob) => { blob.text().then((text) => { window.exported = text; }); return '#/departments'; }")
    browser.press("[data-panel=departments] button.csv")
    text = browser.until(lambda: browser.script("return window.exported"), what="an exported table")

    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert len(rows) == len(country.departments) + 1 and rows[0][0] == "部门"
    assert [r[0] for r in rows[1:]] == [r[0] for r in cells(browser, "[data-panel=departments] tbody tr")]


def test_every_figure_has_its_definition(country, browser):
    show(browser, country, "overview")
    figures = browser.script("return [...document.querySelectorAll('#main [data-figure]')].map(f => f.querySelector('.def') !== null)")
    assert len(figures) == 7 and all(figures)
    browser.press("[data-figure=records] .def")
    assert "stream_state.records" in browser.text("#dialog")
    browser.press("#dialog button")


def test_counts_by_province_are_sums_of_the_quality_facts(country):
    country.sql("UPDATE quality_daily SET day = day - 100 WHERE item = 17")  # whoever writes a fact, and however
    assert country.sql("""SELECT count(*) FROM (SELECT provider, item, left(division, 2) AS province, day, sum(rows)::bigint AS rows, sum(accepted)::bigint AS accepted,
            sum(rejected)::bigint AS rejected, sum(conflicts)::bigint AS conflicts FROM quality_daily GROUP BY 1, 2, 3, 4) a
        FULL JOIN quality_province b USING (provider, item, province, day)
        WHERE (a.rows, a.accepted, a.rejected, a.conflicts) IS DISTINCT FROM (b.rows, b.accepted, b.rejected, b.conflicts)""") == [["0"]]
    assert country.sql("""SELECT count(*) FROM (SELECT provider, item, left(division, 2) AS province, min(day) AS first, max(day) AS last FROM quality_daily GROUP BY 1, 2, 3) a
        FULL JOIN quality_span b USING (provider, item, province) WHERE (first, last) IS DISTINCT FROM (first_day, last_day)""") == [["0"]]
    assert country.sql("""SELECT count(*) FROM (SELECT DISTINCT provider, item, day, true AS there FROM quality_daily) a
        FULL JOIN quality_day b USING (provider, item, day) WHERE there IS NULL OR b IS NULL""") == [["0"]]
    assert country.sql("""SELECT count(*) FROM (SELECT (hour AT TIME ZONE 'UTC' + interval '8 hours')::date AS day, node, sum(questions)::bigint AS questions FROM usage_hourly
            WHERE item = 0 GROUP BY 1, 2) a FULL JOIN usage_daily b USING (day, node) WHERE a.questions IS DISTINCT FROM b.questions""") == [["0"]]
