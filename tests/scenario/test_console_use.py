"""Use, protection, alerts and trails in a browser: figures are those of the nodes' trails,
and a proof is computed where it is looked at."""
from console import cells, figure, http, number, show
from harness import until


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


def test_charts_are_drawn(country, browser):
    show(browser, country, "use")
    assert len(browser.all(".chart[data-drawn=yes] canvas")) >= 4


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
    (position,), = until(lambda: country.sql("SELECT position FROM record WHERE item = 60003 AND key = 'console-1'"), 30, "the consent is at the hub")
    until(lambda: net.streams("gd")["0000"]["position"] >= int(position), 30, "and back at the province")
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


def test_hours_without_a_checkpoint_are_gaps(country, browser):
    node = country.node("11")
    (hour,), = country.sql(f"SELECT to_char(max(hour) - interval '5 hours', 'YYYY-MM-DD HH24:MI:SSOF') FROM node_checkpoint WHERE code = '{node.code}'")
    country.sql(f"INSERT INTO node_checkpoint SELECT code, '{hour}', 1, root, note, received_at FROM node_checkpoint WHERE code = '{node.code}' LIMIT 1")
    show(browser, country, "trails")
    row, = [r for r in cells(browser, "[data-panel=gaps] tbody tr") if r[0] == node.name]
    assert row[3] == "4"


def test_a_tampered_trail_stands_first_and_witnessed_ones_have_their_checkpoint(country, browser):
    show(browser, country, "trails")
    forked = [r[0] for r in cells(browser, "[data-panel=trails] tbody tr") if "分叉" in r[1]]
    assert country.forger().name in forked
    assert [r[0] for r in cells(browser, "[data-panel=trails] tbody tr")][:len(forked)] == forked
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
    assert marks == ["true"] * 5, browser.text("main")
    assert subject in browser.text("#entry") and browser.said() == []
    browser.resize(390, 844)
    assert browser.script("return document.documentElement.scrollWidth") <= 390
    browser.resize(1280, 900)
    assert browser.script("return document.documentElement.scrollWidth") <= 1280
    parts = url.split("#")[1].split("/")

    def told(*changes):
        """What the page says when the hub's words were others: {place: word}."""
        words = list(parts)
        for place, word in changes:
            words[place] = word
        browser.script("location.hash = arguments[0]", "/".join(words))
        return lambda text: browser.until(lambda: text in browser.text("#proof"), what=text)
    told((2, "ab" * 32))("日志分叉")
    told((4, "ab" * 32))("没有该节点的有效签名")
    told((3, "11440100MB0044011H"))("没有该节点的有效签名")
    told((5, parts[4]))("没有枢纽的有效见证签名")
    told((4, ""))("没有可信的密钥")
    told()("枢纽见证签名成立")
    assert net.http("gd", "GET", "/entry/proof.js", "bank").status == 200
    assert net.http("gd", "GET", f"/v1/trail/entries/{index}", "bank2").status == 403


# One character of each signature is another one, behind key and time.
BENT = """const asked = window.fetch;
window.fetch = async (path, options) => {
    const reply = await asked(path, options);
    if (!String(path).includes('/v1/trail/receipts/')) return reply;
    const receipt = await reply.json();
    receipt.checkpoint = receipt.checkpoint.replace(/^(— \\S+ .{40})(.)/gm, (_, head, one) => head + (one === 'A' ? 'B' : 'A'));
    return new Response(JSON.stringify(receipt), { headers: { 'content-type': 'application/json' } });
};"""


def entry_with(country, browser, script):
    """What an entry's page says of its proof when that script ran before it: the marks, and the text."""
    net, code = country.network, "11440000MB00004493"
    (subject,), = country.sql("SELECT subject FROM record WHERE item = 1 AND stream LIKE '44%' LIMIT 1")
    index = net.ask(subject, part="gd").json["receipt"]["index"]
    trail = next(m for m in http(country, "GET", "/v1/members").json["members"] if m["code"] == code)["trail_key"]
    witness = next(key for key in http(country, "GET", "/v1/keys").json["keys"] if key["kind"] == "witness")["key"]
    until(lambda: net.http("gd", "GET", f"/v1/trail/receipts/{index}", "operator").status == 200, 30, "it is witnessed")
    number_ = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})["identifier"]
    try:
        browser.open("about:blank")
        browser.open(f"{net.url('gd')}/entry/#{index}///{code}/{trail}/{witness}")
        browser.one(f"main[data-shown='{index}'] #proof")
        return browser.script("return [...document.querySelectorAll('#proof [data-good]')].map(e => e.dataset.good)"), browser.text("#proof")
    finally:
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": number_})


def test_a_signature_that_does_not_hold_is_said_not_to(country, browser):
    assert entry_with(country, browser, "")[0] == ["true"] * 4
    marks, text = entry_with(country, browser, BENT)
    assert marks == ["true", "true", "false", "false"] and "没有该节点的有效签名" in text and "没有枢纽的有效见证签名" in text


def test_where_the_browser_has_no_ed25519_nothing_is_said_to_hold(country, browser):
    marks, text = entry_with(country, browser, "crypto.subtle.importKey = () => Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError'));")
    assert marks == ["true", "true", "unknown"]
    assert "不支持 Ed25519" in text and f"--node {country.network.url('gd')} --receipt" in text and "rongxin trail verify --receipt" in text
    assert "签名成立" not in text
