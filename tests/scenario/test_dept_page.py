"""The departments' page in a real browser: batches in, findings out and in again,
figures that are those of the hub's database."""
import csv
import io
import re
import subprocess
import time

import pytest
from browser import Browser, need_browser
from harness import Network, rows_of, until, uscc_is_right

pytestmark = pytest.mark.usefixtures("one_day")

DEPT = "11100000MB00000510"
PAGES = ("/dept/", "/dept/app.js", "/base/dom.js")  # departments and operators
OWN = ("/v1/feeds", "/v1/usage/own")  # departments alone
HEADER = "uscc,文号,违法事实,处罚类别,处罚决定日期,处罚机关\n"
PURPOSES = {"pre_loan": 7, "in_loan": 3, "customer_screening": 2}


@pytest.fixture(scope="module")
def network():
    need_browser()
    net = Network()
    try:
        yield net.up()
    finally:
        net.down()


@pytest.fixture(scope="module")
def codes(network):
    """Companies of Guangzhou, with three batches handed in and twelve questions told to the hub."""
    companies = network.gen(1, 30, 51, "--division", "4401")
    known = [r["uscc"] for r in rows_of(companies) if uscc_is_right(r["uscc"])]
    assert network.submit(1, companies, "page-1").status == 200
    assert network.submit(12, network.gen(12, 40, 52, "--division", "4401"), "page-12").status == 200
    body = HEADER + "".join(penalty(code, f"p-{n}", "2031-02-30" if n < 3 else "2024-03-28") for n, code in enumerate(known[:8]))
    assert network.submit(11, body, "page-11/bad").json["rejected"] == 3
    network.agree("gz", "4401")
    for purpose, times in PURPOSES.items():
        for code in known[:times]:
            assert network.ask(code, items=[1], purpose=purpose).status == 200
    until(lambda: sql(network, "SELECT sum(questions) FROM usage_hourly WHERE item = 1") == [["12"]], 30, "the node has told of its questions")
    return known


@pytest.fixture(scope="module")
def browser(network, codes):
    browser = Browser(network.run / "net/ca.crt", network.stem("dept"))
    try:
        browser.open(network.url("hub"))
        browser.one("main[data-view=batches]")
        yield browser
    finally:
        browser.close()


def penalty(uscc, number, decided):
    return f"{uscc},{number},虚假广告,罚款,{decided},广州市市场监督管理局\n"


def sql(network, statement):
    done = subprocess.run(["psql", "-XAtq", "-F", "|", "-d", network.ready("hub")["pg"], "-c", statement],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [line.split("|") for line in done.stdout.splitlines()]


def view(browser, name, wait=""):
    browser.script("location.hash = arguments[0]", f"#{name}")
    browser.one(f"main[data-view={name.split('/')[0]}] {wait}")


def rows(browser, selector):
    return browser.script("return [...document.querySelectorAll(arguments[0])].map(r => [...r.cells].map(c => c.innerText))", selector)


def figure(browser, name):
    return browser.text(f"[data-figure={name}] strong").replace(",", "")


def choose(browser, selector, value):
    browser.script("const e = document.querySelector(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('change', {bubbles: true}))",
                   selector, str(value))


def hand_in(browser, file, item=None, batch=None):
    if item:
        choose(browser, "#to-item", item)
    if batch:
        choose(browser, "#to-id", batch)
    browser.one("#to-file").send_keys(str(file))
    browser.press("#send")


def test_batches_and_receipts_are_those_of_the_ledger(network, browser):
    view(browser, "batches", "[data-batch]")
    found = sql(network, f"""
        SELECT id, rows, accepted, unchanged, rejected, warned, (SELECT count(*) FROM finding_row r WHERE r.batch = b.number AND closed_by IS NULL)
        FROM feed_batch b WHERE provider = '{DEPT}' ORDER BY number DESC""")

    shown = rows(browser, "#list tbody tr")
    assert [[r[0], *r[4:9]] for r in shown] == [r[:6] for r in found] and len(found) == 3
    assert [int(re.match(r"\d*", r[9])[0] or 0) for r in shown] == [int(r[6]) for r in found]
    browser.press("[data-batch='page-12'] [data-do=show-receipt]")
    card = browser.text("[data-receipt='page-12']")
    receipt = network.http("hub", "GET", "/v1/feeds/12/batches/page-12", "dept").json
    assert f"{receipt['streams'][0]['stream']} {receipt['streams'][0]['first']}–" in card and "已入库" in card
    choose(browser, "#item", 1)
    browser.until(lambda: [r[0] for r in rows(browser, "#list tbody tr")] == ["page-1"], what="item 1 only")


def test_the_list_of_batches_comes_in_pages_and_is_the_asker_s_own(network, codes):
    found, after = [], 0
    while after is not None:
        page = network.http("hub", "GET", f"/v1/feeds?limit=1&after={after}", "dept").json
        found += [b["batch"] for b in page["batches"]]
        after = page["next"]
    assert found == ["page-11/bad", "page-12", "page-1"]
    assert network.http("hub", "GET", "/v1/feeds?item=x", "dept").status == 400
    assert network.http("hub", "GET", "/v1/usage/own?from=x", "dept").status == 400


def test_a_corrected_csv_closes_its_findings(network, codes, browser, tmp_path):
    browser.driver.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    view(browser, "findings", "[data-line]")
    assert "统一社会信用代码" in browser.text("#list"), "fields of all items have their names too"
    browser.press("a[href='#findings/11/page-11%2Fbad']")
    browser.until(lambda: len(rows(browser, "#list tbody tr[data-state=open]")) == 3, what="three rows to correct")
    assert "拒收" in browser.text("#list") and "处罚决定日期" in browser.text("#list")
    browser.press("[data-do=download]")
    file = tmp_path / "page-11_bad.to-correct.csv"
    browser.until(file.exists, what="the CSV is saved")
    text = browser.until(file.read_text, what="it is written")
    assert len(list(csv.DictReader(io.StringIO(text)))) == 3 and "2031-02-30" in text

    corrected = tmp_path / "corrected.csv"
    corrected.write_text(text.replace("2031-02-30", "2024-02-29"))
    hand_in(browser, corrected)
    browser.until(lambda: "已入库，3 行，拒收 0" in browser.text("#said"), what="the receipt is shown")
    browser.until(lambda: len(rows(browser, "#list tbody tr[data-state=closed]")) == 3, what="the findings are closed")
    assert browser.one("[data-receipt^='page-11/bad.fix-'][data-state=committed]")
    assert sql(network, "SELECT count(*) FROM finding_row r JOIN feed_batch b ON b.number = r.batch "
                        "WHERE b.id = 'page-11/bad' AND closed_by IS NULL") == [["0"]]
    browser.press("[data-do=download]")
    browser.until(lambda: "没有可下载的待整改行" in browser.text("#said"), what="nothing is left to correct")


def test_more_rows_than_a_page_come_as_one_file(network, codes, browser, tmp_path):
    browser.driver.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    body = HEADER + "".join(penalty(codes[11], f"l-{n}", "2031-02-30" if n < 1020 else "2024-03-28") for n in range(6000))
    assert network.submit(11, body, "page-long").json["rejected"] == 1020
    view(browser, "findings/11/page-long", "[data-line]")
    browser.press("#list [data-do=more]")
    browser.until(lambda: len(rows(browser, "#list tbody tr")) == 400, what="the second page is shown below the first")
    browser.press("[data-do=download]")
    file = tmp_path / "page-long.to-correct.csv"
    browser.until(file.exists, what="the CSV is saved")
    found = [r["文号"] for r in csv.DictReader(io.StringIO(browser.until(file.read_text, what="it is written")))]
    assert found == [f"l-{n}" for n in range(1020)]


def test_what_other_records_decide_is_not_for_correcting(network, browser):
    view(browser, "findings/12/page-12")
    browser.until(lambda: "page-12" in browser.text("h1"), what="the batch's findings")
    browser.press("[data-do=download]")
    browser.until(lambda: "相关记录到齐后重新报送原文件" in browser.text("#said"), what="what to do is said")


def test_a_file_of_either_charset_goes_in_and_a_used_id_does_not(network, codes, browser, tmp_path):
    file = tmp_path / "旧系统.csv"
    file.write_bytes((HEADER + penalty(codes[9], "gb-1", "2024-03-28")).encode("gb18030"))
    view(browser, "batches", "#to-file")
    hand_in(browser, file, 11, "page-gb")
    browser.until(lambda: "批次 page-gb：已入库，1 行，拒收 0" in browser.text("#said"), what="it is taken")
    assert sql(network, f"SELECT fields::text LIKE '%虚假广告%' FROM record WHERE item = 11 AND subject = '{codes[9]}'") == [["t"]]
    browser.one("#list [data-batch='page-gb']")

    file.write_text(HEADER + penalty(codes[10], "gb-2", "2024-03-28"))
    hand_in(browser, file, 11, "page-gb")
    browser.until(lambda: "此批次号已用于其他内容" in browser.text("#said"), what="the id is taken")
    hand_in(browser, file, 11, "a b")
    browser.until(lambda: "无空格" in browser.text("#said"), what="the id is none")
    assert sql(network, "SELECT count(*) FROM feed_batch WHERE id IN ('page-gb', 'a b')") == [["1"]]


def test_how_far_an_upload_is_can_be_seen(network, codes, browser, tmp_path):
    file = tmp_path / "slow.csv"
    file.write_text(HEADER + "".join(penalty(codes[12], f"slow-{n}", "2024-03-28") for n in range(4000)))
    view(browser, "batches", "#to-file")
    browser.driver.execute_cdp_cmd("Network.enable", {})
    browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {
        "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200000})
    hand_in(browser, file, 11, "page-slow")
    browser.until(lambda: re.search(r"已上传 .*（\d+\.\d %）", browser.text("#said")), what="progress is said")
    assert 0 < float(browser.script("return document.querySelector('progress').value")) <= 1
    browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {
        "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})
    browser.until(lambda: "批次 page-slow：已入库，4,000 行，拒收 0" in browser.text("#said"), what="it is taken")


def test_quality_figures_are_those_of_the_facts(network, browser):
    view(browser, "quality", "[data-figure=rows]")
    (whole, rejected, due, present, open_rows), = sql(network, f"""
        SELECT (SELECT sum(rows) FROM quality_daily WHERE provider = '{DEPT}'), (SELECT sum(rejected) FROM quality_daily WHERE provider = '{DEPT}'),
            (SELECT sum(rows) FROM quality_field_daily WHERE provider = '{DEPT}'), (SELECT sum(present) FROM quality_field_daily WHERE provider = '{DEPT}'),
            (SELECT count(*) FROM finding_row WHERE provider = '{DEPT}' AND closed_by IS NULL)""")

    assert [figure(browser, n) for n in ("rows", "rejected", "complete", "open")] == [
        whole, f"{100 * int(rejected) / int(whole):.1f} %", f"{100 * int(present) / int(due):.1f} %", open_rows]
    (eleven,) = [r for r in rows(browser, "tr[data-item='11']")]
    assert [n.replace(",", "") for n in eleven[1:6]] == sql(network, f"SELECT sum(rows), sum(accepted), sum(unchanged), sum(rejected), sum(warned) FROM quality_daily "
                                       f"WHERE provider = '{DEPT}' AND item = 11")[0]
    choose(browser, "#item", 11)
    browser.until(lambda: f"共 {eleven[1]}，拒收 {eleven[4]}" in browser.script("return document.querySelector('.bars').getAttribute('aria-label')"), what="the trend of one item")
    assert sum(int(r[2].replace(",", "")) for r in rows(browser, "[data-rule]") if r[1] == "拒收") == int(rejected)


def test_use_is_counted_by_item_and_purpose_and_names_nobody(network, browser):
    view(browser, "use", "tr[data-item]")
    found = {p: int(n) for p, n in sql(network, "SELECT purpose, sum(questions) FROM usage_hourly WHERE item = 1 GROUP BY 1")}
    assert sorted(found.values()) == sorted(PURPOSES.values())
    assert [figure(browser, "shown"), figure(browser, "used")] == ["12", "1 / 37"]
    assert {p: int(figure(browser, p)) for p in PURPOSES} == PURPOSES

    reply = network.http("hub", "GET", "/v1/usage/own", "dept")
    assert sum(d["questions"] for d in reply.json["days"]) == 12 and {i["item"] for i in reply.json["items"]} == {1}
    assert b"91440101MA000RX19U" not in reply.body and set(reply.json) == {"items", "days"}
    assert network.http("hub", "GET", "/v1/usage/own?to=2024-01-01&from=2023-12-01", "dept").json == {"items": [], "days": []}
    assert sql(network, "SELECT item, day, purpose, questions FROM usage_item_daily ORDER BY 1, 2, 3") == sql(
        network, "SELECT item, (hour AT TIME ZONE 'UTC' + interval '8 hours')::date, purpose, sum(questions) FROM usage_hourly "
                 "WHERE item > 0 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")


def test_what_is_due_is_what_the_database_says(network, browser):
    view(browser, "due", "tr[data-item]")
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
    found = {item: (last, due, late) for item, last, due, late in sql(
        network, f"SELECT item, last_day, due_day, late FROM quality_due('{today}') WHERE provider = '{DEPT}'")}

    shown = {r[0].split()[0]: r for r in rows(browser, "tr[data-item]")}
    assert set(shown) == set(found) and len(found) == 37
    for item, (last, due, late) in found.items():
        assert [shown[item][3], shown[item][4]] == [last or "–", due or "–"]
        assert (shown[item][1] in ("逾期", "从未报送")) == (late == "t")


def test_other_members_get_neither_page_nor_answers(network, codes):
    for who, paths in (("bank", PAGES + OWN), ("operator", OWN), ("gz", PAGES + OWN)):
        for path in paths:
            reply = network.http("hub", "GET", path, who)
            assert (reply.status, reply.json["type"]) == (403, "urn:rongxin:problem:member_kind"), (who, path)
    assert network.http("hub", "GET", "/", "operator").headers["location"] == "/console/"
    assert network.http("hub", "GET", "/console/", "dept").status == 403
    for path in ("/v1/departments?provider=11100000MB0000019L", "/v1/departments"):
        assert {i["provider"] for i in network.http("hub", "GET", path, "dept").json["items"]} == {DEPT}


def test_a_department_sees_its_own_and_no_other_s(network, codes):
    """Another one, which provides items 1 and 12 and has handed in one batch."""
    code = "11100000MB00000940"
    network.cli("key", "member", "--network", network.run / "net", "--out", network.stem("dept2"), "--code", code, "--name", "另一部门")

    def provides(items):
        reply = network.http("hub", "POST", "/v1/members", "operator",
                             {"code": code, "name": "另一部门", "kind": "department", "items": items}, {"Content-Type": "application/json"})
        assert reply.status in (200, 201), reply.body

    def used():
        return network.http("hub", "GET", "/v1/usage/own", "dept2").json

    provides([1, 12])
    until(lambda: network.http("hub", "GET", "/v1/me", "dept2").json.get("items") == [1, 12], what="it is a member")
    assert network.submit(12, network.gen(12, 3, 54, "--division", "4401"), "its", "dept2").status == 200
    assert [b["batch"] for b in network.http("hub", "GET", "/v1/feeds", "dept2").json["batches"]] == ["its"]
    assert "its" not in [b["batch"] for b in network.http("hub", "GET", "/v1/feeds", "dept").json["batches"]]
    assert network.http("hub", "GET", "/v1/feeds/1/batches/page-1", "dept2").status == 404
    assert sum(d["rows"] for d in network.http("hub", "GET", f"/v1/trend?provider={DEPT}", "dept2").json["days"]) == 3
    assert sum(i["questions"] for i in used()["items"]) == 12
    provides([12])
    until(lambda: used() == {"items": [], "days": []}, 10, "of items that are no longer its own it is told nothing")


def test_it_speaks_english_fits_a_phone_and_labels_its_fields(network, browser):
    browser.resize(390, 844)
    for name in ("batches", "findings", "findings/11/page-11%2Fbad", "quality", "use", "due"):
        view(browser, name, "h1")
        wide = browser.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} scrolls sideways"
        assert browser.script("return [...document.querySelectorAll('input, select')].every(e => e.labels.length === 1)"), f"{name}: every field has a label"
    browser.press("#language")
    browser.until(lambda: browser.text("h1") == "Schedule", what="it is in English")
    assert browser.script("return document.documentElement.lang") == "en"
    browser.press("#language")
    browser.until(lambda: browser.text("h1") == "报送日程", what="it is in Chinese")
    browser.resize(1280, 900)


def test_nothing_runs_inline_and_nothing_comes_from_elsewhere(network, browser):
    reply = network.http("hub", "GET", "/dept/", "dept")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    names = browser.script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert [n for n in names if not n.startswith((network.url("hub"), "blob:"))] == []
    assert [line for line in browser.said() if "409" not in str(line)] == []
    for path in ("/dept/../index.html", "/dept/package.json", "/base/../../x", "/base/none.js"):
        assert network.http("hub", "GET", path, "dept").status in (400, 404), path
