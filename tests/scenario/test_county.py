"""A county's platform: on the list, holding nothing, a door to its city."""
import os
import pathlib
import signal

import pytest
from harness import Network, rows_of, until

pytest.importorskip("zmq", reason="python3-zmq is missing")
import wire  # noqa: E402
from test_local_feed import answered, leave  # noqa: E402
from test_roll import own, start  # noqa: E402

CODES = {"gd": "11440000MB00004493", "gz": "11440100MB0044011H", "sz": "11440300MB0044038K",
         "th": "11440106MB004406A6", "bank": "91440101MA000RX19U"}
COUNTY = "440106"
JSON = {"Content-Type": "application/json"}
JOSE = {"Content-Type": "application/jose"}


@pytest.fixture(scope="module")
def network():
    """The usual one, and the platform of Tianhe, a county of Guangzhou."""
    net = Network()
    net.environment["RX_ELSEWHERE"] = "3"
    try:
        net.up()
        open_door(net)
        yield net
        stop_door(net)
    finally:
        net.down()


def open_door(net):
    stem = net.stem("th")
    net.cli("key", "node", "--network", net.run / "net", "--out", stem, "--code", CODES["th"], "--name", "天河区平台",
            "--hosts", "localhost,127.0.0.1", "--divisions", COUNTY)
    own(net, *pathlib.Path(net.run / "id").glob("th.*"))
    net.cli("member", "admit", f"{stem}.member.json", who="operator", part="hub")
    gz = (net.run / "gz.conf").read_text()
    (net.run / "th.conf").write_text(gz.replace("/gz", "/th"))
    (net.run / "th").mkdir()
    own(net, net.run / "th")
    start(net, "th", listen="127.0.0.1:0")
    net.cli("member", "set-url", CODES["th"], net.url("th"), who="operator", part="hub")
    until(lambda: "0000" in net.streams("th") and net.http("th", "GET", "/readyz").status == 200, 30, "the door is open")


def stop_door(net):
    os.kill(net.pid("th"), signal.SIGTERM)


@pytest.fixture(scope="module")
def subjects(network):
    found = {}
    for division in ("4401", "4403"):
        text = network.gen(1, 20, int(division), "--division", division)
        assert network.submit(1, text, f"county-{division}").status == 200
        found[division] = [r["uscc"] for r in rows_of(text)]
    network.agree("gz", "4401")
    network.agree("sz", "4403")
    network.agree("gd", "44")
    return found


def entry(network, part, index, who="operator"):
    reply = network.http(part, "GET", f"/v1/trail/entries/{index}", who)
    assert reply.status == 200, reply.body
    return reply.json["access"]


def problem(reply):
    return reply.status, reply.json.get("type", "").rsplit(":", 1)[-1]


def put(network, member):
    return network.http("hub", "POST", "/v1/members", "operator", member, JSON)


def member(network, code):
    return next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == code)


def test_it_holds_the_control_stream_and_nothing_of_its_city(network, subjects):
    said = network.streams("th")
    hub = network.streams("hub")
    until(lambda: network.streams("th")["0000"]["state"] == network.streams("hub")["0000"]["state"], 20, "equal")
    assert list(said) == ["0000"] and "4401" in hub
    child = wire.Child(network, "gd", "th", f"{network.stem('gd')}.curve.pub")
    try:
        hello = wire.field(1, 2) + wire.field(3, CODES["th"])
        assert child.request(2, hello, 5) is not None
        fetch = wire.field(1, "4401") + wire.field(2, 0) + wire.field(3, 4)
        assert b"not_yours" in child.request(3, fetch, 5)[1]
    finally:
        child.close()


def test_a_bank_asks_the_county_and_the_city_answers(network, subjects):
    subject = subjects["4401"][0]
    said = network.ask(subject, part="th", items=[1])
    assert said.status == 200, said.body
    there = network.ask(subject, part="gz", items=[1]).json
    passed = said.json["elsewhere"]
    assert said.json["items"] == there["items"]
    assert (passed["holder"], passed["node"]) == (CODES["gz"], CODES["th"])
    held, sent = entry(network, "gz", said.json["receipt"]["index"]), entry(network, "th", passed["receipt"]["index"])
    assert (held["via"], held["member"], held["subject"]) == (CODES["th"], CODES["bank"], subject)
    assert sent["action"] == "forward" and sent["asked"][0]["node"] == CODES["gz"]
    assert sent["asked"][0]["leaf_hash"] == said.json["receipt"]["leaf_hash"]
    far = network.ask(subjects["4403"][0], part="th", items=[1]).json
    assert far["elsewhere"]["holder"] == CODES["sz"]


def test_when_the_city_is_away_its_province_answers_the_county(network, subjects):
    network.stop("gz")
    try:
        said = network.ask(subjects["4401"][1], part="th", items=[1])
        assert said.status == 200, said.body
        assert said.json["elsewhere"]["holder"] == CODES["gd"]
    finally:
        network.start("gz")
    until(lambda: network.http("gz", "GET", "/readyz").status == 200, 30, "the city has its lease again")


def test_what_needs_enterprises_of_its_own_is_refused_and_says_whom_to_ask(network, subjects):
    asked = {"purpose": "customer_screening"}
    replies = [
        network.http("th", "GET", "/v1/enterprises?name=%E5%B9%BF%E5%B7%9E", "bank"),
        network.http("th", "POST", "/v1/statistics", "bank", asked, JSON),
        network.http("th", "POST", "/v1/screenings", "bank", asked, JSON),
        network.http("th", "POST", "/v1/watches", "bank", {"subjects": [], "items": [1]}, JSON),
        network.http("th", "POST", "/v1/report-jobs?purpose=pre_loan", "bank", subjects["4401"][0], {"Content-Type": "text/csv"}),
    ]
    for reply in replies:
        assert problem(reply) == (404, "door"), reply.body
        assert network.url("gz") in reply.json["detail"]
    assert problem(network.http("gz", "POST", "/v1/statistics", "bank", asked, JSON))[1] != "door"


def test_a_consent_is_given_at_the_county_and_counted_at_the_city(network, subjects):
    subject = subjects["4401"][2]
    who = network.subject_identity(subject)
    until(lambda: network.http("th", "GET", "/v1/me", who).status == 200, 20, "a member")
    assert network.http("th", "GET", "/v1/me", who).json["node"]["holder"] == CODES["gz"]
    assert "holder" not in network.http("gz", "GET", "/v1/me", "bank").json["node"]
    words = ["consent", "sign", "--stem", network.stem(who), "--grantee", CODES["bank"], "--purpose", "pre_loan",
             "--items", "19", "--days", "30", "--uses", "1", "--at"]
    never = network.http("th", "POST", "/v1/consents", who, network.cli(*words, CODES["th"]).stdout.strip(), JOSE)
    assert problem(never) == (400, "consent_invalid") and "holds no enterprises" in never.json["detail"]
    given = network.http("th", "POST", "/v1/consents", who, network.cli(*words, CODES["gz"]).stdout.strip(), JOSE)
    assert given.status in (201, 202), given.body
    name = given.json["id"]
    until(lambda: network.http("gz", "GET", f"/v1/consents/{name}", who).status == 200, 30, "known at the city")
    said = [network.ask(subject, part=part, items=[19], consent=name).json for part in ("th", "gz")]
    assert [one["level"] for one in said] == ["C", "public"], said


def test_batches_that_are_left_at_the_county_reach_the_hub(network, subjects):
    path = network.folder / "county.csv"
    path.write_text(network.gen(1, 30, 77, "--division", "4401"))
    leave(network, path, "county-left", part="th")
    until(lambda: network.http("th", "GET", "/v1/feeds/1/batches/county-left", "dept").status == 200, 60, "answered")
    network.agree("gz", "4401")


def test_the_hub_lists_it_counts_its_questions_and_witnesses_its_trail(network, subjects):
    def row():
        found = [p for p in network.http("hub", "GET", "/v1/platforms").json["platforms"] if p["code"] == CODES["th"]]
        return found[0] if found and found[0]["trail_witnessed"] and found[0]["proof"] else None
    said = until(row, 60, "told and witnessed")
    assert (said["divisions"], said["streams"], said["link"], said["unequal"]) == ([COUNTY], 1, "live", 0)

    def forwarded():
        return [r for r in network.http("hub", "GET", "/v1/usage").json["usage"] if (r["node"], r["action"]) == (CODES["th"], "forward")]
    until(forwarded, 30, "counted")


def test_a_county_has_one_platform_and_nobody_else_has_a_county(network):
    rival = {"code": "rival", "name": "rival", "kind": "platform", "divisions": [COUNTY]}
    assert problem(put(network, rival)) == (409, "platform_conflict")
    assert put(network, {**rival, "divisions": ["440105"]}).status == 200
    assert problem(put(network, {**rival, "divisions": ["440100"]})) == (400, "malformed")
    assert problem(put(network, {**rival, "kind": "bank", "divisions": [COUNTY]})) == (400, "malformed")


def test_who_is_struck_off_is_no_door_any_more(network, subjects):
    before = member(network, CODES["th"])
    subject = subjects["4401"][3]
    assert put(network, {**before, "status": "struck_off"}).status == 200
    # Refused by the city, whatever the door still believes.
    until(lambda: network.ask(subject, part="th", items=[1]).status != 200, 5, "refused within five seconds")
    child = wire.Child(network, "gd", "th", f"{network.stem('gd')}.curve.pub")
    try:
        assert child.request(2, wire.field(1, 2) + wire.field(3, CODES["th"]), 2) is None, "no connection"
    finally:
        child.close()
    assert put(network, before).status == 200
    until(lambda: network.ask(subject, part="th", items=[1]).status == 200, 60, "a door again")


def test_the_city_takes_the_county_over(network, subjects):
    reply = network.http("hub", "POST", f"/v1/members/{CODES['gz']}/takeover", "operator", {"from": CODES["th"]}, JSON)
    assert reply.status == 200, reply.body
    assert member(network, CODES["gz"])["divisions"] == ["4401", COUNTY]
    assert member(network, CODES["th"])["divisions"] == []
    network.agree("gz", "4401")
