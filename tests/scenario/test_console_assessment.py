"""Assessment and provinces in a browser: figures are those of SQL of the test's own; a month is
published and weights are set, each after a confirmation."""
import json

from console import cells, http, number, say, show, today


def month_before():
    year, month = (int(part) for part in today().split("-")[:2])
    return f"{year}-{month - 1:02d}" if month > 1 else f"{year - 1}-12"


def column(browser, panel, label):
    """Name of the row to what stands below that heading."""
    heads = browser.script(f"return [...document.querySelectorAll('[data-panel={panel}] thead th')].map(h => h.innerText)")
    return {row[1]: row[heads.index(label)] for row in cells(browser, f"[data-panel={panel}] tbody tr")}


def test_accuracy_of_a_month_is_that_of_the_rows_handed_in(country, browser):
    month = today()[:7]
    show(browser, country, f"assessment/department/{month}")
    shown = column(browser, "assessment", "准确率")
    counted = country.sql(f"""SELECT m->>'name', sum(q.accepted + q.unchanged), sum(q.rows) FROM quality_daily q JOIN (SELECT (fields->>'document')::json AS m FROM record
        WHERE item = 60002) x ON m->>'code' = q.provider WHERE to_char(day, 'YYYY-MM') = '{month}' GROUP BY 1""")
    assert len(counted) >= 3
    for name, taken, rows in counted:
        assert abs(float(shown[name].removesuffix(" %")) - 100 * int(taken) / int(rows)) <= 0.06, name  # of a share in ten thousandths


def test_a_month_is_published_after_a_confirmation(country, browser):
    month = month_before()
    show(browser, country, f"assessment/department/{month}")
    browser.until(lambda: "尚未发布" in browser.text("[data-panel=assessment]"), what="not yet")
    browser.press("[data-act=publish]")
    browser.press("#dialog[open] button[value='']")
    assert country.sql("SELECT count(*) FROM assessment_published") == [["0"]], "cancelled"
    browser.press("[data-act=publish]")
    browser.press("#dialog[open] button[value=yes]")
    browser.until(lambda: "已发布并签名" in browser.text("[data-panel=assessment]"), what="published")

    assert country.sql("SELECT to_char(month, 'YYYY-MM'), published_by FROM assessment_published") == [[month, "11100000MB0000019L"]]
    assert country.sql("SELECT who, target FROM operator_action WHERE action = 'publish'") == [["11100000MB0000019L", f"{month}-01"]]
    browser.script("URL.createObjectURL = (blob) => { blob.text().then((text) => { window.signed = text; }); return '#/assessment'; }")
    browser.press("[data-act=signed]")
    signed = country.network.folder / "month.jws"
    signed.write_text(browser.until(lambda: browser.script("return window.signed"), what="the signed document"))
    assert month in country.network.cli("quality", "verify", signed, "--network", country.network.run / "net/network.json").stdout
    assert not browser.all("[data-act=publish]"), "once"


def test_weights_are_set_from_the_page_and_older_versions_stay(country, browser):
    show(browser, country, "assessment/department")
    there = len(cells(browser, "[data-panel=weights] tbody tr"))
    browser.press("[data-act=weights]")
    say(browser, "input[name=from]", "2031-01")
    say(browser, "input[name=use]", "40")
    browser.press("#dialog[open] button[value=yes]")
    browser.one("#dialog[open] .small")
    browser.press("#dialog[open] button[value=yes]")
    browser.until(lambda: len(cells(browser, "[data-panel=weights] tbody tr")) == there + 1, what="one more version")
    (weights,), = country.sql("SELECT weights FROM assessment_weights WHERE from_month = '2031-01-01'")
    assert json.loads(weights)["use"] == 40 and json.loads(weights)["accuracy"] == 15
    assert ["11100000MB0000019L"] in country.sql("SELECT who FROM operator_action WHERE action = 'weights'")
    assert http(country, "GET", "/v1/assessment?by=nation").json["weights_version"] == 1, "that month is far"


def test_a_provinces_items_are_those_of_the_quality_facts(country, browser):
    show(browser, country, "province/44")
    heads = browser.script("return [...document.querySelectorAll('[data-panel=items] thead th')].map(h => h.innerText)")
    rows = {row[0].split()[0]: row for row in cells(browser, "[data-panel=items] tbody tr")}
    counted = country.sql(f"""SELECT item, sum(rows), sum(rejected) FROM quality_daily WHERE left(division, 2) = '44' AND day > date '{today()}' - 30 GROUP BY item""")
    assert len(counted) >= 5
    for item, handed, rejected in counted:
        row = rows[item]
        share = int(rejected) / int(handed)
        assert (number(row[heads.index("近 30 天行数")]), row[heads.index("拒收")]) == (int(handed), f"{100 * share:.{2 if 0.995 < share < 1 else 1}f} %"), row
