"""What holds for every page of the console: words, sizes, contrast, paper, tables, and who
may see and do what."""
import re

import pytest
from browser import Browser
from console import VIEWS, http, show
from country import code_of
from harness import ROOT


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
        for view in (*VIEWS, f"departments/{country.departments['samr']}"):
            show(browser, country, view)
            assert browser.all("h1"), view
            assert browser.script("return [...document.querySelectorAll('.panel .body')].filter(b => b.scrollWidth > b.clientWidth + 1)"
                                  ".map(b => b.parentElement.dataset.panel + ' ' + b.scrollWidth)") == [], f"{view} scrolls sideways"
            keys = browser.script("const main = document.getElementById('main').cloneNode(true); main.querySelectorAll('.mono, code').forEach(e => e.remove());"
                                  "return main.textContent.match(/\\b(by|m|did|proof|kind|held|month|unit|alert)_[a-z_%]+/g)")
            assert keys is None, f"{view}: no word for {keys}"
    names = browser.script("return performance.getEntriesByType('resource').map(e => e.name)")

    assert [n for n in names if not n.startswith(country.network.url("hub"))] == []
    assert browser.said() == []
    browser.press("#theme")


def test_what_is_looked_at_rarely_is_behind_a_rows_details(country, browser):
    show(browser, country, "platforms")
    code = country.node("34").code
    row = f"[data-panel=platforms] tr[data-row='{code}']"
    assert "2027" not in browser.text(row) and browser.all("tr.details") == []
    browser.press(f"{row} button.open")
    assert "0.1.0 · v2" in browser.text(f"{row} + tr.details")
    assert browser.script("return document.activeElement.getAttribute('aria-expanded')") == "true"
    browser.press("[data-panel=platforms] th button")
    assert browser.text(f"{row} + tr.details"), "sorted, it stays open"
    browser.press(f"{row} button.open")
    assert browser.all("tr.details") == []


def test_a_phone_needs_no_sideways_scrolling(country, browser):
    browser.resize(390, 844)
    try:
        for view in VIEWS:
            show(browser, country, view)
            wide = browser.script("return document.documentElement.scrollWidth")
            assert wide <= 390, f"{view} is {wide} px wide"
    finally:
        browser.resize(1280, 900)


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


def test_every_rule_action_and_purpose_has_its_words():
    known = set(re.findall(r"^\t(\w+): \[", (ROOT / "console/base/words.js").read_text(), re.M))
    rules = re.findall(r'\[PERMIT_\w+\] = \{"(\w+)"', (ROOT / "lib/credit/permit.c").read_text())
    node = "".join(path.read_text() for path in (ROOT / "node").glob("*.c"))
    actions = re.findall(r'(?:answer_init|query_new|deed_new)\([^;]*?"(\w+)"\)|action = "(\w+)"|query_say_nothing\([^;]*?"(\w+)"\)', node)
    actions = {word for words in actions for word in words if word}
    assert len(rules) > 30 and {"report", "events", "vouched", "forward", "objection"} <= actions
    wanted = {f"rule_{rule}" for rule in rules if rule != "allowed"} | {f"action_{action}" for action in actions}
    assert wanted - known == set()


def test_another_sites_page_cannot_act(country):
    member = {"code": code_of("91440101", 555000000), "name": "y", "kind": "bank"}

    for site in ("cross-site", "same-site", "none"):
        reply = http(country, "POST", "/v1/members", "operator", member, {"Sec-Fetch-Site": site})
        assert (reply.status, reply.json["type"]) == (403, "urn:rongxin:problem:cross_site")


def test_questions_that_make_no_sense_are_refused(country):
    for path in ("/v1/trend?item=x", "/v1/trend?province=4", "/v1/trend?from=yesterday", "/v1/usage/totals", "/v1/usage/totals?by=subject",
                 "/v1/provinces/4a", "/v1/platforms/a%20b", "/v1/departments?provider=%27", "/v1/actions?limit=0", "/v1/catalogue/versions/1x"):
        assert http(country, "GET", path).status == 400, path
    assert http(country, "GET", "/v1/catalogue/versions/999").status == 404
