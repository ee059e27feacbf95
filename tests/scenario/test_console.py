"""The operators' console in a real browser, with real data behind it."""
import json

import pytest
from browser import Browser, need_browser
from harness import ROOT

ROLES = {"auditor": "11100000MB00000191", "viewer": "11100000MB0000019V"}


@pytest.fixture(scope="module")
def fed(network):
    """Records of four cities, and operators of each role."""
    need_browser()
    for item, rows in ((1, 300), (11, 200)):
        assert network.submit(item, network.gen(item, rows, 1, "--division", "4401,4403,3301,1101"), f"console-{item}").status == 200
    for role, code in ROLES.items():
        network.cli("key", "member", "--network", network.run / "net", "--out", network.stem(role), "--code", code, "--name", role)
        reply = network.http("hub", "POST", "/v1/members", "operator", {"code": code, "name": role, "kind": "operator", "role": role})
        assert reply.status == 200, reply.body
    return network


@pytest.fixture(scope="module")
def browser(fed):
    browser = Browser(fed.run / "net/ca.crt", fed.stem("operator"))
    try:
        browser.open(fed.url("hub"))
        yield browser
    finally:
        browser.close()


def test_figures_are_those_of_the_ledger(fed, browser):
    browser.one("[data-panel=figures][data-state=ready]")

    (records, changed), = sql(fed, """SELECT (SELECT count(*) FROM record WHERE stream <> '0000'),
        (SELECT count(*) FROM record WHERE stream <> '0000' AND known_from > current_date - 1)""")
    assert int(records) > 400
    assert figure(browser, "records") == int(records)
    assert figure(browser, "changes_today") == int(changed)
    browser.until(lambda: figure(browser, "nodes") == 3, what="all nodes are live")


def test_the_page_speaks_both_languages(fed, browser):
    chinese = browser.text("h1")
    browser.press("#language")
    english = browser.text("h1")
    browser.press("#language")

    assert (chinese, english) == ("总览", "Overview")
    assert browser.text("h1") == chinese


def test_nothing_is_refused_by_the_policy_and_nothing_comes_from_outside(fed, browser):
    names = browser.script("return performance.getEntriesByType('resource').map(e => e.name)")

    assert [n for n in names if not n.startswith(fed.url("hub"))] == []
    assert [line for line in browser.said() if "favicon" not in line] == []


def test_pages_are_for_operators_only(fed):
    for who, status in (("operator", 200), ("viewer", 200), ("bank", 403), ("dept", 403), ("gd", 403)):
        reply = fed.http("hub", "GET", "/console/", who)
        assert reply.status == status, who
        assert (b"<script" in reply.body) == (status == 200)
    with pytest.raises(OSError):
        fed.http("hub", "GET", "/console/", None)


def test_pages_have_a_strict_policy_and_are_asked_again_by_their_etag(fed):
    reply = fed.http("hub", "GET", "/console/app.js")

    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    again = fed.http("hub", "GET", "/console/app.js", headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert fed.http("hub", "GET", "/console/package.json").status == 404
    assert fed.http("hub", "GET", "/console/../sql/001-ledger.sql").status == 400
    page = (ROOT / "console/index.html").read_text()
    assert "<style" not in page and "onclick" not in page and "<script>" not in page


def test_roles_are_enforced_by_the_server(fed):
    member = {"code": "91440101MA000RX35C", "name": "x", "kind": "bank"}
    subject = sql(fed, "SELECT subject FROM record WHERE item = 1 LIMIT 1")[0][0]
    asked = {who: [fed.http("hub", "POST", "/v1/members", who, member).status,
                   fed.http("hub", "POST", "/v1/retention", who).status,
                   fed.http("hub", "GET", f"/v1/ledger/{subject}", who).status,
                   fed.http("hub", "GET", "/v1/conflicts", who).status,
                   fed.http("hub", "GET", "/v1/feeds/1/batches/console-1/findings?format=csv", who).status,
                   fed.http("hub", "GET", "/v1/overview", who).status]
             for who in ("viewer", "auditor", "operator", "bank")}

    assert asked == {"viewer": [403, 403, 403, 403, 403, 200], "auditor": [403, 403, 200, 200, 200, 200],
                     "operator": [200, 200, 200, 200, 200, 200], "bank": [403, 403, 403, 403, 403, 403]}
    assert json.loads(fed.http("hub", "GET", "/v1/me", "viewer").body)["role"] == "viewer"


def test_another_sites_page_cannot_act(fed):
    member = {"code": "91440101MA000RX35C", "name": "y", "kind": "bank"}

    for site in ("cross-site", "same-site", "none"):
        reply = fed.http("hub", "POST", "/v1/members", "operator", member, {"Sec-Fetch-Site": site})
        assert (reply.status, reply.json["type"]) == (403, "urn:rongxin:problem:cross_site")


def sql(network, statement):
    import subprocess
    done = subprocess.run(["psql", "-XAtq", "-F", "|", "-d", network.ready("hub")["pg"], "-c", statement],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [line.split("|") for line in done.stdout.splitlines()]


def figure(browser, name):
    return int(browser.text(f"[data-figure={name}] .value").replace(",", ""))
