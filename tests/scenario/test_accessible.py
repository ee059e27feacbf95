"""Every web page held against the rules of WCAG 2.1, levels A and AA, by axe-core."""
import subprocess

import pytest
from browser import Browser, need_browser
from harness import ROOT, rows_of, until, uscc_is_right

MY = ("report", "accesses", "consents", "give", "objections", "bands")
DEPT = ("batches", "findings", "objections", "quality", "use", "due")
CONSOLE = ("overview", "alerts", "departments", "platforms", "members", "use", "trails", "assessment", "catalogue", "actions", "province/44", "report")
LOOKS = [(1280, 900, "light"), (400, 850, "dark")]


@pytest.fixture(scope="module")
def axe():
    """Its source: npm's package as the lock has it, when the registry can be reached."""
    tool = ROOT / "build" / "npm-axe"
    source = tool / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        tool.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            (tool / name).write_bytes((ROOT / "tests/axe" / name).read_bytes())
        try:
            made = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=tool,
                                  capture_output=True, text=True, timeout=120)
        except FileNotFoundError:
            pytest.skip("npm is missing")
        if made.returncode:
            pytest.skip("npm's registry cannot be reached: " + made.stderr.strip()[-200:])
    return source.read_text()


@pytest.fixture(scope="module")
def subject(network):
    need_browser()
    for item in (1, 11, 12, 19):
        assert network.submit(item, network.gen(item, 20, 12, "--division", "4401"), f"axe-{item}").status == 200
    assert network.submit(11, "uscc,文号,违法事实,处罚类别,处罚决定日期,处罚机关\n,x,虚假广告,罚款,2024-03-28,某局\n", "axe-bad").status == 200
    network.agree("gz", "4401")
    held = network.gen(11, 20, 12, "--division", "4401")
    row = next(r for r in rows_of(held) if uscc_is_right(r["uscc"]) and network.ask(r["uscc"], items=[11]).status == 200)
    who = network.subject_identity(row["uscc"], "我的企业")
    until(lambda: network.ask(row["uscc"], who=who, purpose="self").status == 200, what="the subject is a member")
    until(lambda: network.http("gz", "GET", "/v1/bands", who).status == 200, what="enterprises were counted")
    jws = network.sign_consent(who, consent_id="axe")
    assert network.http("gz", "POST", "/v1/consents", who, jws, {"Content-Type": "application/jose"}).status in (201, 202)
    for name, state in (("axe-open", "accept"), ("axe-done", "refuse")):
        filed = network.http("gz", "POST", "/v1/objections", who,
                             {"id": name, "subject": row["uscc"], "item": 11, "key": [row["document_number"]], "reason": "wrong" if state == "accept" else "lifted",
                              "text": "处罚决定已被撤销", "time": "2026-11-23T08:00:00Z"}, {"Content-Type": "application/json"})
        assert filed.status == 202, filed.body
        path = f"/v1/objections/{name}/{state}"
        until(lambda: network.http("hub", "POST", path, "operator", {"note": "见附件"}, {"Content-Type": "application/json"}).status == 200, 30, "decided")
    return who


def faults(browser, axe):
    """What is wrong, in a line each."""
    browser.script(axe + "; window.axe = axe;")
    result = browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}, resultTypes: ['violations']})"
        ".then(r => done([r.passes.length, r.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')}`)]),"
        " e => done([0, [String(e)]]))")
    assert result[0] > 5 or result[1], "nothing was looked at"
    return result[1]


def look_at(network, axe, who, part, path, views):
    """Each view wide and light, then as a phone shows it at night."""
    found = []
    browser = Browser(network.run / "net/ca.crt", network.stem(who))
    try:
        browser.driver.set_script_timeout(60)
        browser.open(network.url(part) + path)
        for view, ready in views:
            browser.script("location.hash = arguments[0]", "#" + view)
            browser.until(lambda: browser.script(ready, view.strip("/").split("/")[0]), 30, f"{path} {view}")
            for width, height, colours in LOOKS:
                browser.resize(width, height)
                browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": colours}]})
                found += [f"{path}#{view} {width} {colours}: {fault}" for fault in faults(browser, axe)]
    finally:
        browser.close()
    return found


def test_the_enterprises_page(network, subject, axe):
    ready = "return document.getElementById('main').dataset.view === arguments[0]"
    assert look_at(network, axe, subject, "gz", "/my/", [(v, ready) for v in MY]) == []


def test_the_departments_page(network, subject, axe):
    ready = "return document.getElementById('main').dataset.view === arguments[0]"
    assert look_at(network, axe, "dept", "hub", "/dept/", [(v, ready) for v in DEPT]) == []


def test_what_a_department_answers_with(network, subject, axe):
    browser = Browser(network.run / "net/ca.crt", network.stem("dept"), size=(400, 850), dark=True)
    try:
        browser.open(network.url("hub") + "/dept/#objections")
        for verb in ("decide", "suspend", "terminate"):
            browser.press(f"[data-objection=axe-open] [data-do={verb}]")
            browser.one("dialog[open]")
            assert faults(browser, axe) == [], verb
            browser.press("dialog [type=button]")
    finally:
        browser.close()


def test_the_console(network, subject, axe):
    ready = ("const all = [...document.querySelectorAll('[data-panel]')]; return document.getElementById('main').dataset.view === arguments[0] && "
             "all.length > 0 && all.every(p => p.getAttribute('aria-busy') === 'false')")
    assert look_at(network, axe, "operator", "hub", "/console/", [("/" + v, ready) for v in CONSOLE]) == []


def test_the_papers(network, subject, axe):
    browser = Browser(network.run / "net/ca.crt", network.stem(subject))
    try:
        for kind in ("application", "notice"):
            for language in ("zh", "en"):
                browser.open(f"{network.url('gz')}/v1/objections/axe-open/papers/{kind}?lang={language}")
                assert faults(browser, axe) == [], kind
    finally:
        browser.close()


def test_a_fault_is_found(network, subject, axe):
    browser = Browser(network.run / "net/ca.crt", network.stem(subject))
    try:
        browser.open(network.url("gz") + "/my/")
        browser.one("main[data-view=report]")
        browser.script("document.querySelector('main').append(document.createElement('input'))")
        assert any(f.startswith("label") for f in faults(browser, axe))
    finally:
        browser.close()
