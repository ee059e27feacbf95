"""A bank watches its borrowers: every change is told once, and it can prove that it missed none."""
import http.client
import json
import shutil
import threading

import pytest
from harness import rows_of, until
from test_consent import restart_with_own_settings

PART = "gz"
BANK = "91440101MA000RX19U"


def piece(text, first, last):
    header, *lines = text.splitlines()
    return "\n".join([header, *lines[first:last]]) + "\n"


@pytest.fixture(scope="module")
def subjects(network):
    """Enterprises of Guangzhou, registered; their penalties and taxes come later."""
    text = network.gen(1, 200, 51, "--division", "4401")
    assert network.submit(1, text, "watch-1").status == 200
    network.agree(PART, "4401")
    return sorted({row["uscc"] for row in rows_of(text)})


@pytest.fixture(scope="module")
def penalties(network):
    return network.gen(11, 400, 51, "--division", "4401")


def watch(network, body, who="bank", part=PART):
    return network.http(part, "POST", "/v1/watches", who, body, {"Content-Type": "application/json"})


def page(network, since=0, limit=1000, who="bank", part=PART):
    reply = network.http(part, "GET", f"/v1/events?since={since}&limit={limit}", who)
    assert reply.status == 200, reply.body
    return reply.json


def all_events(network, since=0, who="bank"):
    found, more = [], True
    while more:
        got = page(network, since, 100, who)
        found += got["events"]
        since, more = got["last"], got["more"]
    return found


def wait_complete(network, stream="4401", who="bank"):
    """Until everything that the hub has of the stream was looked through."""
    def there():
        head = network.streams("hub")[stream]["position"]
        got = page(network, page(network, who=who)["last"], who=who)
        return got.get("complete", {}).get(stream) == head
    until(there, 60, f"looked through\n{network.logs()}")


class Stream:
    """GET /v1/events as Server-Sent Events."""

    def __init__(self, network, last=None, who="bank"):
        self.link = network.link(PART, who)
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
        self.link.request("GET", "/v1/events", headers=headers)
        self.reply = self.link.getresponse()
        assert self.reply.status == 200 and self.reply.headers["Content-Type"] == "text/event-stream"

    def next(self):
        """(event, id, data) of the next event."""
        fields = {}
        while True:
            line = self.reply.readline().decode()
            if not line:
                raise EOFError
            line = line.rstrip("\n")
            if line and ": " in line:
                name, value = line.split(": ", 1)
                fields[name] = value
            elif not line and "data" in fields:
                return fields["event"], fields.get("id"), json.loads(fields["data"])

    def changes(self, count):
        found = []
        while len(found) < count:
            kind, place, data = self.next()
            if kind == "change":
                found.append((place, data))
        return found

    def close(self):
        self.link.close()


def test_only_institutions_watch(network, subjects):
    body = {"subjects": subjects[:1]}
    assert watch(network, body, who="dept").status == 403
    assert network.http(PART, "GET", "/v1/events", "operator").status == 403
    assert watch(network, {"subjects": ["91440101MA000RX19X"]}).status == 400
    assert watch(network, {"subjects": subjects[:1], "rules": [{"kind": "new"}]}).status == 400


def test_a_watch_is_made_shown_and_removed(network, subjects):
    made = watch(network, {"id": "some", "label": "担保客户", "rules": [{"negative": True, "kinds": ["new"]}],
                           "subjects": subjects[:3]}, who="bank2")
    assert made.status == 201, made.body
    assert made.json["subjects"] == 3
    assert made.json["from"]["4401"] == network.streams(PART)["4401"]["position"]

    more = watch(network, {"id": "some", "subjects": subjects[2:5]}, who="bank2")
    assert more.status == 200 and more.json["subjects"] == 5
    other = watch(network, {"id": "some", "rules": [{"items": [1]}], "subjects": subjects[:1]}, who="bank2")
    assert other.status == 409 and other.json["type"].endswith("watch_conflict")

    shown = network.http(PART, "GET", "/v1/watches/some", "bank2").json
    assert [s["subject"] for s in shown["subjects"]] == subjects[:5]
    assert shown["rules"] == [{"negative": True, "kinds": ["new"]}] and shown["label"] == "担保客户"
    assert network.http(PART, "GET", "/v1/watches/some", "bank").status == 404, "another's"
    listed = network.http(PART, "GET", "/v1/watches", "bank2").json["watches"]
    assert [(w["id"], w["subjects"]) for w in listed] == [("some", 5)]

    assert network.http(PART, "DELETE", f"/v1/watches/some?subject={subjects[0]}", "bank2").status == 200
    assert network.http(PART, "GET", "/v1/watches", "bank2").json["watches"][0]["subjects"] == 4
    assert network.http(PART, "DELETE", "/v1/watches/some", "bank2").json["removed"] == 4
    assert network.http(PART, "GET", "/v1/watches/some", "bank2").status == 404


def test_a_new_penalty_is_told_and_is_in_the_trail(network, subjects, penalties):
    made = watch(network, {"id": "penalties", "rules": [{"items": [11], "kinds": ["new"]}], "subjects": subjects})
    assert made.status == 201, made.body
    text = piece(penalties, 0, 20)
    wanted = {(row["uscc"]) for row in rows_of(text)} & set(subjects)
    assert wanted, "the penalties are of enterprises that are watched"

    assert network.submit(11, text, "watch-11").status == 200
    wait_complete(network)

    told = all_events(network)
    assert {e["subject"] for e in told} == wanted
    assert {(e["kind"], e["item"], e["stream"], tuple(e["watches"])) for e in told} == {("new", 11, "4401", ("penalties",))}
    assert [e["number"] for e in told] == list(range(1, len(told) + 1))
    assert all(e["position"] > made.json["from"]["4401"] for e in told)

    code = told[0]["subject"]
    who = network.subject_identity(code)
    until(lambda: network.http(PART, "GET", "/v1/accesses", who).status == 200, 20, "the subject is a member")

    def seen():
        entries = network.http(PART, "GET", "/v1/accesses", who).json["accesses"]
        return [a["access"] for a in entries if a["access"]["action"] == "events"]
    access = until(seen, 20, "in the trail")[0]
    assert access["member"] == BANK and access["items"] == [11] and access["purpose"] == "post_loan"


def test_what_no_rule_wants_is_not_told(network, subjects):
    before = page(network, limit=1000)["last"]
    text = network.gen(17, 30, 51, "--division", "4401")
    assert network.submit(17, text, "watch-17").status == 200
    wait_complete(network)
    assert page(network, limit=1000)["last"] == before


def test_secrets_are_told_under_a_consent_until_it_is_revoked(network, subjects):
    text = network.gen(19, 60, 51, "--division", "4401")
    code = next(row["uscc"] for row in rows_of(text) if row["uscc"] in subjects)
    rows = [i for i, row in enumerate(rows_of(text)) if row["uscc"] == code]
    who = network.subject_identity(code)
    jws = network.sign_consent(who, grantee="bank2", purpose="post_loan", items="19", consent_id="watch-19")
    until(lambda: network.http(PART, "POST", "/v1/consents", who, jws, {"Content-Type": "application/jose"}).status
          in (200, 201), 20, "registered")
    subject = {"subject": code, "consent": "watch-19"}
    assert watch(network, {"id": "taxes", "rules": [{"items": [19]}], "subjects": [subject]}, who="bank2").status == 201
    other = [s for s in subjects if s != code and any(row["uscc"] == s for row in rows_of(text))][0]
    assert watch(network, {"id": "taxes", "subjects": [other]}, who="bank2").status == 200

    assert network.submit(19, text, "watch-19").status == 200
    wait_complete(network, who="bank2")
    told = all_events(network, who="bank2")
    shown = [e for e in told if "withheld" not in e]
    assert {e["subject"] for e in shown} == {code} and len(shown) == len(rows)
    hidden = [e for e in told if "withheld" in e]
    assert hidden and all(set(e) == {"number", "withheld"} and e["withheld"] == "consent_missing" for e in hidden)
    assert [e["number"] for e in told] == list(range(1, len(told) + 1)), "what is withheld leaves its number"

    assert network.http(PART, "DELETE", "/v1/consents/watch-19", who).status == 200
    again = all_events(network, who="bank2")
    assert all("withheld" in e for e in again) and len(again) == len(told)
    assert "consent_revoked" in {e["withheld"] for e in again}


def test_a_consent_whose_uses_are_counted_opens_no_events(network, subjects):
    text = network.gen(19, 60, 52, "--division", "4401")
    before = page(network, who="bank2", limit=1000)["last"]
    code = rows_of(text)[0]["uscc"]
    who = network.subject_identity(code)
    jws = network.sign_consent(who, grantee="bank2", purpose="post_loan", items="19", consent_id="watch-once", mode="once",
                               at="11440100MB0044011H")
    until(lambda: network.http(PART, "POST", "/v1/consents", who, jws, {"Content-Type": "application/jose"}).status
          in (200, 201), 20, "registered")
    subject = {"subject": code, "consent": "watch-once"}
    assert watch(network, {"id": "counted", "subjects": [subject]}, who="bank2").status == 201
    assert network.submit(19, text, "watch-once").status == 200
    wait_complete(network, who="bank2")
    told = all_events(network, before, who="bank2")
    assert told and all(e == {"number": e["number"], "withheld": "consent_mode"} for e in told)


def test_events_stream_on_and_are_taken_up_again(network, subjects, penalties):
    last = page(network, limit=1000)["last"]
    log = page(network)["log"]
    stream = Stream(network, f"{log}-{last}")
    text = piece(penalties, 20, 40)
    count = sum(row["uscc"] in subjects for row in rows_of(text))
    assert network.submit(11, text, "watch-stream").status == 200
    live = stream.changes(count)
    stream.close()
    assert [d["number"] for _, d in live] == list(range(last + 1, last + count + 1))
    assert [place for place, _ in live] == [f"{log}-{d['number']}" for _, d in live]

    again = Stream(network, live[0][0])
    assert again.changes(count - 1) == live[1:]
    kind, _, complete = again.next()
    assert kind == "complete" and complete["last"] == last + count
    assert complete["complete"]["4401"] == network.streams("hub")["4401"]["position"]
    again.close()


def test_lines_and_wrong_places(network):
    reply = network.http(PART, "GET", "/v1/events?limit=2", "bank", headers={"Accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in reply.body.decode().splitlines()]
    assert [line.get("number") for line in lines] == [1, 2, None] and lines[2]["last"] == 2 and lines[2]["more"]
    assert network.http(PART, "GET", "/v1/events?since=x", "bank").status == 400
    gone = network.http(PART, "GET", "/v1/events?since=1000000", "bank")
    assert gone.status == 410 and gone.json["type"].endswith("events_anew")
    assert network.http(PART, "GET", "/v1/events?since=0123456789abcdef-1", "bank").status == 410


def test_by_the_command_line(network, subjects):
    listed = network.folder / "borrowers"
    listed.write_text("\n".join([subjects[0], f"{subjects[1]},consent-1"]))
    made = json.loads(network.cli("watch", "add", subjects[2], "--id", "cli", "--file", listed, "--items", "11", "--kinds", "new",
                                  "--label", "x", who="bank2", part=PART).stdout)
    assert made["subjects"] == 3 and made["rules"] == [{"items": [11], "kinds": ["new"]}]
    assert "cli" in network.cli("watch", "list", who="bank2", part=PART).stdout
    network.cli("watch", "remove", "cli", subjects[0], who="bank2", part=PART)
    shown = network.http(PART, "GET", "/v1/watches/cli", "bank2").json["subjects"]
    assert {s["subject"]: s.get("consent") for s in shown} == {subjects[1]: "consent-1", subjects[2]: None}
    network.cli("watch", "remove", "cli", who="bank2", part=PART)
    assert "cli" not in network.cli("watch", "list", who="bank2", part=PART).stdout

    lines = network.cli("events", "--since", "1", who="bank", part=PART).stdout.splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(2, page(network, limit=1000)["last"] + 1))


def test_kills_in_the_middle_lose_and_double_no_event(network, subjects, penalties):
    """The node is killed again and again while penalties come and a bank follows."""
    last = page(network, limit=1000)["last"]
    log = page(network)["log"]
    start = network.streams("hub")["4401"]["position"]
    wanted = 0
    followed, stop = [], threading.Event()

    def follow():
        place = f"{log}-{last}"
        while not stop.is_set():
            try:
                stream = Stream(network, place)
                while True:
                    kind, at, data = stream.next()
                    if kind == "change":
                        followed.append(data)
                        place = at
            except (OSError, EOFError, http.client.HTTPException, json.JSONDecodeError, AssertionError):
                stop.wait(0.1)

    follower = threading.Thread(target=follow)
    follower.start()
    try:
        for i in range(6):
            text = piece(penalties, 40 + 60 * i, 100 + 60 * i)
            wanted += sum(row["uscc"] in subjects for row in rows_of(text))
            reply = network.submit(11, text, f"watch-kill-{i}")
            assert reply.status == 200, reply.body
            network.kill(PART)
            network.start(PART)
        network.agree(PART, "4401")
        wait_complete(network)
        until(lambda: len(followed) >= wanted, 60, f"{len(followed)} of {wanted} were streamed\n{network.logs()}")
    finally:
        stop.set()
        network.stop(PART)      # ends the stream
        follower.join()
        network.start(PART)
    told = all_events(network, last)
    assert [e["number"] for e in told] == list(range(last + 1, last + wanted + 1))
    positions = [e["position"] for e in told]
    assert positions == sorted(set(positions)) and positions[0] > start, "each change once, in order"
    assert followed == told, "the stream is the same, with neither gap nor double"


def test_a_rebuilt_store_tells_nothing_twice(network, subjects, penalties):
    before = all_events(network)
    network.stop(PART)
    shutil.rmtree(network.run / PART / "store")
    network.start(PART)
    network.agree(PART, "4401")
    wait_complete(network)
    assert all_events(network) == before


def test_no_more_subjects_are_watched_than_the_node_allows(network, subjects):
    network.stop(PART)
    with (network.run / f"{PART}.conf").open("a") as settings:
        settings.write("watch_subjects = 3\n")
    try:
        restart_with_own_settings(network, network.run / "pid" / f"{PART}.pid")
        for old in network.http(PART, "GET", "/v1/watches", "bank2").json["watches"]:
            assert network.http(PART, "DELETE", f"/v1/watches/{old['id']}", "bank2").status == 200
        reply = watch(network, {"id": "many", "subjects": subjects[:4]}, "bank2")
        assert (reply.status, reply.json["type"]) == (429, "urn:rongxin:problem:watch_limit")
        assert watch(network, {"id": "few", "subjects": subjects[:3]}, "bank2").status == 201
    finally:
        network.stop(PART)
        network.start(PART)
