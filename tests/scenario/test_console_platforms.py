"""Platforms and their keys in a browser: what is shown is what nodes and hub say, and
what is done is kept."""
import json
import os
import re
import shutil
import subprocess
import time

import zmq
from console import cells, http, number, say, show, status_of, today
from harness import until


def test_a_platform_is_suspended_and_comes_back_and_both_are_kept(country, browser):
    node = country.node("65")
    show(browser, country, f"platforms/{node.code}")
    browser.press("[data-act=suspend]")
    browser.press("#dialog button[value='']")
    assert status_of(country, node.code) == "active", "cancelled"
    for action, status in (("suspend", "suspended"), ("activate", "active")):
        browser.press(f"[data-act={action}]")
        browser.press("#dialog button[value=yes]")
        until(lambda: status_of(country, node.code) == status, 10, status)

    show(browser, country, "actions")
    rows = [r for r in cells(browser, "[data-panel=actions] tbody tr") if node.code in r[4]]
    assert len(rows) == 3 and "已暂停" not in rows[0][5] and "suspended" in rows[1][5], "admitted, suspended, active again"


def test_positions_and_proofs_are_those_of_node_and_hub(country, browser):
    hub = country.network.streams("hub")
    until(lambda: all(country.network.streams("gd").get(s, {}).get("position") == v["position"] for s, v in hub.items() if s.startswith("44")), 20, "the province is up to date")
    show(browser, country, "platforms/11440000MB00004493")
    read = lambda: {r[0].split()[0]: r for r in cells(browser, "[data-panel=streams] tbody tr")}
    browser.until(lambda: set(read()) == {s for s in hub if s.startswith("44") or s == "0000"} and all(r[4] == "一致" for s, r in read().items() if s != "0000"), what="it has told so")
    rows = read()
    assert all(number(r[2]) == hub[s]["position"] and r[4] == "一致" for s, r in rows.items() if s != "0000")
    show(browser, country, f"platforms/{country.node('34').code}")
    assert {r[4] for r in cells(browser, "[data-panel=streams] tbody tr") if not r[0].startswith("0000")} == {"不一致"}


def test_a_platform_tells_its_disk_its_versions_and_when_its_certificate_ends(country, browser):
    show(browser, country, "platforms/11440000MB00004493")
    text = browser.until(lambda: (said := browser.text("[data-panel=platform]")) and "GiB" in said and said, 10, "the disk")
    ends = subprocess.run(["openssl", "x509", "-enddate", "-noout", "-dateopt", "iso_8601", "-in", f"{country.network.stem('gd')}.crt"],
                          capture_output=True, text=True, timeout=20).stdout
    disk = os.statvfs(country.network.run)
    (free, total, protocol), = country.sql("""SELECT condition->>'disk_free', condition->>'disk_total', condition->>'protocol'
        FROM node_status WHERE code = '11440000MB00004493'""")

    assert int(total) == disk.f_blocks * disk.f_frsize and int(free) <= int(total)
    assert re.search(r"\d{4}-\d\d-\d\d", ends).group() in text and "rongxin-node 0.1.0，协议 2" in text and protocol == "2"


def test_each_stream_has_its_last_proof_also_when_it_holds_no_more(country, browser):
    node = country.node("53")  # behind: what it proved before still stands
    show(browser, country, f"platforms/{node.code}")
    rows = [r for r in cells(browser, "[data-panel=streams] tbody tr") if not r[0].startswith("0000")]
    assert rows and all(re.search(r"\d{4}-\d\d-\d\d", r[5]) for r in rows)
    show(browser, country, f"platforms/{country.node('34').code}")  # diverged before it ever proved a thing
    stored = dict(country.sql(f"SELECT stream, position FROM node_proof WHERE code = '{country.node('34').code}' AND stream <> '0000'"))
    for row in cells(browser, "[data-panel=streams] tbody tr"):
        if not row[0].startswith("0000"):
            assert (row[5] == "–") == (row[0].split()[0] not in stored), row


def test_keys_are_listed_with_their_end_and_a_platforms_key_rolls(country, browser):
    show(browser, country, "platforms")
    browser.press("[data-panel=keys] .more button")
    rows = {r[0] + "/" + r[1]: r for r in cells(browser, "[data-panel=keys] tbody tr")}
    node, (key, _) = country.node("11"), zmq.curve_keypair()
    assert rows[f"{node.name}/TLS 证书"][6] == time.strftime("%Y-%m-%d", time.gmtime(node.certificate_ends() + 8 * 3600))
    assert {"批次签名密钥", "CURVE 密钥", "TLS 证书", "根证书", "见证密钥"} <= {r[0] for r in cells(browser, "[data-panel=hub_keys] tbody tr")}
    before = next(m for m in http(country, "GET", "/v1/members").json["members"] if m["code"] == node.code)

    show(browser, country, f"platforms/{node.code}")
    browser.press("[data-act=roll_keys]")
    say(browser, "input", key.decode())
    browser.press("#dialog button[value=yes]")
    browser.until(lambda: "下一把密钥" in browser.text("#dialog"), what="the confirmation")
    browser.press("#dialog button[value=yes]")
    browser.until(lambda: "正在轮换" in browser.text("[data-panel=platform]"), what="the key rolls")
    member = next(m for m in http(country, "GET", "/v1/members").json["members"] if m["code"] == node.code)
    assert member == {**before, "next_curve_key": key.decode()}
    reply = http(country, "POST", "/v1/members", "operator", before)  # called off
    assert reply.status == 200, reply.body


def test_the_hubs_next_batch_key_is_announced_from_the_page_and_its_secret_stays(country, browser):
    net = country.network
    path, row = net.run / "net/network.json", "[data-panel=hub_keys] [data-row=batch]"
    show(browser, country, "platforms")
    since = next(key["since"] for key in http(country, "GET", "/v1/keys").json["keys"] if key["kind"] == "batch")
    assert since[:10] in (today(), time.strftime("%Y-%m-%d", time.gmtime())) and re.search(r"\d (s|分钟)", browser.text(row)), "its age"
    browser.press(f"{row} [data-act=roll_batch]")
    browser.until(lambda: "rongxin key roll-batch" in browser.text("#dialog[open]"), what="where the key is made")
    browser.press("#dialog[open] button")
    net.cli("key", "roll-batch", net.run / "net/batch", "--network", path)
    if os.getuid() == 0:
        shutil.chown(net.run / "net/batch.next.key", *([os.stat(net.run / "net/batch.key").st_uid] * 2))
    following = json.loads(path.read_text())["next_batch_key"]
    browser.until(lambda: "尚未宣布" in browser.text(row), what="it is seen")
    browser.press(f"{row} [data-act=roll_batch]")
    browser.until(lambda: following in browser.text("#dialog[open]"), what="the confirmation")
    browser.press("#dialog[open] button[value='']")
    assert country.sql("SELECT key FROM record WHERE item = 60004") == [], "nothing before it is confirmed"
    for who, kind, key, status in (("viewer", "batch", following, 403), ("operator", "batch", "ab" * 32, 409), ("operator", "curve", following, 409), ("operator", "sign", following, 404),
                                   ("operator", "batch", None, 400)):
        reply = http(country, "POST", f"/v1/keys/{kind}/roll", who, {"key": key} if key else {})
        assert reply.status == status, (who, kind, reply.body)
        assert status != 409 or reply.json["type"] == "urn:rongxin:problem:key_state"

    browser.press(f"{row} [data-act=roll_batch]")
    browser.press("#dialog[open] button[value=yes]")
    browser.until(lambda: "已宣布" in browser.text(row), what="announced")
    assert country.sql(f"SELECT subject, state FROM record WHERE item = 60004 AND key = '{following}'") == [["batch", "1"]]
    assert country.sql("SELECT who, target, detail->>'kind', detail->>'next' FROM operator_action WHERE action = 'key'") == [["11100000MB0000019L", "hub", "batch", following]]
    assert http(country, "POST", "/v1/keys/batch/roll", "operator", {"key": following}).status == 409, "once"
    position = country.network.streams("hub")["0000"]["position"]
    until(lambda: all(country.network.streams(part)["0000"]["position"] >= position for part in ("gd", "gz", "sz")), 20, "the nodes know")

    def heard():
        return country.sql(f"""SELECT count(*) FILTER (WHERE (SELECT x.position FROM json_to_recordset(streams) AS x (stream text, position bigint) WHERE x.stream = '0000') >=
            (SELECT position FROM record WHERE item = 60004 AND key = '{following}')) FROM node_status""")[0][0]
    browser.until(lambda: int(heard()) > 3 and f"个平台中 {heard()} 个已知" in browser.text(row), what="how many know")
