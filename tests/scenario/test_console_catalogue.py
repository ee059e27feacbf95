"""The catalogue in a browser: a candidate is tried out, compared and loaded; and the
command line has what the console shows."""
import json

from console import cells, figure, http, number, say, show
from country import code_of
from harness import until


def stricter(country):
    """A candidate in which every registration needs a longer name, and courts' rows need less."""
    document = http(country, "GET", "/v1/catalogue").json
    document["version"] += 1
    item = next(i for i in document["items"] if i["number"] == 1)
    field = next(f for f in item["fields"] if f["name"] == "name")
    field["min_length"] = 13
    return document


def test_a_candidate_is_tried_out_on_the_last_days_rows(country, browser):
    same = http(country, "GET", "/v1/catalogue").json
    reply = http(country, "POST", "/v1/catalogue/rehearsal", "operator", same)
    assert reply.status == 200, reply.body
    (standing, rejected), = country.sql("""SELECT (SELECT count(*) FROM record WHERE stream <> '0000' AND state <> 4) + (SELECT count(*) FROM record_history WHERE stream <> '0000' AND state <> 4),
        (SELECT count(*) FROM finding_row r JOIN feed_batch b ON b.number = r.batch AND b.state = 'committed' WHERE r.rejected)""")
    answer = reply.json
    assert answer["all"] and answer["rows"] == int(standing) + int(rejected)
    assert (answer["rejected_before"], answer["newly_rejected"], answer["newly_accepted"], answer["newly_warned"], answer["rules"]) == (int(rejected), 0, 0, 0, [])

    document = stricter(country)
    (short,), = country.sql("SELECT count(*) FROM record WHERE item = 1 AND state <> 4 AND length(fields->>'name') < 13")
    show(browser, country, "catalogue")
    browser.press("[data-act=load]")
    say(browser, "textarea", json.dumps(document))
    browser.press("#dialog[open] button[value=yes]")
    browser.one("#dialog [data-rehearsal]")
    assert figure(browser, "newly_rejected") == int(short) > 0 and figure(browser, "newly_accepted") == 0
    row, = [r for r in cells(browser, "#dialog [data-rehearsal] tbody tr") if r[1] == "name"]
    assert row[2].endswith("min_length") or "name" in row[1]
    assert number(row[5]) - number(row[4]) >= int(short)
    browser.press("#dialog[open] button[value='']")
    assert http(country, "GET", "/v1/catalogue").json["version"] == same["version"], "nothing changed"
    assert http(country, "POST", "/v1/catalogue/rehearsal", "viewer", same).status == 403
    assert http(country, "POST", "/v1/catalogue/rehearsal", "operator", {**same, "items": "none"}).status == 400


def test_a_new_catalogue_shows_its_difference_first_and_is_then_in_force(country, browser):
    document = http(country, "GET", "/v1/catalogue").json
    document["version"] += 1
    document["items"][0]["en"] = "Registrations"
    path = country.network.folder / "catalogue.json"
    path.write_text(json.dumps(document))
    jws = country.network.cli("catalogue", "sign", path, "--key", country.network.run / "net/catalogue.key").stdout.strip()
    show(browser, country, "catalogue")
    browser.press("[data-act=load]")
    browser.script("document.querySelector('#dialog textarea').value = arguments[0]", jws)
    browser.press("#dialog button[value=yes]")
    browser.until(lambda: "Registrations" in browser.text("#dialog") and "没有一行的结果会不同" in browser.text("#dialog"), what="the difference and the dry run")
    browser.press("#dialog button[value=yes]")

    browser.until(lambda: cells(browser, "[data-panel=versions] tbody tr")[0][0] == str(document["version"]), what="the new version")
    show(browser, country, f"catalogue/{document['version']}/{document['version'] - 1}")
    rows = {r[0]: r[1:] for r in cells(browser, "[data-panel=difference] tbody tr")}
    assert rows["items › 1 › en"] == ["Registration of business entities", "Registrations"] and len(rows) == 2


def test_the_command_line_has_what_the_console_shows(country):
    net = country.network
    cli = lambda *words, part="hub", **more: net.cli(*words, who="operator", part=part, **more)
    for words, path, list_, key in (("node platforms", "/v1/platforms", "platforms", "code"), ("node keys", "/v1/keys", "keys", "kind"), ("node gaps", "/v1/trails/gaps", "gaps", "code"),
                                    ("member budgets", "/v1/budgets", "budgets", "member"), ("quality departments", "/v1/departments", "items", "item"), ("quality grid", "/v1/grid", "cells", "province"),
                                    (f"member use {country.members[0]}", f"/v1/usage?member={country.members[0]}&limit=5000", "usage", "node")):
        rows = http(country, "GET", path).json[list_]
        said = json.loads(cli(*words.split(), "--json").stdout)[list_]
        assert [row[key] for row in said] == [row[key] for row in rows] and (rows or words == "node gaps"), words
        assert len(cli(*words.split()).stdout.splitlines()) > len(rows), f"{words}: a line each and their titles"

    path = net.folder / "bank.member.json"
    path.write_text(json.dumps({"code": code_of("91110000", 300000003), "name": "宁波银行", "kind": "bank"}))
    number_ = json.loads(cli("member", "apply", path, "--note", "来函").stdout)["id"]
    assert "applied" in cli("member", "applications").stdout
    assert cli("member", "accept", number_, check=False).returncode == 1, "not before it was reviewed"
    cli("member", "review", number_, "--note", "相符")
    assert json.loads(cli("member", "accept", number_).stdout)["status"] == "active"
    assert cli("member", "refuse", number_, check=False).returncode == 1

    candidate = net.folder / "candidate.json"
    candidate.write_text(json.dumps(stricter(country)))
    done = cli("catalogue", "rehearse", candidate, check=False)
    assert done.returncode == 1 and "newly rejected" in done.stdout
    candidate.write_text(json.dumps(http(country, "GET", "/v1/catalogue").json))
    assert cli("catalogue", "rehearse", candidate).stdout.startswith("Version ")
    kept = net.folder / "receipt.json"
    (subject,), = country.sql("SELECT subject FROM record WHERE item = 1 AND stream LIKE '44%' LIMIT 1")
    index = net.ask(subject, part="gd").json["receipt"]["index"]
    until(lambda: net.http("gd", "GET", f"/v1/trail/receipts/{index}", "operator").status == 200, 30, "it is witnessed")
    assert "member" in cli("trail", "entry", index, "--receipt", kept, part="gd").stdout
    net.cli("trail", "verify", "--receipt", kept, "--network", net.run / "net/network.json", "--member", f"{net.stem('gd')}.member.json")
