"""What the tests of the operators' console share: one country for all their files
(conftest.py), its pages in a browser, and how to read them."""
import time

from browser import Browser, need_browser
from country import Country, code_of
from harness import until

ROLES = {"auditor": "11100000MB00000191", "viewer": "11100000MB0000019V", "deputy": code_of("11100000", 190000001)}
VIEWS = ("overview", "alerts", "departments", "platforms", "members", "member/11100000MB0000019L", "use", "trails", "assessment", "catalogue", "actions", "province/44", "report")
PERSONS = "RONGXIN_HUB_ADMISSION_PERSONS"


class Shared:
    """A country whose troubles are known, and an operator's browser; made when first asked for."""

    def __init__(self):
        self.country, self.browser = None, None
        self.day = today()

    def look(self):
        if self.browser is None:
            need_browser()
            self.country = Country(provinces=["11", "34", "53", "62", "65"], cities=6, items=[1, 8, 11, 12, 14, 17, 23], rows=250)
            self.country.network.environment["RONGXIN_HUB_ALERT_SECONDS"] = "1"
            try:
                prepare(self.country.up())
                self.browser = Browser(self.country.network.run / "net/ca.crt", self.country.network.stem("operator"))
            finally:
                if self.browser is None:
                    self.close()
        return self

    def need_persons(self, persons):
        """The hub's setting admission_persons; it starts anew for another one."""
        network = self.country.network
        if network.environment.get(PERSONS, "1") != str(persons):
            network.environment[PERSONS] = str(persons)
            network.stop("hub")
            network.start("hub")

    def close(self):
        country, browser, self.country, self.browser = self.country, self.browser, None, None
        if browser is not None:
            browser.close()
        if country is not None:
            country.down()


def prepare(country):
    net = country.network
    for role, code in ROLES.items():
        net.cli("key", "member", "--network", net.run / "net", "--out", net.stem(role), "--code", code, "--name", role)
        country.admit({"code": code, "name": role, "kind": "operator", "role": "operator" if role == "deputy" else role})
    told = sum(len(node.leaves) for node in country.nodes)
    until(lambda: country.sql("SELECT coalesce(sum(questions), 0) FROM usage_hourly WHERE item = 0") == [[str(told)]], 30, "all questions are counted")
    country.spoil()
    # What is silent is an alert after 5 seconds: the lights report every two.
    reply = http(country, "POST", "/v1/alerts/rules/node_silent", "operator", {"threshold": 5})
    assert reply.status == 200, reply.body


def http(country, method, path, who="operator", body=None, headers=None):
    return country.network.http("hub", method, path, who, body, headers)


def platform(country, division):
    rows = http(country, "GET", "/v1/platforms").json["platforms"]
    return next(row for row in rows if division in row["divisions"])


def show(browser, country, view):
    """Go there, and wait until every panel has its answer; one that met a cut connection asks again by itself."""
    url = country.network.url("hub") + "/console/"
    if not browser.driver.current_url.startswith(url):
        browser.open(url)
    browser.script("if (location.hash === arguments[0]) dispatchEvent(new HashChangeEvent('hashchange')); else location.hash = arguments[0]", f"#/{view}")
    name = view.split("/")[0]
    browser.until(lambda: browser.script(
        "const all = [...document.querySelectorAll('[data-panel]')]; return document.getElementById('main').dataset.view === arguments[0] && "
        "all.length > 0 && all.every(p => p.getAttribute('aria-busy') === 'false' && p.dataset.state === 'ready')", name), what=view)


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


def submit(browser, *fields):
    """A form in the dialog, then its confirmation."""
    for field, text in fields:
        say(browser, field, text)
    browser.press("#dialog[open] button[value=yes]")
    browser.one("#dialog[open] .small")  # it is kept, says the confirmation
    browser.press("#dialog[open] button[value=yes]")


def today():
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))


def status_of(country, code):
    members = http(country, "GET", "/v1/members").json["members"]
    return next(m["status"] for m in members if m["code"] == code)


def applied(country, code):
    return until(lambda: next(iter(http(country, "GET", f"/v1/applications?state=all&code={code}").json["applications"]), None), 10, "an application")
