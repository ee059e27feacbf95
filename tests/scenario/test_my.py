"""The enterprise's page in a real browser: its data, who saw it, its consents."""
import json


import pytest
from browser import Browser, need_browser
from harness import Network, rows_of, until, uscc_is_right

BANK = "91440101MA000RX19U"


@pytest.fixture(scope="module")
def network():
    """Its nodes know where the others answer."""
    net = Network()
    net.environment["RX_ELSEWHERE"] = "5"
    try:
        yield net.up()
    finally:
        net.down()


@pytest.fixture(scope="module")
def subject(network):
    need_browser()
    for item in (1, 11, 19):
        assert network.submit(item, network.gen(item, 20, 12, "--division", "4401"), f"my-{item}").status == 200
    network.agree("gz", "4401")
    known = [r["uscc"] for r in rows_of(network.gen(1, 20, 12, "--division", "4401")) if uscc_is_right(r["uscc"])]
    code = max(known, key=lambda u: len(network.ask(u).body))
    who = network.subject_identity(code, "我的企业")
    until(lambda: network.ask(code, who=who, purpose="self").status == 200, what="the subject is a member")
    return code


@pytest.fixture(scope="module")
def browser(network, subject):
    browser = Browser(network.run / "net/ca.crt", network.stem(f"subject-{subject}"), size=(400, 850))
    try:
        browser.open(network.url("gz"))
        browser.one("main[data-view=report]")
        yield browser
    finally:
        browser.close()


def view(browser, name):
    browser.script(f"location.hash = '#{name}'")
    browser.one(f"main[data-view={name}]")


def choose(browser, selector, value):
    browser.script("const e = document.querySelector(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('change', {bubbles: true}))",
                   selector, value)


def load_key(browser, network, subject):
    stem = network.stem(f"subject-{subject}")
    browser.one("#key").send_keys(f"{stem}.key\n{stem}.crt")
    browser.until(lambda: f"subject-{subject}.key" in browser.text("#said"), what="the key is loaded")


def test_what_is_held_about_me_is_shown_and_that_i_asked_is_in_the_trail(network, subject, browser):
    view(browser, "report")
    page = browser.script("return document.body.innerText")
    report = network.ask(subject, who=f"subject-{subject}", purpose="self").json
    name = report["items"][0]["records"][0]["name"]
    assert name in page and "我的企业" in page and subject in page
    assert "行政处罚信息 [负面]" in page, "what counts against me is marked"
    assert "法定代表人" in page, "my own protected fields are mine to see"
    seen = network.http("gz", "GET", "/v1/accesses", f"subject-{subject}").json["accesses"]
    assert any(s["access"]["purpose"] == "self" and s["access"]["action"] == "report" for s in seen)


def test_a_consent_signed_in_the_browser_opens_what_it_says_and_nothing_else(network, subject, browser):
    assert network.ask(subject, items=[19]).json["items"] == []
    view(browser, "give")
    load_key(browser, network, subject)
    choose(browser, "#bank", BANK)
    browser.press("#items input[value='19']")
    browser.press("#sign")
    browser.until(lambda: "授权已登记" in browser.text("#said"), what="the consent is registered")
    given = network.http("gz", "GET", "/v1/consents", f"subject-{subject}").json["consents"]
    assert [(c["claims"]["grantee"], c["claims"]["items"], c["grantee_name"]) for c in given] == [(BANK, [19], "广州演示银行")]
    consent = given[0]["id"]
    until(lambda: network.http("gz", "GET", f"/v1/consents/{consent}", "bank").json["state"] == "active", what="it is active")
    assert [i["item"] for i in network.ask(subject, items=[19], consent=consent).json["items"]] == [19]
    assert network.ask(subject, items=[19], consent=consent, who="bank2").json["items"] == []


def test_it_is_paused_resumed_and_revoked_on_the_page(network, subject, browser):
    consent = network.http("gz", "GET", "/v1/consents", f"subject-{subject}").json["consents"][0]["id"]
    card = f"[data-consent='{consent}']"

    def bank_sees():
        return [i["item"] for i in network.ask(subject, items=[19], consent=consent).json["items"]] == [19]

    view(browser, "consents")

    def used():
        browser.press(f"{card} [data-do=history]")
        return "信用报告" in "".join(e.text for e in browser.all(f"{card} [data-entry]"))

    browser.until(used, what="who used it is named")
    browser.press(f"{card} [data-do=pause]")
    browser.one(f"{card}[data-state=paused]")
    assert not bank_sees()
    browser.press(f"{card} [data-do=resume]")
    browser.one(f"{card}[data-state=active]")
    assert bank_sees()
    browser.press(f"{card} [data-do=revoke]")
    assert bank_sees(), "one press does not revoke for ever"
    browser.press(f"{card} [data-do=revoke-sure]")
    browser.one(f"{card}[data-state=revoked]")
    assert not bank_sees()


def test_who_saw_me_is_named_with_the_reason(network, subject, browser):
    index = network.ask(subject, purpose="in_loan").json["receipt"]["index"]

    def card():
        view(browser, "consents")
        view(browser, "accesses")
        return "".join(e.text for e in browser.all(f"[data-entry='{index}']"))

    told = browser.until(card, what="the entry is in a checkpoint and shown")
    assert "广州市融资信用服务平台：截至" in browser.text("#list")
    assert "广州演示银行" in told and "贷中审批" in told


def test_all_nodes_are_asked_with_a_signature_made_here(network, subject, browser):
    view(browser, "accesses")
    load_key(browser, network, subject)
    browser.press("#all-nodes")
    browser.until(lambda: len(browser.all("#list > section")) == 3, what="three nodes have answered")
    told = browser.text("#list")
    for name in ("广东省融资信用服务平台：截至", "广州市融资信用服务平台：截至", "深圳市融资信用服务平台：截至"):
        assert name in told


def test_the_key_never_leaves_the_browser(network, subject, browser):
    """What was sent since the beginning: nowhere a part of the private key."""
    secret = "".join(network.stem(f"subject-{subject}").with_suffix(".key").read_text().split("-----")[2].split())
    logs = "".join(p.read_text(errors="replace") for p in (network.run / "log").glob("*.log"))
    assert secret[40:80] not in logs
    stored = browser.script("return JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie])")
    assert "language" in stored or stored == '[[],[],""]'
    assert secret[40:80] not in stored and secret[40:80] not in browser.script("return document.documentElement.outerHTML")


def act(network, name, verb, **body):
    reply = network.http("hub", "POST", f"/v1/objections/{name}/{verb}", "dept", body, {"Content-Type": "application/json"})
    assert reply.status == 200, reply.body


def redraw(browser, selector):
    """The view drawn anew, until it has this."""
    def there():
        view(browser, "bands")
        view(browser, "objections")
        return browser.all(selector)
    browser.until(there, what=selector)


def test_an_objection_is_signed_on_the_page_and_followed_to_its_end(network, subject, browser, tmp_path):
    view(browser, "objections")
    assert "您还没有提出" in browser.text("main")
    record = browser.script("return [...document.querySelectorAll('#record option')].map(o => o.value).find(v => v.includes('\"item\":11'))")
    proof = tmp_path / "撤销决定书.pdf"
    proof.write_bytes(b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n")
    load_key(browser, network, subject)
    choose(browser, "#record", record)
    choose(browser, "#text", "处罚决定已被撤销\n<b>请更正</b>")
    browser.one("#materials").send_keys(str(proof))
    browser.one("#chosen li")
    browser.press("#file")
    browser.until(lambda: "已提交" in browser.text("#said"), what="it is filed")
    card = browser.one("[data-objection]")
    name = card.get_attribute("data-objection")
    assert "撤销决定书.pdf" in card.text and "<b>" in card.text, "what I said is text"

    def standing():
        return next((o for o in network.http("hub", "GET", "/v1/objections", "dept").json["objections"] if o["id"] == name), None)
    claims = until(standing, 30, "at the hub")["claims"]
    assert claims["item"] == 11 and claims["key"] == json.loads(record)["key"] and len(claims["materials"]) == 1
    until(lambda: standing().get("received") == [claims["materials"][0]["sha256"]], 30, "the file went with it")
    act(network, name, "accept")
    redraw(browser, f"[data-objection='{name}'][data-state=accepted] progress[aria-label]")
    browser.until(lambda: "1 / 1 个" in browser.text(f"[data-objection='{name}']"), what="the file has come, it says")
    assert "还有 20 天" in browser.text(f"[data-objection='{name}']")
    assert [e.get_attribute("data-paper") for e in browser.all("[data-paper]")] == ["application", "notice"]
    said = f"[data-state-form='{name}']"
    browser.press(f"[data-objection='{name}'] summary")
    choose(browser, f"{said} textarea", "已提起行政诉讼\n尚未判决")
    browser.press(f"{said} button")
    browser.until(lambda: "声明已提交" in browser.text("#said"), what="it is signed and sent")
    until(lambda: standing().get("statement") == "已提起行政诉讼 尚未判决", 30, "at the hub")
    redraw(browser, f"[data-objection='{name}'] dl")
    assert "已提起行政诉讼 尚未判决" in browser.text(f"[data-objection='{name}'] dl")
    view(browser, "report")
    browser.until(lambda: "附注的声明" in browser.text("main") and "已提起行政诉讼 尚未判决" in browser.text("main"), what="beside the record in the report")
    view(browser, "objections")
    act(network, name, "decide", outcome="corrected", note="已更正", withdraw=True)
    redraw(browser, f"[data-objection='{name}'][data-state=corrected] [data-paper=reply]")

    browser.driver.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    browser.press("[data-pdf=reply]")
    file = tmp_path / f"{name}-reply.pdf"
    browser.until(file.exists, what="the reply is saved")
    member = network.stem("gz").with_suffix(".member.json")
    browser.until(lambda: network.cli("report", "verify", file, "--member", member, check=False).returncode == 0, what="it is the node's")
    page = network.http("gz", "GET", f"/v1/objections/{name}/papers/application?lang=zh", f"subject-{subject}", headers={"Accept": "text/html"})
    assert page.status == 200 and "default-src 'none'" in page.headers["content-security-policy"]
    assert "信用信息异议申请表" in page.body.decode() and "&lt;b&gt;请更正" in page.body.decode()


def test_what_banks_see_without_a_name_is_shown(network, subject, browser):
    assert network.submit(1, network.gen(1, 1200, 13, "--division", "4401"), "my-many").status == 200

    def shown():
        answer = network.http("gz", "GET", "/v1/bands", f"subject-{subject}").json
        return answer.get("shown") and answer
    answer = until(shown, 60, "counted among many")
    assert answer["level"] == "B" and answer["counted"] and "token" not in answer["row"]
    for measure, band in answer["row"].items():
        assert not isinstance(band, str) or measure not in answer["bands"] or int(band[1:]) < len(answer["bands"][measure])
    view(browser, "bands")
    index = answer["receipt"]["index"]
    path = f"/v1/accesses?after={index - 1}"
    seen = until(lambda: network.http("gz", "GET", path, f"subject-{subject}").json["accesses"], 30, "in the trail")[0]
    assert (seen["index"], seen["access"]["action"], seen["access"]["purpose"]) == (index, "bands", "self")
    assert len(browser.all("main tbody tr")) == len(answer["row"])
    assert network.http("gz", "GET", "/v1/bands", "bank").status == 200 and not network.http("gz", "GET", "/v1/bands", "bank").json["counted"]


def test_files_to_take_along_are_signed(network, subject, browser, tmp_path):
    browser.driver.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    view(browser, "report")
    member = network.stem("gz").with_suffix(".member.json")
    for ending in ("pdf", "html", "jws"):
        browser.press(f"#take-{ending}")
        file = tmp_path / f"{subject}.{ending}"
        browser.until(file.exists, what=f"{ending} is saved")
        browser.until(lambda: network.cli("report", "verify", file, "--member", member, check=False).returncode == 0, what="it verifies")
    browser.press("#take-bundle")
    file = tmp_path / f"{subject}.json"
    browser.until(file.exists, what="the bundle is saved")
    bundle = json.loads(browser.until(lambda: file.read_text(), what="it is written"))
    assert bundle["subject"] == subject and bundle["consents"]["consents"] and bundle["accesses"]["accesses"]
    (tmp_path / "inner.jws").write_text(bundle["report"])
    network.cli("report", "verify", tmp_path / "inner.jws", "--member", member)


def test_it_speaks_english_too_and_fits_a_phone(network, subject, browser, tmp_path):
    for name in ("report", "accesses", "consents", "objections", "bands", "give"):
        view(browser, name)
        wide = browser.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} scrolls sideways"
        assert browser.script("return document.querySelectorAll('input:not([aria-label])').length === "
                              "[...document.querySelectorAll('input')].filter(e => e.labels.length).length"), f"{name}: every field has a label"
    browser.press("#language")
    browser.until(lambda: browser.text("h1") == "Give consent", what="it is in English")
    assert browser.script("return document.documentElement.lang") == "en"
    browser.press("#language")
    browser.until(lambda: browser.text("h1") == "新授权", what="it is in Chinese")


def test_nothing_runs_inline_and_nothing_comes_from_elsewhere(network, subject, browser):
    reply = network.http("gz", "GET", "/my/", f"subject-{subject}")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    names = browser.script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert [n for n in names if not n.startswith((network.url("gz"), "blob:"))] == []
    assert browser.said() == []
    assert network.http("gz", "GET", "/my/../index.html", f"subject-{subject}").status in (400, 404)
    for path in ("/my/package.json", "/base/../../x", "/views/overview.js"):
        assert network.http("gz", "GET", path, f"subject-{subject}").status in (400, 404), path


def test_the_list_of_consents_is_the_asker_s_own(network, subject):
    own = network.http("gz", "GET", "/v1/consents?limit=1", f"subject-{subject}")
    assert own.status == 200 and len(own.json["consents"]) == 1
    assert network.http("gz", "GET", "/v1/consents", "bank").json["consents"] == []
    who = f"subject-{subject}"
    ids = [own.json["consents"][0]["id"]]
    for number in range(3):
        jws = network.sign_consent(who, consent_id=f"z-{number}")
        assert network.http("gz", "POST", "/v1/consents", who, jws, {"Content-Type": "application/jose"}).status in (201, 202)
        ids.append(f"z-{number}")
    until(lambda: all(network.http("gz", "GET", f"/v1/consents/{i}", who).json.get("state") in ("active", "revoked") for i in ids), what="all are there")
    found, after = [], ""
    while after is not None:
        page = network.http("gz", "GET", f"/v1/consents?limit=2{after and '&after=' + after}", who).json
        found += [c["id"] for c in page["consents"]]
        after = page.get("next")
    assert found == sorted(ids)
    told = network.cli("consent", "list", who=who, part="gz").stdout
    assert all(i in told for i in ids) and "广州演示银行" in told
    assert network.http("gz", "GET", "/v1/consents?limit=0", who).status == 400
    assert network.http("gz", "GET", "/v1/consents?after=%20", who).status == 400
