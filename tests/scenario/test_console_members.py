"""Members in a browser: admission in steps, quotas, and what takes two persons."""
import json
import time

from console import ROLES, applied, cells, http, number, say, show, status_of, submit, today
from country import code_of


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


def test_the_hub_stops_with_pages_open_and_they_find_it_again(country, browser):
    show(browser, country, "overview")
    browser.until(lambda: "实时" in browser.text("#live"), what="live")
    began = time.monotonic()
    country.network.stop("hub")
    assert time.monotonic() - began < 15
    browser.until(lambda: "未连接" in browser.text("#live"), what="not live")
    country.network.start("hub")
    browser.until(lambda: "实时" in browser.text("#live"), 30, "live again")


def test_where_two_persons_have_to_agree_one_alone_only_suspends(two_persons, country, browser):
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
    refused = http(country, "POST", "/v1/members", "operator", {**listed, "status": "struck_off"})
    assert (refused.status, refused.json["type"]) == (403, "urn:rongxin:problem:review_needed"), "for good too"
    show(browser, country, f"member/{bank['code']}")
    browser.press("[data-act=activate]")
    browser.press("#dialog[open] button[value=yes]")
    browser.until(lambda: "须两人办理" in browser.text("#dialog"), what="it became an application")
    browser.press("#dialog[open] button")
    assert applied(country, bank["code"])["state"] == "applied"


def file_and_grant(browser, country, code):
    """The application of that member: reviewed by one in the page, granted by the other."""
    row = f"[data-panel=applications] [data-row='{applied(country, code)['id']}']"
    number_ = applied(country, code)["id"]
    show(browser, country, "members")
    said = browser.text(row)
    browser.press(f"{row} [data-act=review_application]")
    submit(browser, ("input", "相符"))
    browser.until(lambda: "已复核" in browser.text(row), what="it is reviewed")
    same = http(country, "POST", f"/v1/applications/{number_}/admit", "operator")
    assert (same.status, same.json["type"]) == (403, "urn:rongxin:problem:second_person")
    granted = http(country, "POST", f"/v1/applications/{number_}/admit", "deputy")
    assert granted.status == 200, granted.body
    return number_, said, granted.json


def test_a_takeover_and_a_strike_off_take_two_persons_too(two_persons, country, browser):
    before, after = [n for n in country.nodes if len(n.division) == 4 and n is not country.forger()][-2:]
    url = f"/v1/members/{after.code}/takeover"
    refused = http(country, "POST", url, "operator", {"from": before.code})
    assert (refused.status, refused.json["type"]) == (403, "urn:rongxin:problem:review_needed")
    for wish, status in (({"from": before.code, "divisions": ["9999"]}, 409), ({"from": after.code}, 409), ({"from": code_of("91110000", 300000009)}, 404), ({}, 400)):
        assert http(country, "POST", "/v1/applications", "operator", {"code": after.code, "takeover": wish}).status == status, wish
    show(browser, country, f"platforms/{after.code}")
    browser.press("[data-act=take_over]")
    say(browser, "select[name=from]", before.code)
    browser.press("#dialog[open] button[value=yes]")
    browser.one("#dialog[open] .small")
    browser.press("#dialog[open] button[value=yes]")
    browser.until(lambda: "须两人办理" in browser.text("#dialog[open]"), what="it became an application")
    browser.press("#dialog[open] button")
    number_, said, both = file_and_grant(browser, country, after.code)
    assert f"从 {before.name} 接管" in said
    assert [(m["code"], m.get("divisions", [])) for m in both["members"]] == [(before.code, []), (after.code, [after.division, before.division])]
    assert country.sql("SELECT who, target, detail->>'from', detail->>'application' FROM operator_action WHERE action = 'takeover'") == [[ROLES["deputy"], after.code, before.code, str(number_)]]

    show(browser, country, f"platforms/{before.code}")
    browser.press("[data-act=strike_off]")
    browser.press("#dialog[open] button[value=yes]")
    browser.until(lambda: "须两人办理" in browser.text("#dialog[open]"), what="it became an application")
    browser.press("#dialog[open] button")
    assert status_of(country, before.code) == "active"
    _, said, document = file_and_grant(browser, country, before.code)
    assert "除名" in said and document["status"] == "struck_off" == status_of(country, before.code)


def test_the_command_line_files_what_takes_two_persons(two_persons, country):
    cli = lambda *words, **more: country.network.cli(*words, who="operator", part="hub", **more)
    code, other = (n.code for n in country.nodes if n.division in ("11", "65"))
    alone = cli("member", "takeover", code, "--from", other, check=False)
    assert alone.returncode == 1 and "review" in alone.stderr + alone.stdout
    filed = json.loads(cli("member", "takeover", code, "--from", other, "--apply", "--note", "整合").stdout)
    assert (filed["takeover"], filed["state"], filed["note"]) == ({"from": other}, "applied", "整合")
    cli("member", "refuse", filed["id"])
    assert cli("member", "set-status", code, "struck_off", check=False).returncode == 1
    filed = json.loads(cli("member", "set-status", code, "struck_off", "--apply").stdout)
    assert filed["document"]["status"] == "struck_off"
    cli("member", "refuse", filed["id"])
    assert status_of(country, code) == "active"
