"""Objections on the departments' page, in a real browser: what waits, until when, what proves it, and each answer."""
import hashlib
import subprocess

import pytest
from browser import Browser, need_browser
from harness import Network, rows_of, until, uscc_is_right
from selenium.webdriver.common.keys import Keys

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


@pytest.fixture(scope="module")
def network():
    need_browser()
    net = Network()
    try:
        yield net.up()
    finally:
        net.down()


@pytest.fixture(scope="module")
def cases(network):
    """Four filings: one that another is joined to, a repair that is due soon, one that is overdue."""
    assert network.submit(1, network.gen(1, 30, 51, "--division", "4401"), "o-1").status == 200
    penalties = network.gen(11, 40, 51, "--division", "4401")
    assert network.submit(11, penalties, "o-11").status == 200
    network.agree("gz", "4401")
    rows = {r["uscc"]: r for r in rows_of(penalties) if uscc_is_right(r["uscc"]) and network.ask(r["uscc"], items=[11]).status == 200}
    right, late, paid = list(rows.values())[:3]
    named = [{"name": "撤销决定书.png", "sha256": hashlib.sha256(PNG).hexdigest()}, {"name": "没有送达.pdf", "sha256": "ab" * 32}]

    def file(name, row, reason, **more):
        who = network.subject_identity(row["uscc"])
        until(lambda: network.http("gz", "GET", "/v1/objections", who).status == 200, 30, "known at the node")
        body = {"id": name, "subject": row["uscc"], "item": 11, "key": [row["document_number"]], "reason": reason,
                "text": f"{name}：处罚决定已被撤销，记录有误。", "time": "2026-11-23T08:00:00Z", **more}
        reply = network.http("gz", "POST", "/v1/objections", who, body, {"Content-Type": "application/json"})
        assert reply.status == 202, reply.body
        until(lambda: at_hub(network, name), 30, "at the hub")
        return who

    who = file("right", right, "wrong", materials=named)
    path = f"/v1/objections/right/materials/{named[0]['sha256']}"
    assert network.http("gz", "PUT", path, who, PNG, {"Content-Type": "application/octet-stream"}).status == 202
    until(lambda: at_hub(network, "right").get("received"), 30, "its material is at the hub")
    file("again", right, "outdated")
    file("late", late, "not_ours")
    file("paid", paid, "fulfilled")
    sql(network, "UPDATE objection SET filed_at = now() - interval '21 days', due_at = now() - interval '25 hours' WHERE id = 'late'")
    sql(network, "UPDATE objection SET filed_at = now() - interval '17 days', due_at = now() + interval '71 hours' WHERE id = 'paid'")
    return {"right": right, "late": late, "paid": paid}


@pytest.fixture(scope="module")
def browser(network, cases):
    browser = Browser(network.run / "net/ca.crt", network.stem("dept"))
    try:
        browser.open(network.url("hub") + "/dept/#objections")
        browser.one("main[data-view=objections] [data-objection]")
        yield browser
    finally:
        browser.close()


def at_hub(network, name):
    reply = network.http("hub", "GET", "/v1/objections", "dept")
    assert reply.status == 200, reply.body
    return next((o for o in reply.json["objections"] if o["id"] == name), None)


def state(network, name):
    return sql(network, f"SELECT state FROM objection WHERE id = '{name}'")


def sql(network, statement):
    done = subprocess.run(["psql", "-XAtq", "-d", network.ready("hub")["pg"], "-c", statement], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def mark(network, row):
    """State of the record in a report of the city."""
    for item in network.ask(row["uscc"], items=[11]).json["items"]:
        for record in item["records"]:
            if record.get("fields", record).get("document_number") == row["document_number"]:
                return record.get("state", "current")
    return None


def shown(browser):
    return browser.script("return [...document.querySelectorAll('[data-objection]')].map(c => c.dataset.objection)")


def choose(browser, which):
    browser.script("const e = document.getElementById('which'); e.value = arguments[0]; e.dispatchEvent(new Event('change', {bubbles: true}))", which)


def open_answer(browser, name, verb):
    browser.press(f"[data-objection='{name}'] [data-do={verb}]")
    browser.one("dialog[open]")


def write(browser, text):
    browser.script("document.querySelector('dialog [name=note]').value = arguments[0]", text)


def confirm(browser, word):
    browser.press("dialog[open] [data-do=confirm]")
    browser.until(lambda: browser.text("#said").endswith(word), what=f"it says {word}")
    assert browser.all("dialog[open]") == []


def test_the_most_urgent_comes_first_and_says_until_when(network, browser):
    assert shown(browser) == ["late", "paid", "right", "again"]
    assert browser.text("#open-count") == "待办 4 件"
    clocks = browser.script("return [...document.querySelectorAll('[data-objection]')].map(c => c.querySelector('.clock').innerText.trim().split('（')[0])")
    assert clocks == ["已超期 1 天", "只剩 3 天", "还有 20 天", "还有 20 天"]
    assert "已超期 1 件" in browser.text("#list .late") and "1 件将在 5 天内到期" in browser.text("#list > .soon")
    assert browser.script("return document.querySelector('[data-objection=again] [data-do=accept]')") is None, "it is decided with the other"
    assert "与 right 针对同一记录" in browser.text("[data-objection=again]") and "并案：again" in browser.text("[data-objection=right]")


def test_what_is_said_what_proves_it_and_the_record_are_there(network, cases, browser, tmp_path):
    card = browser.text("[data-objection=right]")
    for words in ("right：处罚决定已被撤销", "内容与事实不符", cases["right"]["uscc"], cases["right"]["document_number"], "没有送达.pdf （尚未送达）"):
        assert words in card, words
    browser.driver.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    browser.press("[data-objection=right] [data-material]")
    file = tmp_path / "撤销决定书.png"
    browser.until(lambda: file.exists() and file.read_bytes() == PNG, what="the material is saved under its name")
    browser.press("[data-objection=right] [data-do=records]")
    browser.until(lambda: cases["right"]["facts"] in browser.text("[data-objection=right] table"), what="the record as the ledger holds it")
    papers = browser.script("return [...document.querySelectorAll('[data-objection=right] [data-paper]')].map(a => a.getAttribute('href'))")
    assert papers == ["/v1/objections/right/papers/application?lang=zh"]
    page = network.http("hub", "GET", papers[0], "dept", headers={"Accept": "text/html"})
    assert page.status == 200 and "信用信息异议申请表" in page.body.decode()


def test_by_keyboard_alone_and_nothing_happens_unless_it_is_confirmed(network, browser):
    button = browser.one("[data-objection=late] [data-do=refuse]")
    button.send_keys(Keys.ENTER)
    dialog = browser.one("dialog[open]")
    assert browser.script("return document.querySelector('dialog').contains(document.activeElement)"), "the focus is in the dialog"
    assert browser.script("return document.getElementById(document.querySelector('dialog').getAttribute('aria-labelledby')).innerText") == "不予受理"
    dialog.send_keys(Keys.ESCAPE)
    browser.until(lambda: browser.all("dialog[open]") == [], what="Esc closes it")
    assert browser.script("return document.activeElement.dataset.do") == "refuse", "the focus is where it was"

    button.send_keys(Keys.ENTER)
    browser.one("dialog[open] [data-do=confirm]").send_keys(Keys.ENTER)
    assert browser.script("return document.querySelector('dialog form').checkValidity()") is False, "the subject is told why"
    assert state(network, "late") == "filed"
    browser.one("dialog[open] [name=note]").send_keys("不属于异议范围")
    browser.one("dialog[open] [data-do=confirm]").send_keys(Keys.ENTER)
    browser.until(lambda: browser.text("#said") == "late：不予受理", what="it is said")
    assert state(network, "late") == "refused" and shown(browser) == ["paid", "right", "again"]
    assert browser.script("return document.activeElement.id") == "main", "what is left is read"


def test_from_accepting_to_a_correction_which_ends_what_is_joined(network, cases, browser):
    open_answer(browser, "right", "accept")
    confirm(browser, "办理中")
    until(lambda: mark(network, cases["right"]) == "disputed", 5, "marked at the city")
    assert browser.script("return document.activeElement.closest('[data-objection]').dataset.objection") == "right"
    open_answer(browser, "right", "suspend")
    write(browser, "等待核实")
    confirm(browser, "暂停办理")
    browser.until(lambda: "期限停止计算" in browser.text("[data-objection=right] .clock"), what="the clock stands still")
    open_answer(browser, "right", "resume")
    confirm(browser, "办理中")

    open_answer(browser, "right", "decide")
    assert not browser.one("dialog .check").is_displayed()
    browser.press("dialog [value=corrected]")
    write(browser, "经核查更正")
    browser.press("dialog [data-do=confirm]")
    browser.until(lambda: "先报送更正后的记录" in browser.text("dialog [role=alert]"), what="nothing was corrected yet")
    assert state(network, "right") == "accepted"
    browser.press("dialog [name=withdraw]")
    confirm(browser, "已更正")
    assert shown(browser) == ["paid"] and (state(network, "right"), state(network, "again")) == ("corrected", "corrected")
    until(lambda: mark(network, cases["right"]) is None, 5, "withdrawn at the city")


def test_a_repair_has_outcomes_of_its_own(network, cases, browser):
    open_answer(browser, "paid", "accept")
    confirm(browser, "办理中")
    open_answer(browser, "paid", "decide")
    assert browser.script("return [...document.querySelectorAll('dialog [name=outcome]')].map(e => e.value)") == ["repaired", "upheld"]
    browser.press("dialog [value=repaired]")
    write(browser, "准予修复")
    confirm(browser, "已修复")
    until(lambda: mark(network, cases["paid"]) == "repaired", 5, "repaired at the city")
    assert "没有。" in browser.text("#list")


def test_what_is_answered_can_be_looked_up(network, browser):
    choose(browser, "refused")
    browser.until(lambda: shown(browser) == ["late"], what="what was refused")
    assert "不属于异议范围" in browser.text("[data-objection=late]") and "不予受理通知书" in browser.text("[data-objection=late]")
    assert browser.all(".acts") == []
    choose(browser, "corrected")
    browser.until(lambda: sorted(shown(browser)) == ["again", "right"], what="what was corrected")
    assert "处理结果告知书" in browser.text("[data-objection=right]")
    choose(browser, "terminated")
    browser.until(lambda: "没有。" in browser.text("#list"), what="none was")


def test_two_about_different_records_are_joined_by_hand(network, cases, browser):
    """Until one of them is answered: then the other is, too."""
    row, who = cases["paid"], network.subject_identity(cases["paid"]["uscc"])
    for name, item in (("first", 11), ("second", 1)):
        body = {"id": name, "subject": row["uscc"], "item": item, "reason": "wrong", "text": "同一处罚已撤销", "time": "2026-11-23T08:00:00Z"}
        reply = network.http("gz", "POST", "/v1/objections", who, body, {"Content-Type": "application/json"})
        assert reply.status == 202, reply.body
        until(lambda: at_hub(network, name), 30, "at the hub")
    browser.driver.refresh()
    open_answer(browser, "second", "join")
    assert browser.script("return [...document.querySelectorAll('dialog [name=to] option')].map(o => o.value)") == ["first"]
    write(browser, "同一事由")
    confirm(browser, "待受理")
    assert shown(browser) == ["first", "second"] and "与 first 合并办理" in browser.text("[data-objection=second]")
    assert browser.script("return [...document.querySelectorAll('[data-objection=second] [data-do]')].map(b => b.dataset.do)") == ["records", "part"]
    assert sql(network, "SELECT together || together_note FROM objection WHERE id = 'second'") == "first同一事由"
    open_answer(browser, "first", "refuse")
    write(browser, "不属于异议范围")
    confirm(browser, "不予受理")
    assert (state(network, "second"), shown(browser)) == ("refused", [])


def test_operators_answer_what_several_departments_handed_in(network, cases):
    sql(network, "UPDATE objection SET provider = '', state = 'filed', ended_at = NULL, together = NULL WHERE id = 'second'")
    operator = Browser(network.run / "net/ca.crt", network.stem("operator"))
    try:
        operator.open(network.url("hub") + "/dept/")
        operator.until(lambda: shown(operator) == ["second"], what="those that no single department answers")
        assert "不归单一部门" in operator.text("[data-objection=second]") and len(operator.all("#nav a")) == 2
        open_answer(operator, "second", "refuse")
        write(operator, "不属于异议范围")
        confirm(operator, "不予受理")
        assert state(network, "second") == "refused"
        operator.script("const e = document.getElementById('whose'); e.value = ''; e.dispatchEvent(new Event('change', {bubbles: true}))")
        choose(operator, "refused")
        operator.until(lambda: {"late", "first"} <= set(shown(operator)), what="all departments' can be looked at")
        assert "归集演示部门" in operator.text("[data-objection=late]")
    finally:
        operator.close()


def test_it_speaks_english_and_fits_a_phone(network, browser):
    sql(network, "UPDATE objection SET state = 'accepted', ended_at = NULL WHERE id = 'paid'")
    browser.resize(390, 844)
    choose(browser, "open")
    browser.until(lambda: shown(browser) == ["paid"], what="the list is drawn")
    browser.press("#language")
    browser.until(lambda: browser.text("h1") == "Objections" and "the duty is done" in browser.text("#list"), what="it is in English")
    open_answer(browser, "paid", "decide")
    text = browser.text("main") + browser.text("dialog")
    assert [c for c in "待办期限理由说明" if c in text.replace(browser.text("[data-objection=paid] dl"), "")] == []
    for wide in ("document.documentElement", "document.querySelector('dialog')"):
        assert browser.script(f"return {wide}.scrollWidth - {wide}.clientWidth") <= 0, f"{wide} scrolls sideways"
    assert browser.script("return [...document.querySelectorAll('input, select, textarea')].every(e => e.labels.length === 1)")
    browser.press("dialog [type=button]")
    assert [line for line in browser.said() if "409" not in str(line)] == []
