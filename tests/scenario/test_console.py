"""The operators' console in a real browser, over a small country: one hub, three
real nodes, light ones, made feeds.  Every figure is compared with SQL of the
test's own."""
import csv
import io
import json
import os
import re
import subprocess
import time

import pytest
import zmq
from browser import Browser, need_browser
from country import Country, code_of
from harness import ROOT, until

ROLES = {"auditor": "11100000MB00000191", "viewer": "11100000MB0000019V", "deputy": code_of("11100000", 190000001)}
VIEWS = ("overview", "alerts", "departments", "platforms", "members", "member/11100000MB0000019L", "use", "trails", "assessment", "catalogue", "actions", "province/44", "report")


@pytest.fixture(scope="module")
def country():
    need_browser()
    country = Country(provinces=["11", "34", "53", "62", "65"], cities=6, items=[1, 8, 11, 12, 14, 17, 23], rows=250)
    try:
        country.up()
        for role, code in ROLES.items():
            net = country.network
            net.cli("key", "member", "--network", net.run / "net", "--out", net.stem(role), "--code", code, "--name", role)
            country.admit({"code": code, "name": role, "kind": "operator", "role": "operator" if role == "deputy" else role})
        country.spoil()
        yield country
    finally:
        country.down()


@pytest.fixture(scope="module")
def browser(country):
    browser = Browser(country.network.run / "net/ca.crt", country.network.stem("operator"))
    try:
        yield browser
    finally:
        browser.close()


def http(country, method, path, who="operator", body=None, headers=None):
    return country.network.http("hub", method, path, who, body, headers)


def platform(country, division):
    rows = http(country, "GET", "/v1/platforms").json["platforms"]
    return next(row for row in rows if division in row["divisions"])


def show(browser, country, view):
    """Go there, and wait until every panel has its answer."""
    url = country.network.url("hub") + "/console/"
    if not browser.driver.current_url.startswith(url):
        browser.open(url)
    browser.script("location.hash = arguments[0]", f"#/{view}")
    name = view.split("/")[0]
    browser.until(lambda: browser.script(
        "const all = [...document.querySelectorAll('[data-panel]')]; return document.getElementById('main').dataset.view === arguments[0] && "
        "all.length > 0 && all.every(p => p.getAttribute('aria-busy') === 'false')", name), what=view)
    assert browser.all("[data-panel][data-state=failed]") == [], browser.page()


def number(text):
    return int(text.replace(",", ""))


def figure(browser, name):
    return number(browser.text(f"[data-figure={name}] .value"))


def cells(browser, selector):
    return browser.script("return [...document.querySelectorAll(arguments[0])].map(r => [...r.cells].map(c => c.innerText))", selector)


def say(browser, field, text):
    """Into a field of the dialog, when it is open."""
    browser.until(lambda: browser.script("const e = document.querySelector('#dialog[open] ' + arguments[0]); if (e) e.value = arguments[1]; return e !== null",
                                         field, text), what=field)


def today():
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))


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


def test_a_platform_is_suspended_and_comes_back_and_both_are_kept(country, browser):
    node = country.node("65")
    show(browser, country, f"platforms/{node.code}")
    browser.press("[data-act=suspend]")
    browser.press("#dialog button[value='']")
    assert status_of(country, node.code) == "active", "cancelled"
    for action, status in (("suspend", "suspended"), ("activate", "active")):
        browser.press(f"[data-act={action}]")
        browser.press("#dialog button[value=yes]")
        until(lambda: status_of(country, node.code) == status, 10, status)

    show(browser, country, "actions")
    rows = [r for r in cells(browser, "[data-panel=actions] tbody tr") if node.code in r[4]]
    assert len(rows) == 3 and "已暂停" not in rows[0][5] and "suspended" in rows[1][5], "admitted, suspended, active again"


def status_of(country, code):
    members = http(country, "GET", "/v1/members").json["members"]
    return next(m["status"] for m in members if m["code"] == code)


def test_positions_and_proofs_are_those_of_node_and_hub(country, browser):
    show(browser, country, "platforms/11440000MB00004493")
    rows = {r[0].split()[0]: r for r in cells(browser, "[data-panel=streams] tbody tr")}
    hub = country.network.streams("hub")

    assert set(rows) == {s for s in hub if s.startswith("44") or s == "0000"}
    assert all(number(r[2]) == hub[s]["position"] and r[4] == "一致" for s, r in rows.items() if s != "0000")
    show(browser, country, f"platforms/{country.node('34').code}")
    assert {r[4] for r in cells(browser, "[data-panel=streams] tbody tr") if not r[0].startswith("0000")} == {"不一致"}


def test_a_platform_tells_its_disk_its_versions_and_when_its_certificate_ends(country, browser):
    show(browser, country, "platforms/11440000MB00004493")
    text = browser.until(lambda: (said := browser.text("[data-panel=platform]")) and "GiB" in said and said, 10, "the disk")
    ends = subprocess.run(["openssl", "x509", "-enddate", "-noout", "-dateopt", "iso_8601", "-in", f"{country.network.stem('gd')}.crt"],
                          capture_output=True, text=True, timeout=20).stdout
    disk = os.statvfs(country.network.run)
    (free, total, protocol), = country.sql("""SELECT condition->>'disk_free', condition->>'disk_total', condition->>'protocol'
        FROM node_status WHERE code = '11440000MB00004493'""")

    assert int(total) == disk.f_blocks * disk.f_frsize and int(free) <= int(total)
    assert re.search(r"\d{4}-\d\d-\d\d", ends).group() in text and "rongxin-node 0.1.0，协议 2" in text and protocol == "2"


def test_each_stream_has_its_last_proof_also_when_it_holds_no_more(country, browser):
    node = country.node("53")  # behind: what it proved before still stands
    show(browser, country, f"platforms/{node.code}")
    rows = [r for r in cells(browser, "[data-panel=streams] tbody tr") if not r[0].startswith("0000")]
    assert rows and all(re.search(r"\d{4}-\d\d-\d\d", r[5]) for r in rows)
    show(browser, country, f"platforms/{country.node('34').code}")  # diverged before it ever proved a thing
    stored = dict(country.sql(f"SELECT stream, position FROM node_proof WHERE code = '{country.node('34').code}' AND stream <> '0000'"))
    for row in cells(browser, "[data-panel=streams] tbody tr"):
        if not row[0].startswith("0000"):
            assert (row[5] == "–") == (row[0].split()[0] not in stored), row


def test_keys_are_listed_with_their_end_and_a_platforms_key_rolls(country, browser):
    show(browser, country, "platforms")
    browser.script("document.querySelectorAll('[data-panel=keys] .more button').forEach(b => b.click())")
    rows = {r[0] + "/" + r[1]: r for r in cells(browser, "[data-panel=keys] tbody tr")}
    node, (key, _) = country.node("11"), zmq.curve_keypair()
    assert rows[f"{node.name}/TLS 证书"][5] == time.strftime("%Y-%m-%d", time.gmtime(node.certificate_ends() + 8 * 3600))
    assert {"枢纽/批次签名密钥", "枢纽/CURVE 密钥", "枢纽/TLS 证书", "枢纽/根证书", "枢纽/见证密钥"} <= set(rows)
    before = next(m for m in http(country, "GET", "/v1/members").json["members"] if m["code"] == node.code)

    show(browser, country, f"platforms/{node.code}")
    browser.press("[data-act=roll_keys]")
    say(browser, "input", key.decode())
    browser.press("#dialog button[value=yes]")
    browser.until(lambda: "下一把密钥" in browser.text("#dialog"), what="the confirmation")
    browser.press("#dialog button[value=yes]")
    browser.until(lambda: "正在轮换" in browser.text("[data-panel=platform]"), what="the key rolls")
    member = next(m for m in http(country, "GET", "/v1/members").json["members"] if m["code"] == node.code)
    assert member == {**before, "next_curve_key": key.decode()}
    reply = http(country, "POST", "/v1/members", "operator", before)  # called off
    assert reply.status == 200, reply.body


def submit(browser, *fields):
    """A form in the dialog, then its confirmation."""
    for field, text in fields:
        say(browser, field, text)
    browser.press("#dialog[open] button[value=yes]")
    browser.one("#dialog[open] .small")  # it is kept, says the confirmation
    browser.press("#dialog[open] button[value=yes]")


def test_a_member_is_let_in_after_its_application_was_reviewed(country, browser):
    bank = {"code": code_of("91110000", 300000001), "name": "北京银行", "kind": "bank"}
    show(browser, country, "members")
    browser.press("[data-act=apply]")
    submit(browser, ("textarea", json.dumps(bank)), ("input", "来函 12 号"))
    row = f"[data-panel=applications] [data-row='{applied(country, bank['code'])['id']}']"
    browser.until(lambda: "已申请" in browser.text(row) and "来函 12 号" in browser.text(row), what="it is filed")
    assert bank["code"] not in [m["code"] for m in http(country, "GET", "/v1/members").json["members"]]
    assert not browser.all(f"{row} [data-act=admit_application]"), "not before it was reviewed"

    browser.press(f"{row} [data-act=review_application]")
    submit(browser, ("input", "营业执照相符"))
    browser.until(lambda: "已复核" in browser.text(row), what="it is reviewed")
    browser.press(f"{row} [data-act=admit_application]")
    submit(browser)
    browser.until(lambda: "已准入" in browser.text(row), what="it is admitted")
    assert status_of(country, bank["code"]) == "active"
    assert country.sql(f"SELECT state, review_note, decided_by FROM member_application WHERE code = '{bank['code']}'") == \
        [["admitted", "营业执照相符", "11100000MB0000019L"]]
    assert [r[0] for r in country.sql(f"SELECT action FROM operator_action WHERE target = '{bank['code']}' ORDER BY number")] == \
        ["application", "application", "member"]
    show(browser, country, f"member/{bank['code']}")
    assert browser.text("h1") == "北京银行" and "已准入" in browser.text("[data-panel=applications]")


def applied(country, code):
    return until(lambda: next(iter(http(country, "GET", f"/v1/applications?state=all&code={code}").json["applications"]), None), 10, "an application")


def test_a_members_quota_is_that_of_the_catalogue_and_its_change_a_candidate(country, browser):
    code = country.members[0]
    document = http(country, "GET", "/v1/catalogue").json
    show(browser, country, f"member/{code}")
    assert [r[0] for r in cells(browser, "[data-panel=quotas] tbody tr")] == [rule["name"] for rule in document["limits"] if "bank" in rule.get("kinds", ["bank"])]
    today_rows = {r[0]: number(r[1]) for r in cells(browser, "[data-panel=member_today] tbody tr")}
    counted = {name: int(n) for name, n in country.sql(f"""SELECT m->>'name', sum(questions) FROM usage_hourly JOIN (SELECT (fields->>'document')::json AS m
        FROM record WHERE item = 60002) x ON m->>'code' = node WHERE item = 0 AND member = '{code}' AND hour + interval '8 hours' >= '{today()} 00:00+00' GROUP BY 1""")}
    assert today_rows == counted and counted
    browser.script("URL.createObjectURL = (blob) => { blob.text().then((text) => { window.saved = text; }); return '#/'; }")
    browser.press("[data-act=quota]")
    say(browser, "input[name=per_day]", "1234")
    browser.press("#dialog[open] button[value=yes]")
    browser.press("#dialog[open] button[value=save]")
    candidate = json.loads(browser.until(lambda: browser.script("return window.saved"), what="the candidate"))
    assert candidate["version"] == document["version"] + 1 and candidate["limits"][0]["members"] == [code] and candidate["limits"][0]["per_day"] == 1234
    path = country.network.folder / "quota.json"
    path.write_text(json.dumps(candidate))
    country.network.cli("catalogue", "sign", path, "--key", country.network.run / "net/catalogue.key")  # it is a catalogue


def test_protection_shows_revocations_budgets_and_clocks_of_objections(country, browser):
    (subject,), = country.sql("SELECT subject FROM record WHERE item = 1 AND stream LIKE '44%' LIMIT 1")
    net = country.network
    who = net.subject_identity(subject)
    until(lambda: net.http("gd", "GET", "/v1/objections", who).status == 200, 30, "known at the node")
    until(lambda: net.http("gd", "GET", "/readyz").status == 200, 30, "the province hears the hub")
    reply = net.http("gd", "POST", "/v1/objections", who, {"id": "console-1", "subject": subject, "item": 1, "reason": "wrong", "text": "有误", "time": "2026-11-23T08:00:00Z",
                                                           "materials": []}, {"Content-Type": "application/json"})
    assert reply.status == 202, reply.body
    until(lambda: country.sql("SELECT state FROM objection") == [["filed"]], 30, "filed at the hub")
    signed = net.http("gd", "POST", "/v1/consents", who, net.sign_consent(who, consent_id="console-1"), {"Content-Type": "application/jose"})
    assert signed.status == 201, signed.body
    assert net.http("gd", "DELETE", "/v1/consents/console-1", who).status in (200, 202, 204)
    until(lambda: country.sql("SELECT condition->>'revocations' FROM node_status WHERE code = '11440000MB00004493'") == [["1"]], 30, "the province says that it took effect")

    show(browser, country, "use")
    open_, = [r for r in cells(browser, "[data-panel=objections] tbody tr") if r[1] != "0"]
    assert (open_[1], open_[2]) == ("1", "0") and country.sql("SELECT to_char(due_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD') FROM objection") == [[open_[4]]]
    browser.press("[data-panel=revocations] .more button")
    browser.until(lambda: [r[1] for r in cells(browser, "[data-panel=revocations] tbody tr") if r[0].startswith("广东省")] == ["1"], what="the revocation")
    (used, spent), = country.sql("""SELECT count(*), count(*) FILTER (WHERE (b->>'spent')::int >= 20000) FROM node_status, json_array_elements(condition->'budgets') b""")
    assert figure(browser, "budgets_spent") == int(spent) and used in browser.text("[data-figure=budgets_spent] .note")
    show(browser, country, f"member/{country.members[0]}")
    shown = sorted(number(r[3]) for r in cells(browser, "[data-panel=budgets] tbody tr"))
    assert shown == sorted(int(n) for n, in country.sql(f"""SELECT b->>'spent' FROM node_status, json_array_elements(condition->'budgets') b
        WHERE b->>'member' = '{country.members[0]}'"""))[-12:]


def test_hours_without_a_checkpoint_are_gaps(country, browser):
    node = country.node("11")
    (hour,), = country.sql(f"SELECT to_char(max(hour) - interval '5 hours', 'YYYY-MM-DD HH24:MI:SSOF') FROM node_checkpoint WHERE code = '{node.code}'")
    country.sql(f"INSERT INTO node_checkpoint SELECT code, '{hour}', 1, root, note, received_at FROM node_checkpoint WHERE code = '{node.code}' LIMIT 1")
    show(browser, country, "trails")
    row, = [r for r in cells(browser, "[data-panel=gaps] tbody tr") if r[0] == node.name]
    assert row[3] == "4"


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
    assert figure(browser, "nodes") == len(country.nodes) + 3 - 1


def test_use_is_that_of_the_trails(country, browser):
    show(browser, country, "use")
    questions, refused = (figure(browser, f) for f in ("questions", "refused"))
    (there, no), = country.sql("SELECT sum(questions), sum(refused) FROM usage_hourly WHERE item = 0")
    assert (questions, refused) == (int(there), int(no))
    by = {r[0]: number(r[1]) for r in cells(browser, "[data-panel=use_member] tbody tr")}
    for name, count in country.sql("""SELECT m->>'name', sum(questions) FROM usage_hourly JOIN (SELECT (fields->>'document')::json AS m
            FROM record WHERE item = 60002) x ON m->>'code' = member WHERE item = 0 GROUP BY 1 ORDER BY 2 DESC LIMIT 3"""):
        assert by[name] == int(count)
    rules = dict((r[0].split("\n")[-1], number(r[1])) for r in cells(browser, "[data-panel=use_rule] tbody tr"))
    assert sum(rules.values()) == refused and "consent_missing" in rules


def test_alerts_are_shown_and_acknowledged(country, browser):
    until(lambda: country.sql("SELECT id FROM alert WHERE rule = 'node_silent' AND state = 'raised'"), 40, "the cut province is an alert")
    show(browser, country, "alerts")
    row = f"[data-row='node_silent/{country.node('62').code}']"
    browser.one(row)
    (there,), = country.sql("SELECT count(*) FROM alert WHERE state IN ('raised', 'acknowledged')")
    browser.until(lambda: sum(figure(browser, f"alerts_{kind}") for kind in ("critical", "warning", "info")) == int(there), what="all alerts are counted")
    browser.press(f"{row} [data-act=acknowledge]")
    browser.script("document.querySelector('#dialog input').value = '线路检修'")
    browser.press("#dialog button[value=yes]")
    browser.until(lambda: "甘肃" in browser.text("#dialog"), what="the confirmation")
    browser.press("#dialog button[value=yes]")

    browser.until(lambda: "已知悉" in browser.text(row) and "线路检修" in browser.text(row), what="it is known")
    (who,), = country.sql("SELECT acknowledged_by FROM alert WHERE rule = 'node_silent' AND state = 'acknowledged'")
    assert [who] in country.sql("SELECT who FROM operator_action WHERE action = 'acknowledge'")


def test_a_tampered_trail_stands_first_and_witnessed_ones_have_their_checkpoint(country, browser):
    show(browser, country, "trails")
    first = cells(browser, "[data-panel=trails] tbody tr")[0]
    assert first[0] == country.forger().name and "分叉" in first[1]
    good = country.node("11")
    show(browser, country, f"trails/{good.code}")
    note = browser.text("[data-panel=checkpoint] pre")
    assert note.startswith(f"rongxin/trail/{good.code}\n{good.told}\n") and "— rongxin/witness/" in note


def test_an_entry_is_looked_up_at_its_node_with_its_proof(country, browser):
    net, code = country.network, "11440000MB00004493"
    (subject,), = country.sql("SELECT subject FROM record WHERE item = 1 AND stream LIKE '44%' LIMIT 1")
    member = next(m for m in http(country, "GET", "/v1/members").json["members"] if m["code"] == code)
    assert http(country, "POST", "/v1/members", "operator", {**member, "url": net.url("gd")}).status == 200
    index = net.ask(subject, part="gd").json["receipt"]["index"]
    until(lambda: net.http("gd", "GET", f"/v1/trail/receipts/{index}", "operator").status == 200, 30, "it is in a witnessed checkpoint")
    until(lambda: int(country.sql(f"SELECT max(size) FROM node_checkpoint WHERE code = '{code}'")[0][0]) > index, 10, "the hub has it")
    show(browser, country, f"trails/{code}")
    browser.script("window.open = (url) => { window.opened = url; }")
    browser.script("document.querySelector('[data-panel=lookup] input').value = arguments[0]", str(index))
    browser.press("[data-panel=lookup] button[type=submit]")
    url = browser.until(lambda: browser.script("return window.opened"), what="the node's page")
    assert url.startswith(f"{net.url('gd')}/entry/#{index}/")
    browser.said()
    browser.open(url)
    browser.one(f"main[data-shown='{index}'] #proof")
    marks = browser.script("return [...document.querySelectorAll('#proof [data-good]')].map(e => e.dataset.good)")
    assert marks == ["true"] * 4, browser.text("main")
    assert subject in browser.text("#entry") and browser.said() == []
    wrong = url.rsplit("/", 1)[0] + "/" + "ab" * 32
    browser.script("location.hash = arguments[0]", wrong.split("#")[1])
    browser.until(lambda: "日志分叉" in browser.text("#proof"), what="another root is a fork")
    assert net.http("gd", "GET", "/entry/proof.js", "bank").status == 200
    assert net.http("gd", "GET", f"/v1/trail/entries/{index}", "bank2").status == 403


def stricter(country):
    """A candidate in which every registration needs a longer name, and courts' rows need less."""
    document = http(country, "GET", "/v1/catalogue").json
    document["version"] += 1
    item = next(i for i in document["items"] if i["number"] == 1)
    field = next(f for f in item["fields"] if f["name"] == "name")
    field["min_length"] = 13
    return document


def test_a_candidate_is_tried_out_on_the_last_days_rows(country, browser):
    same = http(country, "GET", "/v1/catalogue").json
    reply = http(country, "POST", "/v1/catalogue/rehearsal", "operator", same)
    assert reply.status == 200, reply.body
    (standing, rejected), = country.sql("""SELECT (SELECT count(*) FROM record WHERE stream <> '0000' AND state <> 4) + (SELECT count(*) FROM record_history WHERE stream <> '0000' AND state <> 4),
        (SELECT count(*) FROM finding_row r JOIN feed_batch b ON b.number = r.batch AND b.state = 'committed' WHERE r.rejected)""")
    answer = reply.json
    assert answer["all"] and answer["rows"] == int(standing) + int(rejected)
    assert (answer["rejected_before"], answer["newly_rejected"], answer["newly_accepted"], answer["newly_warned"], answer["rules"]) == (int(rejected), 0, 0, 0, [])

    document = stricter(country)
    (short,), = country.sql("SELECT count(*) FROM record WHERE item = 1 AND state <> 4 AND length(fields->>'name') < 13")
    show(browser, country, "catalogue")
    browser.press("[data-act=load]")
    say(browser, "textarea", json.dumps(document))
    browser.press("#dialog[open] button[value=yes]")
    browser.one("#dialog [data-rehearsal]")
    assert figure(browser, "newly_rejected") == int(short) > 0 and figure(browser, "newly_accepted") == 0
    row, = [r for r in cells(browser, "#dialog [data-rehearsal] tbody tr") if r[1] == "name"]
    assert row[2].endswith("min_length") or "name" in row[1]
    assert number(row[5]) - number(row[4]) >= int(short)
    browser.press("#dialog[open] button[value='']")
    assert http(country, "GET", "/v1/catalogue").json["version"] == same["version"], "nothing changed"
    assert http(country, "POST", "/v1/catalogue/rehearsal", "viewer", same).status == 403
    assert http(country, "POST", "/v1/catalogue/rehearsal", "operator", {**same, "items": "none"}).status == 400


def test_a_new_catalogue_shows_its_difference_first_and_is_then_in_force(country, browser):
    document = http(country, "GET", "/v1/catalogue").json
    document["version"] += 1
    document["items"][0]["en"] = "Registrations"
    path = country.network.folder / "catalogue.json"
    path.write_text(json.dumps(document))
    jws = country.network.cli("catalogue", "sign", path, "--key", country.network.run / "net/catalogue.key").stdout.strip()
    show(browser, country, "catalogue")
    browser.press("[data-act=load]")
    browser.script("document.querySelector('#dialog textarea').value = arguments[0]", jws)
    browser.press("#dialog button[value=yes]")
    browser.until(lambda: "Registrations" in browser.text("#dialog") and "没有一行的结果会不同" in browser.text("#dialog"), what="the difference and the dry run")
    browser.press("#dialog button[value=yes]")

    browser.until(lambda: cells(browser, "[data-panel=versions] tbody tr")[0][0] == str(document["version"]), what="the new version")
    show(browser, country, f"catalogue/{document['version']}/{document['version'] - 1}")
    rows = {r[0]: r[1:] for r in cells(browser, "[data-panel=difference] tbody tr")}
    assert rows["items › 1 › en"] == ["Registration of business entities", "Registrations"] and len(rows) == 2


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
    cut, tampered, late = country.node("65"), country.node("11"), country.departments["ndrc"]
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
    cut.fault = None


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


def test_every_table_is_exported_every_panel_defined_and_every_figure_leads_on(country, browser):
    for view in (*VIEWS, f"departments/{country.departments['samr']}", "platforms/11440000MB00004493", "trails/11440000MB00004493"):
        show(browser, country, view)
        missing = browser.script("""const panels = [...document.querySelectorAll('[data-panel]')], figures = [...document.querySelectorAll('#main [data-figure]')];
            return [...panels.filter(p => p.querySelector('table') && !p.querySelector('button.csv')).map(p => 'csv of ' + p.dataset.panel),
                ...panels.filter(p => !p.querySelector('.def')).map(p => 'definition of ' + p.dataset.panel),
                ...figures.filter(f => !f.querySelector('.def') || !f.querySelector('.value a')).map(f => 'figure ' + f.dataset.figure)]""")
        assert missing == [], view


def test_all_views_in_both_languages_and_lights_with_nothing_refused(country, browser):
    browser.said()
    for changes in (["#language"], ["#language", "#theme"]):
        for change in changes:
            browser.press(change)
        for view in VIEWS:
            show(browser, country, view)
            assert browser.all("h1"), view
            keys = browser.script("const main = document.getElementById('main').cloneNode(true); main.querySelectorAll('.mono, code').forEach(e => e.remove());"
                                  "return main.textContent.match(/\\b(by|m|did|proof|kind|held|month|unit|alert)_[a-z_%]+/g)")
            assert keys is None, f"{view}: no word for {keys}"
    names = browser.script("return performance.getEntriesByType('resource').map(e => e.name)")

    assert [n for n in names if not n.startswith(country.network.url("hub"))] == []
    assert browser.said() == []
    browser.press("#theme")


def test_charts_are_drawn(country, browser):
    show(browser, country, "use")
    assert len(browser.all(".chart[data-drawn=yes] canvas")) >= 4


def test_a_phone_needs_no_sideways_scrolling(country, browser):
    browser.resize(390, 844)
    try:
        for view in VIEWS:
            show(browser, country, view)
            wide = browser.script("return document.documentElement.scrollWidth")
            assert wide <= 390, f"{view} is {wide} px wide"
    finally:
        browser.resize(1280, 900)


CONTRAST = """
const light = (text) => { const [r, g, b] = text.match(/[\\d.]+/g).map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/rgba\\(.*, 0\\)|transparent/.test(c)) return c; } return 'rgb(255,255,255)'; };
const poor = [];
for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.offsetParent === null || e.closest('.skip')) continue;
    const a = light(getComputedStyle(e).color), b = light(behind(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(e.className + ' ' + e.innerText.slice(0, 20) + ' ' + ratio.toFixed(2));
}
return poor;"""


def test_text_has_the_contrast_of_wcag_aa_in_both_lights(country, browser):
    for _ in range(2):
        for view in ("overview", "departments", "platforms"):
            show(browser, country, view)
            assert browser.script(CONTRAST) == [], view
        browser.press("#theme")


def test_paper_is_light_and_has_no_buttons(country, browser):
    browser.press("#theme")
    show(browser, country, "report")
    rows = {part: browser.script(f"return document.querySelectorAll('[data-panel=report_{part}] tbody tr').length")
            for part in ("nation", "month", "department", "province", "city", "formulas")}
    assert rows["nation"] == 1 and rows["formulas"] == 10 and all(rows.values()), rows
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert browser.script("return getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
        assert browser.script("return [...document.querySelectorAll('.tool, .def, nav')].filter(b => b.offsetParent !== null).length") == 0
        assert browser.script(CONTRAST) == []
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        browser.press("#theme")


def test_who_looks_only_gets_no_buttons_to_act(country):
    viewer = Browser(country.network.run / "net/ca.crt", country.network.stem("viewer"))
    try:
        for view in ("members", "platforms", f"platforms/{country.node('65').code}", "catalogue", "departments"):
            show(viewer, country, view)
            assert viewer.all("[data-act]") == [], view
        assert "观察员" in viewer.text("#who")
    finally:
        viewer.close()


def test_pages_and_figures_are_for_operators_only(country):
    paths = ("/console/", "/v1/overview", "/v1/grid", "/v1/platforms", "/v1/departments", "/v1/trend", "/v1/usage/totals?by=day", "/v1/actions",
             "/v1/live", "/v1/provinces/44", "/v1/catalogue/versions")
    for who in ("bank", "samr", "gd"):
        asked = [path for path in paths if who != "samr" or path not in ("/v1/departments", "/v1/trend")]
        assert {http(country, "GET", path, who).status for path in asked} == {403}, who
    assert {http(country, "GET", path, "viewer").status for path in paths if path != "/v1/live"} == {200}
    with pytest.raises(OSError):
        http(country, "GET", "/console/", None)


def test_pages_have_a_strict_policy_and_are_asked_again_by_their_etag(country):
    reply = http(country, "GET", "/console/app.js")

    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    again = http(country, "GET", "/console/app.js", headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert http(country, "GET", "/console/package.json").status == 404
    assert http(country, "GET", "/console/../sql/001-ledger.sql").status == 400
    page = (ROOT / "console/index.html").read_text()
    assert "<style" not in page and "onclick" not in page and "<script>" not in page


def test_roles_are_enforced_by_the_server(country):
    member = {"code": code_of("91440101", 555000000), "name": "x", "kind": "bank"}
    subject = country.sql("SELECT subject FROM record WHERE item = 1 LIMIT 1")[0][0]
    asked = {who: [http(country, "POST", "/v1/members", who, member).status,
                   http(country, "POST", f"/v1/feeds/1/batches/none/refuse?provider={country.departments['samr']}", who).status,
                   http(country, "POST", "/v1/assessment/weights", who, {"from": "2030-01", "weights": {"use": 1}}).status,
                   http(country, "GET", f"/v1/ledger/{subject}", who).status,
                   http(country, "GET", "/v1/conflicts", who).status,
                   http(country, "GET", "/v1/feeds/1/batches/2026-01-a/findings?format=csv", who).status,
                   http(country, "GET", "/v1/overview", who).status]
             for who in ("viewer", "auditor", "operator", "bank")}

    assert asked == {"viewer": [403, 403, 403, 403, 403, 403, 200], "auditor": [403, 403, 403, 200, 200, 200, 200],
                     "operator": [200, 404, 200, 200, 200, 200, 200], "bank": [403, 403, 403, 403, 403, 403, 403]}
    assert http(country, "GET", "/v1/me", "viewer").json["role"] == "viewer"


def test_another_sites_page_cannot_act(country):
    member = {"code": code_of("91440101", 555000000), "name": "y", "kind": "bank"}

    for site in ("cross-site", "same-site", "none"):
        reply = http(country, "POST", "/v1/members", "operator", member, {"Sec-Fetch-Site": site})
        assert (reply.status, reply.json["type"]) == (403, "urn:rongxin:problem:cross_site")


def test_the_command_line_has_what_the_console_shows(country):
    net = country.network
    cli = lambda *words, part="hub", **more: net.cli(*words, who="operator", part=part, **more)
    for words, path, list_, key in (("node platforms", "/v1/platforms", "platforms", "code"), ("node keys", "/v1/keys", "keys", "kind"), ("node gaps", "/v1/trails/gaps", "gaps", "code"),
                                    ("member budgets", "/v1/budgets", "budgets", "member"), ("quality departments", "/v1/departments", "items", "item"), ("quality grid", "/v1/grid", "cells", "province"),
                                    (f"member use {country.members[0]}", f"/v1/usage?member={country.members[0]}&limit=5000", "usage", "node")):
        rows = http(country, "GET", path).json[list_]
        said = json.loads(cli(*words.split(), "--json").stdout)[list_]
        assert [row[key] for row in said] == [row[key] for row in rows] and (rows or words == "node gaps"), words
        assert len(cli(*words.split()).stdout.splitlines()) > len(rows), f"{words}: a line each and their titles"

    path = net.folder / "bank.member.json"
    path.write_text(json.dumps({"code": code_of("91110000", 300000003), "name": "宁波银行", "kind": "bank"}))
    number_ = json.loads(cli("member", "apply", path, "--note", "来函").stdout)["id"]
    assert "applied" in cli("member", "applications").stdout
    assert cli("member", "accept", number_, check=False).returncode == 1, "not before it was reviewed"
    cli("member", "review", number_, "--note", "相符")
    assert json.loads(cli("member", "accept", number_).stdout)["status"] == "active"
    assert cli("member", "refuse", number_, check=False).returncode == 1

    candidate = net.folder / "candidate.json"
    candidate.write_text(json.dumps(stricter(country)))
    done = cli("catalogue", "rehearse", candidate, check=False)
    assert done.returncode == 1 and "newly rejected" in done.stdout
    candidate.write_text(json.dumps(http(country, "GET", "/v1/catalogue").json))
    assert cli("catalogue", "rehearse", candidate).stdout.startswith("Version ")
    kept = net.folder / "receipt.json"
    assert "member" in cli("trail", "entry", 0, "--receipt", kept, part="gd").stdout
    net.cli("trail", "verify", "--receipt", kept, "--network", net.run / "net/network.json", "--member", f"{net.stem('gd')}.member.json")


def test_the_hub_stops_with_pages_open_and_they_find_it_again(country, browser):
    show(browser, country, "overview")
    browser.until(lambda: "实时" in browser.text("#live"), what="live")
    began = time.monotonic()
    country.network.stop("hub")
    assert time.monotonic() - began < 15
    browser.until(lambda: "未连接" in browser.text("#live"), what="not live")
    country.network.environment["RONGXIN_HUB_ADMISSION_PERSONS"] = "2"
    country.network.start("hub")
    browser.until(lambda: "实时" in browser.text("#live"), 30, "live again")


def test_where_two_persons_have_to_agree_one_alone_only_takes_away(country, browser):
    bank = {"code": code_of("91110000", 300000002), "name": "南京银行", "kind": "bank"}
    refused = http(country, "POST", "/v1/members", "operator", bank)
    assert (refused.status, refused.json["type"]) == (403, "urn:rongxin:problem:review_needed")
    number_ = http(country, "POST", "/v1/applications", "operator", {"document": bank, "note": ""}).json["id"]
    again = http(country, "POST", "/v1/applications", "deputy", {"document": bank})
    assert (again.status, again.json["type"]) == (409, "urn:rongxin:problem:application_state")
    early = http(country, "POST", f"/v1/applications/{number_}/admit", "deputy")
    assert (early.status, early.json["type"]) == (409, "urn:rongxin:problem:application_state")
    assert http(country, "POST", f"/v1/applications/{number_}/review", "operator", {"note": "相符"}).status == 200
    same = http(country, "POST", f"/v1/applications/{number_}/admit", "operator")
    assert (same.status, same.json["type"]) == (403, "urn:rongxin:problem:second_person")
    assert http(country, "POST", f"/v1/applications/{number_}/admit", "viewer").status == 403
    assert http(country, "POST", f"/v1/applications/{number_}/admit", "deputy").json["name"] == "南京银行"

    listed = next(m for m in http(country, "GET", "/v1/members").json["members"] if m["code"] == bank["code"])
    assert http(country, "POST", "/v1/members", "operator", {**listed, "status": "suspended", "name": "别名"}).status == 403
    assert http(country, "POST", "/v1/members", "operator", {**listed, "status": "suspended"}).status == 200
    assert http(country, "POST", "/v1/members", "operator", listed).status == 403, "back in it takes two again"
    show(browser, country, f"member/{bank['code']}")
    browser.press("[data-act=activate]")
    browser.press("#dialog[open] button[value=yes]")
    browser.until(lambda: "须两人办理" in browser.text("#dialog"), what="it became an application")
    browser.press("#dialog[open] button")
    assert applied(country, bank["code"])["state"] == "applied"


def test_questions_that_make_no_sense_are_refused(country):
    for path in ("/v1/trend?item=x", "/v1/trend?province=4", "/v1/trend?from=yesterday", "/v1/usage/totals", "/v1/usage/totals?by=subject",
                 "/v1/provinces/4a", "/v1/platforms/a%20b", "/v1/departments?provider=%27", "/v1/actions?limit=0", "/v1/catalogue/versions/1x"):
        assert http(country, "GET", path).status == 400, path
    assert http(country, "GET", "/v1/catalogue/versions/999").status == 404


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
