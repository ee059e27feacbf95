"""The platform list: who may hold what, who is cut off, who takes over."""
import concurrent.futures
import json
import threading
import time

import pytest
from harness import rows_of, until
from test_liar import start_as_it_is

pytest.importorskip("zmq", reason="python3-zmq is missing")
import wire  # noqa: E402

CODES = {"gd": "11440000MB00004493", "gz": "11440100MB0044011H", "sz": "11440300MB0044038K"}
JSON = {"Content-Type": "application/json"}


def members(network):
    return {m["code"]: m for m in network.http("hub", "GET", "/v1/members").json["members"]}


def put(network, member):
    return network.http("hub", "POST", "/v1/members", "operator", member, JSON)


def take_over(network, to, body, who="operator"):
    return network.http("hub", "POST", f"/v1/members/{CODES.get(to, to)}/takeover", who, body, JSON)


def platform(code, divisions, **more):
    return {"code": code, "name": code, "kind": "platform", "divisions": divisions, **more}


def problem(reply):
    return reply.status, reply.json["type"].rsplit(":", 1)[1]


def hub_key(network):
    key = network.folder / "hub.curve.pub"
    key.write_text(json.loads((network.run / "net" / "network.json").read_text())["hub_curve_key"])
    return key


@pytest.fixture(scope="module")
def held(network):
    """Registrations in both cities; subjects by city."""
    subjects = {}
    for division in ("4401", "4403"):
        text = network.gen(1, 400, int(division), "--division", division)
        assert network.submit(1, text, f"platform-{division}").status == 200
        subjects[division] = [r["uscc"] for r in rows_of(text)]
    for part, division in (("gd", "44"), ("gz", "4401"), ("sz", "4403")):
        network.agree(part, division)
    return subjects


@pytest.mark.parametrize("divisions", [["44"], ["4401"], ["33", "4403"]])
def test_a_division_has_one_platform(network, divisions):
    reply = put(network, platform("rival", divisions))
    assert problem(reply) == (409, "platform_conflict")
    assert divisions[-1] in reply.json["detail"]
    assert "rival" not in members(network)


def test_a_national_node_and_a_platform_that_waits_are_no_rivals(network):
    for number in (1, 2):
        assert put(network, platform(f"nation-{number}", [""])).status == 200
    assert put(network, platform("waits", ["4401"], status="suspended")).status == 200
    assert problem(put(network, platform("waits", ["4401"]))) == (409, "platform_conflict")
    assert members(network)["waits"]["status"] == "suspended"


def test_a_curve_key_is_one_platforms(network):
    key = members(network)[CODES["gz"]]["curve_key"]
    assert problem(put(network, platform("twin", ["6501"], curve_key=key))) == (409, "platform_conflict")


def test_of_rivals_that_come_at_once_one_gets_in(network):
    with concurrent.futures.ThreadPoolExecutor(8) as crowd:
        replies = list(crowd.map(lambda n: put(network, platform(f"once-{n}", ["6101"])).status, range(8)))
    assert sorted(replies) == [200] + [409] * 7
    assert sum(m["divisions"] == ["6101"] for m in members(network).values()) == 1


def test_a_takeover_that_cannot_be_changes_nothing(network):
    before = members(network)
    for to, body, said in (
            ("gz", {"from": CODES["sz"], "divisions": ["4403", "4404"]}, (409, "platform_conflict")),
            ("gz", {"from": CODES["gz"]}, (409, "platform_conflict")),
            ("waits", {"from": CODES["sz"]}, (409, "platform_conflict")),
            ("gz", {"from": "nobody"}, (404, "not_found")),
            ("nobody", {"from": CODES["sz"]}, (404, "not_found")),
            ("gz", {"from": CODES["sz"], "divisions": []}, (400, "malformed")),
            ("gz", {"from": CODES["sz"], "to": "x"}, (400, "malformed"))):
        assert problem(take_over(network, to, body)) == said, body
    assert problem(take_over(network, "gz", {"from": CODES["sz"]}, who="bank")) == (403, "member_kind")
    assert members(network) == before


def control_batches(network):
    child = wire.Child(network, "hub", "gd", hub_key(network))
    try:
        return [wire.header_of(b) for b in child.fetch("0000")]
    finally:
        child.close()


def test_a_city_takes_another_over_and_nothing_is_lost(network, held):
    """Under traffic: the successor has all of it, the predecessor no more."""
    over, taken = threading.Event(), []

    def feed():
        while not over.is_set() or len(taken) < 4:
            text = network.gen(1, 40, 900 + len(taken), "--division", "4403")
            taken.append(network.submit(1, text, f"takeover-{len(taken)}").status)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        done = network.cli("member", "takeover", CODES["gz"], "--from", CODES["sz"], "--divisions", "4403", who="operator", part="hub")
    finally:
        over.set()
        feeder.join()
    assert set(taken) == {200}
    assert "4401 4403" in done.stdout
    both = control_batches(network)[-1]
    assert both.last - both.first == 1, "both documents change in one batch"

    def complete():
        hub, city = network.streams("hub"), network.streams("gz")
        return all(s in city and city[s]["state"] == hub[s]["state"] for s in ("0000", "4401", "4403"))
    until(complete, 60, "the successor has both cities")
    until(lambda: set(network.streams("sz")) == {"0000"}, 20, "the predecessor has left")
    subject = held["4403"][0]
    assert network.ask(subject, part="gz", items=[1]).status == 200
    assert problem(network.ask(subject, part="sz", items=[1])) == (404, "subject_not_held")
    child = wire.Child(network, "gd", "sz", f"{network.stem('gd')}.curve.pub")
    try:
        kind, reply = child.request(3, wire.field(1, "4403") + wire.field(2, 0) + wire.field(3, 64))
        assert (kind, wire.first(reply, 1)) == (6, b"not_yours")
    finally:
        child.close()


def test_what_was_taken_over_can_be_given_back(network, held):
    assert network.submit(1, network.gen(1, 30, 77, "--division", "4403"), "takeover-back").status == 200
    reply = take_over(network, "sz", {"from": CODES["gz"], "divisions": ["4403"]})
    assert [m["divisions"] for m in reply.json["members"]] == [["4401"], ["4403"]]
    network.agree("sz", "4403")
    network.agree("gz", "4401")
    assert network.ask(held["4403"][0], part="sz", items=[1]).status == 200
    assert problem(network.ask(held["4403"][0], part="gz", items=[1])) == (404, "subject_not_held")


def test_a_platform_answers_for_the_items_of_its_subscription_only(network, held):
    before = members(network)[CODES["sz"]]
    subject = held["4403"][0]
    assert put(network, {**before, "items": [1, 5]}).status == 200
    until(lambda: network.ask(subject, part="sz", items=[19]).status == 404, 10, "the node knows")
    assert problem(network.ask(subject, part="sz", items=[19])) == (404, "item_not_here")
    assert network.ask(subject, part="sz", items=[1]).status == 200
    said = network.ask(subject, part="sz").json
    assert {i["item"] for i in said["items"] + said["withheld"]} <= {1, 5}
    assert network.ask(subject, part="gd", items=[19]).status == 200
    put(network, before)
    until(lambda: network.ask(subject, part="sz", items=[19]).status == 200, 10, "subscribed to all again")


def test_who_is_struck_off_gets_nothing_within_five_seconds(network, held):
    """From the hub and from the province: no live message, no answer, no
    new connection.  It keeps what it has."""
    member = members(network)[CODES["sz"]]
    network.stop("sz")
    places = {"hub": hub_key(network), "gd": f"{network.stem('gd')}.curve.pub"}
    children = {part: wire.Child(network, part, "sz", key) for part, key in places.items()}
    fresh = []
    try:
        for child in children.values():
            child.subscribe("4403", "pulse")
            until(lambda: child.hear(2), 10, "connected")
        began = time.monotonic()
        assert put(network, {**member, "status": "struck_off"}).status == 200
        last = {}

        def listen(part):
            while time.monotonic() - began < 8:
                if children[part].hear(0.2):
                    last[part] = time.monotonic() - began
        ears = [threading.Thread(target=listen, args=(part,)) for part in children]
        for ear in ears:
            ear.start()
        assert network.submit(1, network.gen(1, 30, 78, "--division", "4403"), "struck").status == 200
        for ear in ears:
            ear.join()
        assert all(seconds < 5 for seconds in last.values()), last
        for part, key in places.items():
            fresh.append(wire.Child(network, part, "sz", key))
            assert fresh[-1].request(2, wire.field(1, 1) + wire.field(3, CODES["sz"]), 2) is None, "no way in"
            kind, reply = children[part].request(3, wire.field(1, "4403") + wire.field(2, 0) + wire.field(3, 1), 2) or (6, wire.field(1, "not_yours"))
            assert (kind, wire.first(reply, 1)) == (6, b"not_yours")
    finally:
        for child in [*children.values(), *fresh]:
            child.close()
        assert put(network, member).status == 200
        network.start("sz")
    network.agree("sz", "4403")


def test_behind_a_struck_off_province_a_city_serves_on_and_can_be_given_another_parent(network, held):
    province = members(network)[CODES["gd"]]
    assert put(network, {**province, "status": "struck_off"}).status == 200
    try:
        text = network.gen(1, 30, 79, "--division", "4401")
        assert network.submit(1, text, "behind").status == 200
        new = rows_of(text)[0]["uscc"]
        subject = held["4401"][0]
        assert network.ask(subject, part="gz", items=[1]).status == 200
        network.stop("gz")
        hub = network.ready("hub")
        lines = (network.run / "gz.conf").read_text().splitlines()
        lines = [line for line in lines if not line.startswith("parent_")]
        lines += [f"parent_live = {hub['live']}", f"parent_fetch = {hub['fetch']}"]
        (network.run / "gz.conf").write_text("\n".join(lines) + "\n")
        assert network.ask(subject, part="sz", items=[1]).status == 404
        start_as_it_is(network)
        network.agree("gz", "4401")
        assert network.ask(new, part="gz", items=[1]).status == 200
    finally:
        put(network, province)
    network.stop("gz")
    network.start("gz")
    network.agree("gd", "44")
    network.agree("gz", "4401")


def test_the_list_is_readable(network):
    lines = network.cli("member", "list", who="operator", part="hub").stdout.splitlines()
    assert lines[0].split() == ["code", "kind", "status", "divisions", "name"]
    row = next(line for line in lines if line.startswith(CODES["gz"]))
    assert row.split()[:4] == [CODES["gz"], "platform", "active", "4401"]
    assert next(line for line in lines if line.startswith("nation-1")).split()[3] == '""'
