"""A bank's server is called with its events: signed, in order, again until it takes them."""
import pytest
from harness import Network, rows_of, until
from receiver import Receiver

PART = "gz"
SECRET = bytes(range(32))


@pytest.fixture(scope="module")
def network():
    net = Network()
    net.environment = {"RONGXIN_NODE_HOOK_CA": f"{net.run}/net/ca.crt", "RONGXIN_NODE_HOOK_PRIVATE": "1",
                       "RONGXIN_NODE_HOOK_ATTEMPTS": "2"}
    try:
        yield net.up()
    finally:
        net.down()


@pytest.fixture(scope="module")
def receiver(network):
    stem = network.folder / "receiver"
    network.cli("key", "member", "--network", network.run / "net", "--out", stem, "--code", "91440101MA000RX19U",
                "--name", "广州演示银行", "--hosts", "127.0.0.1")
    taken = Receiver(f"{stem}.crt", f"{stem}.key", SECRET)
    yield taken
    taken.close()


@pytest.fixture(scope="module")
def penalties(network):
    text = network.gen(11, 400, 61, "--division", "4401")
    subjects = sorted({row["uscc"] for row in rows_of(text)})
    assert put(network, "POST", "/v1/watches", {"id": "w", "rules": [{"items": [11]}], "subjects": subjects}).status == 201
    return text


def put(network, method, path, body=None, who="bank"):
    return network.http(PART, method, path, who, body, {"Content-Type": "application/json"})


def piece(text, first, last):
    header, *lines = text.splitlines()
    return "\n".join([header, *lines[first:last]]) + "\n"


def numbers(receiver):
    return [event["number"] for event in receiver.events]


def newest(network):
    return network.http(PART, "GET", "/v1/events?since=0&limit=1000", "bank").json["last"]


def test_only_a_good_address_and_secret_are_taken(network, receiver):
    for url in ("http://127.0.0.1/x", "https://user@127.0.0.1/", "ftp://x", "https://", "https://a\n"):
        assert put(network, "PUT", "/v1/webhook", {"url": url, "secret": receiver.text}).status == 400, url
    for secret in ("", "secret", "whsec_AAAA", "whsec_" + "A" * 200):
        assert put(network, "PUT", "/v1/webhook", {"url": receiver.url, "secret": secret}).status == 400, secret
    assert put(network, "GET", "/v1/webhook").status == 404
    assert put(network, "PUT", "/v1/webhook", {"url": receiver.url, "secret": receiver.text}, who="dept").status == 403


def test_events_are_brought_signed_and_in_order(network, receiver, penalties):
    made = put(network, "PUT", "/v1/webhook", {"url": receiver.url, "secret": receiver.text})
    assert made.status == 201 and made.json == {"url": receiver.url, "delivered": 0}
    assert network.submit(11, piece(penalties, 0, 150), "hook-1").status == 200
    until(lambda: len(receiver.events) >= 100, 30, f"brought\n{network.logs()}")
    network.agree(PART, "4401")
    until(lambda: numbers(receiver)[-1] == newest(network) >= 100, 30, "all were brought")

    seen = numbers(receiver)
    assert seen == list(range(1, seen[-1] + 1))
    assert not receiver.wrong, "every signature holds"
    until(lambda: put(network, "GET", "/v1/webhook").json["delivered"] == newest(network), 10, "how far it is")
    assert "secret" not in put(network, "GET", "/v1/webhook").json


def test_kills_lose_no_event_and_the_bank_sees_none_out_of_order(network, receiver, penalties):
    before = len(receiver.events)
    for i in range(4):
        assert network.submit(11, piece(penalties, 150 + 30 * i, 180 + 30 * i), f"hook-kill-{i}").status == 200
        until(lambda: len(receiver.events) > before or i == 0, 20, "some came")
        network.kill(PART)
        network.start(PART)
    network.agree(PART, "4401")
    until(lambda: numbers(receiver)[-1] == newest(network), 30, f"all were brought\n{network.logs()}")
    seen = numbers(receiver)
    assert sorted(set(seen)) == list(range(1, max(seen) + 1)), "no gap"
    assert not receiver.wrong


def test_what_is_not_taken_is_a_dead_letter_and_can_be_brought_again(network, receiver, penalties):
    receiver.status = 500
    calls, last = receiver.calls, newest(network)
    assert network.submit(11, piece(penalties, 270, 300), "hook-dead").status == 200
    dead = until(lambda: put(network, "GET", "/v1/events/dead").json["dead"], 30, f"buried\n{network.logs()}")
    assert receiver.calls - calls >= 2, "it was tried again"
    assert dead[0]["first"] == last + 1 and dead[0]["attempts"] == 2 and dead[0]["status"] == 500

    receiver.status = 200
    again = put(network, "POST", "/v1/events/dead/redeliver", {"first": last + 1})
    assert again.status == 202 and again.json == {"pages": 1}
    until(lambda: not put(network, "GET", "/v1/events/dead").json["dead"], 30, "the list is empty")
    until(lambda: numbers(receiver)[-1] >= newest(network), 30, "brought")
    assert sorted(set(numbers(receiver))) == list(range(1, newest(network) + 1))
    assert put(network, "POST", "/v1/events/dead/redeliver", {"first": 9999}).status == 404


def test_a_private_address_is_not_called_unless_the_operator_says_so(network, receiver, penalties):
    network.stop(PART)
    network.environment["RONGXIN_NODE_HOOK_PRIVATE"] = "0"
    network.start(PART)
    calls = receiver.calls
    assert network.submit(11, piece(penalties, 300, 320), "hook-private").status == 200
    until(lambda: put(network, "GET", "/v1/events/dead").json["dead"], 30, "not brought")
    assert receiver.calls == calls, "nobody was called"
    network.stop(PART)
    network.environment["RONGXIN_NODE_HOOK_PRIVATE"] = "1"
    network.start(PART)


def test_a_hook_that_is_removed_is_not_called(network, receiver, penalties):
    assert put(network, "DELETE", "/v1/webhook").status == 200
    assert put(network, "DELETE", "/v1/webhook").status == 404
    calls, last = receiver.calls, newest(network)
    assert network.submit(11, piece(penalties, 320, 340), "hook-gone").status == 200
    until(lambda: newest(network) > last, 30, "there are events")
    assert receiver.calls == calls
