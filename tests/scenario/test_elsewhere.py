"""A bank asks the node it knows about an enterprise that another node holds."""
import json
import threading
import time

import pytest

import vouch
from harness import rows_of, until

CODES = {"gd": "11440000MB00004493", "gz": "11440100MB0044011H", "sz": "11440300MB0044038K",
         "bank": "91440101MA000RX19U"}


@pytest.fixture(scope="module")
def network():
    from harness import Network
    net = Network()
    net.environment["RX_ELSEWHERE"] = "3"
    try:
        yield net.up()
    finally:
        net.down()


@pytest.fixture(scope="module")
def subjects(network):
    """Two enterprises of each division."""
    found = {}
    for division in ("4401", "4403", "4406"):
        text = network.gen(1, 20, int(division), "--division", division)
        assert network.submit(1, text, f"elsewhere-{division}").status == 200
        found[division] = [r["uscc"] for r in rows_of(text)]
    network.agree("gz", "4401")
    network.agree("sz", "4403")
    network.agree("gd", "44")
    return found


def come_back(network, part):
    """Until a node that starts has heard the hub's time, it shows nothing protected."""
    network.start(part)
    until(lambda: network.http(part, "GET", "/readyz").status == 200, 30, f"{part} hears the hub")


def entry(network, part, index, who="bank"):
    reply = network.http(part, "GET", f"/v1/trail/entries/{index}", who)
    assert reply.status == 200, reply.body
    return reply.json["access"]


def problem(reply):
    return reply.status, reply.json.get("type", "").rsplit(":", 1)[-1]


def test_a_city_asks_the_other_city_and_both_trails_name_each_other(network, subjects):
    reply = network.ask(subjects["4403"][0], part="gz", items=[1])
    assert reply.status == 200, reply.body
    there = network.ask(subjects["4403"][0], part="sz", items=[1]).json
    said = reply.json
    assert said["items"] == there["items"] and said["level"] == "public"
    passed = said["elsewhere"]
    assert (passed["holder"], passed["node"], passed["url"]) == (CODES["sz"], CODES["gz"], network.url("sz"))

    held, sent = entry(network, "sz", said["receipt"]["index"]), entry(network, "gz", passed["receipt"]["index"])
    assert held["action"] == "report" and sent["action"] == "forward"
    for one in (held, sent):
        assert (one["member"], one["subject"], one["purpose"]) == (CODES["bank"], subjects["4403"][0], "pre_loan")
    assert held["via"] == CODES["gz"] and held["items"] == sent["items"] == [1]
    assert sent["asked"] == [{"node": CODES["sz"], "vouch": held["vouch"], "index": said["receipt"]["index"],
                              "leaf_hash": said["receipt"]["leaf_hash"]}]


def test_the_path_of_an_enterprise_asks_elsewhere_too(network, subjects):
    reply = network.http("gz", "GET", f"/v1/enterprises/{subjects['4403'][1]}", "bank")
    assert reply.status == 200, reply.body
    assert entry(network, "sz", reply.json["receipt"]["index"])["action"] == "enterprise"


def test_a_province_is_asked_for_what_no_city_holds(network, subjects):
    said = network.ask(subjects["4406"][0], part="sz", items=[1]).json
    assert said["elsewhere"]["holder"] == CODES["gd"]


def test_an_enterprise_that_moved_is_found_where_it_is_now(network, subjects):
    """Its code still names Guangzhou, which says that it does not hold it."""
    code = rows_of(network.gen(1, 1, 41, "--division", "4401"))[0]["uscc"]
    text = ("name,uscc,reg_date,ent_type,rep_hash,capital,scope,province,city,address\n"
            f"佛山测试有限公司,{code},2019-01-03,有限责任公司,d9bbd20d0a78eaec,100万元人民币,软件开发,广东,佛山,测试路1号\n")
    assert network.submit(1, text, "elsewhere-moved").status == 200
    network.agree("gd", "44")
    said = network.ask(code, part="sz", items=[1]).json
    assert said["elsewhere"]["holder"] == CODES["gd"] and said["items"][0]["stream"] == "4406"
    asked = entry(network, "sz", said["elsewhere"]["receipt"]["index"])["asked"]
    assert [a["node"] for a in asked] == [CODES["gz"], CODES["gd"]]
    assert network.ask(code, part="gz", items=[1]).json["elsewhere"]["holder"] == CODES["gd"]


def test_the_holder_decides_and_the_consent_counts_there(network, subjects):
    subject = subjects["4403"][2]
    who = network.subject_identity(subject)
    assert problem(network.ask(subject, part="gz", purpose="supervision")) == (403, "purpose")
    without = network.ask(subject, part="gz", items=[19]).json
    assert without["withheld"][0]["rule"] == "consent_missing"
    consent = network.sign_consent(who)
    reply = network.http("gz", "POST", "/v1/consents", who, consent, {"Content-Type": "application/jose"})
    assert reply.status in (201, 202), reply.body
    name = reply.json["id"]
    until(lambda: network.ask(subject, part="gz", items=[19], consent=name).json["level"] == "C", 30, "shown elsewhere")
    refused = network.ask(subject, part="gz", who="bank2", items=[19], consent=name).json
    assert refused["withheld"][0]["rule"] == "consent_grantee"
    assert network.http("gz", "DELETE", f"/v1/consents/{name}", who).status == 200
    assert network.ask(subject, part="gz", items=[19], consent=name).json["level"] == "public", "at once, here too"


def test_nobody_vouches_for_a_subject(network, subjects):
    """It would see all of itself."""
    subject = subjects["4403"][2]
    who = network.subject_identity(subject)
    until(lambda: network.ask(subject, part="sz", who=who, purpose="self").status == 200, 30, "a member")
    until(lambda: problem(network.ask(subject, part="gz", who=who, purpose="self")) == (404, "subject_not_held"), 30, "here too")
    asked = {"subject": subject, "purpose": "self"}
    reply = speak(network, member=subject, question=asked)
    assert problem(reply) == (403, "vouch")
    assert entry(network, "sz", reply.json["receipt"]["index"], who)["rule"] == "vouch"


def test_who_is_held_nowhere_is_not_held_and_all_that_were_asked_are_named(network, subjects):
    unknown = rows_of(network.gen(1, 5, 99, "--division", "4403"))[0]["uscc"]
    reply = network.ask(unknown, part="gz", items=[1])
    assert problem(reply) == (404, "subject_not_held")
    asked = entry(network, "gz", reply.json["elsewhere"]["receipt"]["index"])["asked"]
    assert [a["node"] for a in asked] == [CODES["sz"], CODES["gd"]]
    for part, one in zip(("sz", "gd"), asked):
        there = entry(network, part, one["index"])
        assert (there["vouch"], there["via"], there["rule"]) == (one["vouch"], CODES["gz"], "allowed")


# --- what another node's word is worth ---
def question(subjects):
    return {"subject": subjects["4403"][3], "purpose": "pre_loan", "items": [1]}


def speak(network, question, sender="gz", signer=None, who=None, part="sz", **other):
    member = other.pop("member", CODES["bank"])
    payload = vouch.vouch(CODES[sender], CODES[part], member, question, **other)
    return bring(network, vouch.jws(network.stem(signer or sender), payload), who or sender, part)


def bring(network, word, who, part="sz"):
    return network.http(part, "POST", "/v1/vouched", who, word, {"Content-Type": "application/jose"})


def in_the_trail(network, reply, member, rule="vouch", part="sz"):
    """A word that did not hold: refused, told to nobody, and kept."""
    assert problem(reply) == (403, "vouch"), reply.body
    kept = entry(network, part, reply.json["receipt"]["index"], "operator")
    assert (kept["action"], kept["member"], kept["rule"], kept["subject"]) == ("vouched", member, rule, None)


def test_a_word_as_the_protocol_has_it_is_taken(network, subjects):
    reply = speak(network, question(subjects))
    assert reply.status == 200, reply.body
    assert entry(network, "sz", reply.json["receipt"]["index"])["via"] == CODES["gz"]


def test_a_bank_that_asks_in_its_own_name_is_refused(network, subjects):
    word = vouch.jws(network.stem("gz"), vouch.vouch(CODES["gz"], CODES["sz"], CODES["bank"], question(subjects)))
    in_the_trail(network, bring(network, word, "bank"), CODES["bank"], "member_kind")
    in_the_trail(network, bring(network, "nonsense", "bank"), CODES["bank"], "member_kind")
    assert bring(network, word, "gz").status == 200, "nothing was used up"


def test_a_word_that_was_altered_stolen_or_is_stale_is_refused(network, subjects):
    asked = question(subjects)
    word = vouch.jws(network.stem("gz"), vouch.vouch(CODES["gz"], CODES["sz"], CODES["bank"], asked))
    head, payload, signature = word.split(".")
    other = vouch.jws(network.stem("gz"), vouch.vouch(CODES["gz"], CODES["sz"], CODES["bank"], {**asked, "items": [1, 2]}))
    broken = [
        bring(network, f"{head}.{other.split('.')[1]}.{signature}", "gz"),
        bring(network, word[:-4] + "AAAA", "gz"),
        bring(network, "nonsense", "gz"),
        speak(network, asked, signer="gd"),                     # another platform's key
        speak(network, asked, sender="gd"),                     # its word, brought by gz
        speak(network, asked, time=vouch.time_text(-90)),
        speak(network, asked, time=vouch.time_text(90)),
        speak(network, asked, to=CODES["gd"]),
        speak(network, asked, action="statistics"),
        speak(network, asked, nonce="ab"),
        speak(network, asked, certificate=None),
        speak(network, asked, more=1),
        speak(network, asked, member=CODES["gz"]),
    ]
    broken[4] = bring(network, vouch.jws(network.stem("gd"), vouch.vouch(CODES["gd"], CODES["sz"], CODES["bank"], asked)), "gz")
    for reply in broken:
        in_the_trail(network, reply, CODES["gz"])


def test_a_word_counts_once(network, subjects):
    word = vouch.jws(network.stem("gz"), vouch.vouch(CODES["gz"], CODES["sz"], CODES["bank"], question(subjects)))
    assert bring(network, word, "gz").status == 200
    in_the_trail(network, bring(network, word, "gz"), CODES["gz"])
    network.stop("sz")
    come_back(network, "sz")
    in_the_trail(network, bring(network, word, "gz"), CODES["gz"])


def put(network, member):
    reply = network.http("hub", "POST", "/v1/members", "operator", member, {"Content-Type": "application/json"})
    assert reply.status in (200, 201), reply.body


@pytest.fixture
def changed(network):
    """Change a member document; it is as before after the test."""
    before = {m["code"]: m for m in network.http("hub", "GET", "/v1/members").json["members"]}
    touched = set()

    def change(code, **values):
        touched.add(code)
        put(network, {**before[code], **values})
    yield change
    for code in touched:
        put(network, before[code])
    position = network.streams("hub")["0000"]["position"]
    for part in ("gz", "sz", "gd"):
        until(lambda: network.streams(part)["0000"]["position"] >= position, 30, f"{part} knows")
    for part in ("gz", "sz", "gd"):
        until(lambda: network.http(part, "GET", "/v1/streams", "bank").status == 200, 30, f"the bank is back at {part}")
    until(lambda: speak(network, {"subject": before[CODES["bank"]]["code"], "purpose": "pre_loan"}).status == 404, 30, "gz is back at sz")


def test_a_platform_that_was_struck_off_vouches_for_nobody(network, subjects, changed):
    changed(CODES["gz"], status="struck_off")
    reply = until(lambda: (r := speak(network, question(subjects))).status == 403 and r, 10, "refused")
    in_the_trail(network, reply, CODES["gz"], "member_inactive")


def test_a_bank_that_was_suspended_gets_nothing_through_another_node(network, subjects, changed):
    """Even when the forwarder has not heard of it."""
    changed(CODES["bank"], status="suspended")
    reply = until(lambda: (r := speak(network, question(subjects))).status == 403 and r, 10, "refused")
    assert problem(reply) == (403, "member_inactive")
    kept = entry(network, "sz", reply.json["receipt"]["index"], "operator")
    assert (kept["member"], kept["via"], kept["rule"]) == (CODES["bank"], CODES["gz"], "member_inactive")


def test_what_was_forwarded_is_not_forwarded_again(network, subjects):
    """gz asks sz about somebody that only gd holds: sz asks nobody."""
    asked = {**question(subjects), "subject": subjects["4406"][1]}
    reply = speak(network, asked)
    assert problem(reply) == (404, "subject_not_held") and "elsewhere" not in reply.json
    assert "asked" not in entry(network, "sz", reply.json["receipt"]["index"])


# --- holders that are away, slow or lie ---
@pytest.fixture
def holder(network, changed):
    """Something else answers in sz's place, with its certificate."""
    made = []

    def make(answer, stem="sz"):
        made.append(vouch.Holder(network.stem(stem), network.run / "net" / "ca.crt", answer))
        changed(CODES["sz"], url=made[-1].url)
        changed(CODES["gd"], url="")
        return made[-1]
    yield make
    for one in made:
        one.close()


def ask_until(network, subjects, wanted):
    """Once gz has heard of the other address."""
    return until(lambda: problem(r := network.ask(subjects["4403"][4], part="gz", items=[1])) == wanted and r, 30, wanted)


def test_when_the_city_is_away_its_province_answers(network, subjects):
    network.stop("sz")
    try:
        said = network.ask(subjects["4403"][0], part="gz", items=[1]).json
        assert said["elsewhere"]["holder"] == CODES["gd"]
        sent = entry(network, "gz", said["elsewhere"]["receipt"]["index"])["asked"]
        assert [(a["node"], "index" in a) for a in sent] == [(CODES["sz"], False), (CODES["gd"], True)]
    finally:
        come_back(network, "sz")


def test_a_holder_that_does_not_answer_in_time_is_away(network, subjects, holder):
    over = threading.Event()
    slow = holder(lambda handler, body: over.wait(30))
    try:
        until(lambda: network.http("gz", "GET", "/v1/streams").json["streams"][0]["position"]
              >= network.http("hub", "GET", "/v1/streams").json["streams"][0]["position"], 30, "gz has heard")
        began = time.monotonic()
        waiting = threading.Thread(target=network.ask, args=(subjects["4403"][4], "gz"))
        waiting.start()
        until(lambda: slow.asked, 10, "it is being asked")
        for _ in range(8):
            assert network.ask(subjects["4401"][0], part="gz", items=[1]).status == 200
        assert time.monotonic() - began < 2.5, "nobody else waits"
        waiting.join()
        reply = ask_until(network, subjects, (504, "holder_away"))
        assert time.monotonic() - began < 12
        sent = entry(network, "gz", reply.json["receipt"]["index"])
        assert sent["action"] == "forward" and [a["node"] for a in sent["asked"]] == [CODES["sz"]]
        assert slow.asked[0][0] == "/v1/vouched"
    finally:
        over.set()


LIES = {
    "too large": lambda h, b: h.reply(200, "application/json", b'{"subject":"' + b"x" * (9 << 20) + b'"}'),
    "of another type": lambda h, b: h.reply(200, "text/html", json.dumps(REPORT).encode()),
    "not JSON": lambda h, b: h.reply(200, "application/json", b"<html>"),
    "of another subject": lambda h, b: h.reply(200, "application/json", json.dumps({**REPORT, "subject": "x"}).encode()),
    "without a receipt": lambda h, b: h.reply(200, "application/json", json.dumps({**REPORT, "receipt": None}).encode()),
    "of somebody else": lambda h, b: h.reply(200, "application/json", json.dumps({**REPORT, "elsewhere": {}}).encode()),
    "a redirection": lambda h, b: (h.send_response(302), h.send_header("location", "https://127.0.0.1:1/"),
                                   h.send_header("content-length", "0"), h.end_headers()),
}
REPORT = {"subject": None, "receipt": {"index": 0, "leaf_hash": "00" * 32}}


def test_what_is_no_answer_is_not_passed_on(network, subjects, holder):
    REPORT["subject"] = subjects["4403"][4]
    now = ["too large"]
    holder(lambda handler, body: LIES[now[0]](handler, body))
    ask_until(network, subjects, (502, "holder_failed"))
    for lie in LIES:
        now[0] = lie
        reply = network.ask(subjects["4403"][4], part="gz", items=[1])
        assert problem(reply) == (502, "holder_failed"), lie
        sent = entry(network, "gz", reply.json["receipt"]["index"])
        assert [a["node"] for a in sent["asked"]] == [CODES["sz"]], lie


def test_a_trace_goes_on_to_the_holder_and_stands_in_the_log(network, subjects, holder):
    heard, trace = [], "4bf92f3577b34da6a3ce929d0e0e4736"

    def answer(handler, body):
        heard.append(handler.headers.get("traceparent"))
        handler.reply(200, "text/html", b"")

    def ask():
        return network.http("gz", "POST", "/v1/reports", "bank", {"subject": subjects["4403"][4], "purpose": "pre_loan"},
                            {"Content-Type": "application/json", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    holder(answer)
    ask_until(network, subjects, (502, "holder_failed"))
    assert heard[-1] is None
    reply = ask()
    assert reply.status == 502 and heard[-1] == reply.headers["traceparent"]
    assert heard[-1].startswith(f"00-{trace}-")
    # Of many failures some are logged.
    log = network.run / "log" / "gz.log"
    until(lambda: ask() and f'status=502 route="POST /v1/reports" trace={trace}' in log.read_text(), 10, "a line of the log")
    assert network.ask(subjects["4403"][4], part="gz").headers["traceparent"], "a failure has one of its own"


def test_another_member_at_the_holders_address_is_told_nothing(network, subjects, holder):
    stranger = holder(lambda handler, body: handler.reply(200, "application/json", b"{}"), stem="gd")
    ask_until(network, subjects, (502, "holder_failed"))
    assert stranger.asked == []


def test_a_connection_to_one_platform_is_not_used_for_another(network, subjects, changed):
    """gz has one to gd, over HTTP/2, when sz is said to be reached there."""
    assert network.ask(subjects["4406"][0], part="gz", items=[1]).json["elsewhere"]["holder"] == CODES["gd"]
    changed(CODES["sz"], url=network.url("gd"))
    changed(CODES["gd"], url="")
    reply = ask_until(network, subjects, (502, "holder_failed"))
    before = network.ask(subjects["4406"][0], part="gd", items=[1]).json["receipt"]["index"]
    for _ in range(5):
        reply = network.ask(subjects["4403"][4], part="gz", items=[1])
        assert problem(reply) == (502, "holder_failed")
    after = network.ask(subjects["4406"][0], part="gd", items=[1]).json["receipt"]["index"]
    assert after == before + 1, "gd was told nothing"


def test_a_holder_that_forwards_to_itself_ends_there(network, subjects, changed):
    """gz is said to be reached where gd is: its word is for another node."""
    changed(CODES["sz"], url=network.url("gz"))
    changed(CODES["gd"], url="")
    ask_until(network, subjects, (502, "holder_failed"))


# --- who saw me, on all nodes ---
def wish(network, who, subject, node="all", **other):
    """docs/PROTOCOL.md section 9: the subject's own signature."""
    payload = {"subject": subject, "node": node, "time": vouch.time_text(), **other}
    return vouch.jws_of_certificate(network.stem(who), "rongxin-disclosure+jws", payload)


def saw(network, word, who, part="gz"):
    return network.http(part, "POST", "/v1/accesses", who, word, {"Content-Type": "application/jose"})


def test_a_subject_sees_from_one_place_who_saw_it_at_every_node(network, subjects):
    subject = subjects["4401"][5]
    who = network.subject_identity(subject)
    told = {"gz": network.ask(subject, part="gz", items=[1]).json["receipt"],
            "gd": network.ask(subject, part="gd", who="bank2", items=[1]).json["receipt"],
            "sz": network.ask(subject, part="sz", items=[1]).json["elsewhere"]["receipt"]}
    began = time.monotonic()

    def complete():
        reply = saw(network, wish(network, who, subject), who, "sz")
        if reply.status != 200:
            return None
        nodes = {n["node"]: n for n in reply.json["nodes"]}
        return nodes if all(nodes[CODES[p]].get("tree_size", 0) > r["index"] for p, r in told.items()) else None
    nodes = until(complete, 60, "everything is covered by a checkpoint")
    assert time.monotonic() - began < 60
    assert set(nodes) == {CODES["gz"], CODES["sz"], CODES["gd"]}
    for part, receipt in told.items():
        page = nodes[CODES[part]]
        assert page["subject"] == subject and page["checkpoint"].startswith(f"rongxin/trail/{CODES[part]}\n")
        assert receipt["leaf_hash"] in [a["leaf_hash"] for a in page["accesses"]]
        assert ("receipt" in page) == (part != "sz"), "others know that sz asked"
    kept = entry(network, "gd", nodes[CODES["gd"]]["receipt"]["index"], who)
    assert (kept["action"], kept["member"], kept["subject"], kept["via"]) == ("accesses", subject, subject, CODES["sz"])


def test_pages_of_one_node_make_the_whole(network, subjects):
    subject = subjects["4403"][6]
    who = network.subject_identity(subject)
    receipts = [network.ask(subject, part="sz", items=[1]).json["receipt"] for _ in range(7)]
    until(lambda: saw(network, wish(network, who, subject), who).status == 200, 30, "a member")

    def page(**more):
        return saw(network, wish(network, who, subject, CODES["sz"], **more), who).json["nodes"]
    until(lambda: page()[0]["tree_size"] > receipts[-1]["index"], 30, "covered")
    found, after = [], {}
    while True:
        (one,) = page(limit=3, **after)
        assert len(one["accesses"]) <= 3
        found += [a["index"] for a in one["accesses"] if a["access"]["action"] == "report"]
        if "next" not in one:
            break
        after = {"after": one["next"]}
    assert found == [r["index"] for r in receipts]
    assert saw(network, wish(network, who, subject, "nobody"), who).status == 404


def test_nodes_that_cannot_be_asked_are_named(network, subjects, changed):
    subject = subjects["4401"][5]
    who = network.subject_identity(subject)
    changed(CODES["gd"], url="")
    network.stop("sz")
    try:
        def problems():
            nodes = saw(network, wish(network, who, subject), who).json["nodes"]
            return {n["node"]: n.get("problem") for n in nodes}
        until(lambda: problems() == {CODES["gz"]: None, CODES["sz"]: "holder_away", CODES["gd"]: "no_url"}, 30, problems())
        done = network.cli("trail", "accesses", network.url("gz"), "--all", "--as", network.stem(who),
                           "--ca", network.run / "net" / "ca.crt", check=False)
        assert done.returncode == 3 and CODES["sz"] in done.stderr and "holder_away" in done.stderr
        assert f"node {CODES['gz']}" in done.stdout
    finally:
        come_back(network, "sz")


def test_the_cli_asks_all_nodes_through_one(network, subjects):
    subject = subjects["4401"][5]
    stem = network.stem(network.subject_identity(subject))

    def ask():
        done = network.cli("trail", "accesses", network.url("gz"), "--all", "--as", stem,
                           "--ca", network.run / "net" / "ca.crt", check=False)
        return done.returncode == 0 and done
    done = until(ask, 30, "all of them are back")
    assert all(f"node {CODES[part]}" in done.stdout for part in ("gz", "sz", "gd"))
    assert done.stdout.count("pre_loan") >= 3


def test_nobody_is_told_who_saw_another(network, subjects):
    """Neither a member nor a platform that says it asks for the subject."""
    subject, other = subjects["4401"][5], subjects["4403"][6]
    who, another = network.subject_identity(subject), network.subject_identity(other)
    good = wish(network, who, subject)
    for word, asker in ((good, "bank"), (good, another), (wish(network, another, subject), another),
                        (wish(network, another, subject), who), (wish(network, who, other), who),
                        (wish(network, who, subject, time=vouch.time_text(-90)), who),
                        (wish(network, who, subject, more=1), who), (good[:-4] + "AAAA", who), ("", who)):
        assert problem(saw(network, word, asker)) == (400, "malformed")
    for proof in ("", wish(network, another, subject), wish(network, who, other), wish(network, who, subject, CODES["gz"]),
                  wish(network, who, subject, time=vouch.time_text(-90)), good[:-4] + "AAAA"):
        reply = speak(network, {"proof": proof}, member=subject, action="accesses")
        assert problem(reply) == (403, "vouch"), proof
        kept = entry(network, "sz", reply.json["receipt"]["index"], "operator")
        assert (kept["action"], kept["rule"], kept["via"], kept["subject"]) == ("accesses", "vouch", CODES["gz"], None)
    assert speak(network, {"proof": good}, member=subject, action="accesses").status == 200
    assert problem(speak(network, {"proof": good}, member=other, action="accesses")) == (403, "vouch")


def test_a_report_from_elsewhere_is_printed_like_one_from_here(network, subjects):
    asked = json.dumps({"subject": subjects["4403"][0], "purpose": "pre_loan", "items": [1]})
    for accept, begins in (("text/html", b"<!"), ("application/pdf", b"%PDF")):
        reply = network.http("gz", "POST", "/v1/reports", "bank", asked, {"Content-Type": "application/json", "Accept": accept})
        assert (reply.status, reply.headers["content-type"].split(";")[0]) == (200, accept)
        assert reply.body.lstrip()[:2].lower() == begins[:2].lower()
        if accept == "text/html":
            assert CODES["sz"] in reply.body.decode() and CODES["gz"] in reply.body.decode()
        file = network.folder / "report"
        file.write_bytes(reply.body)
        network.cli("report", "verify", file, "--member", f"{network.stem('gz')}.member.json")


def test_a_limited_consent_is_counted_by_the_node_that_it_names(network, subjects):
    subject = subjects["4403"][7]
    who = network.subject_identity(subject)
    words = ["consent", "sign", "--stem", network.stem(who), "--grantee", CODES["bank"], "--purpose", "pre_loan",
             "--items", "19", "--days", "30", "--uses", "2", "--at", CODES["sz"]]
    consent = network.cli(*words).stdout.strip()
    reply = network.http("gz", "POST", "/v1/consents", who, consent, {"Content-Type": "application/jose"})
    assert reply.status in (201, 202), reply.body
    name = reply.json["id"]
    until(lambda: network.http("sz", "GET", f"/v1/consents/{name}", who).status == 200, 30, "known at sz")
    levels = [network.ask(subject, part=part, items=[19], consent=name).json for part in ("gz", "sz", "gz")]
    assert [said["level"] for said in levels] == ["C", "C", "public"], [said["withheld"] for said in levels]
    assert levels[2]["withheld"][0]["rule"] == "consent_used_up" and "elsewhere" in levels[2]
