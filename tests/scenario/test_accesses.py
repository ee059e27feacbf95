"""Who saw me: a subject gets every access to its data on a node, and nobody
else does."""
import shutil
import time

import pytest

import c2sp
from harness import rows_of, until

BANK, BANK2 = "91440101MA000RX19U", "91440300MA000RX27J"


@pytest.fixture(scope="module")
def subjects(network):
    text = network.gen(1, 60, 47, "--division", "4401")
    assert network.submit(1, text, "accesses-1").status == 200
    network.agree("gz", "4401")
    return [r["uscc"] for r in rows_of(text)]


@pytest.fixture(scope="module")
def who(network, subjects):
    """The certificates of two subjects, known at the node."""
    names = [network.subject_identity(code) for code in subjects[:2]]
    for name in names:
        until(lambda: network.http("gz", "GET", "/v1/accesses", name).status == 200, 30, network.logs())
    return names


def accesses(network, who, query=""):
    reply = network.http("gz", "GET", f"/v1/accesses{query}", who)
    assert reply.status == 200, reply.body
    return reply.json


def all_of(network, who, size):
    """Once the checkpoint that it names covers so many entries."""
    return until(lambda: (r := accesses(network, who, "?limit=500"))["tree_size"] >= size and r, 60, "a newer checkpoint")


def test_every_access_is_shown_to_its_subject_with_institution_and_purpose(network, subjects, who):
    receipts = []
    for bank, purpose, items in (("bank", "pre_loan", [1, 5]), ("bank2", "customer_screening", [1]), ("bank", "supervision", [1])):
        receipts.append(network.ask(subjects[0], who=bank, purpose=purpose, items=items).json["receipt"])
    assert network.ask(subjects[1], items=[1]).status == 200
    began = time.monotonic()
    page = all_of(network, who[0], receipts[-1]["index"] + 1)
    assert time.monotonic() - began < 60

    assert page["node"] == "11440100MB0044011H" and page["subject"] == subjects[0] and "next" not in page
    assert [(a["index"], a["leaf_hash"]) for a in page["accesses"]] == [(r["index"], r["leaf_hash"]) for r in receipts]
    shown = [a["access"] for a in page["accesses"]]
    assert [(s["member"], s["purpose"], s["rule"]) for s in shown] == [
        (BANK, "pre_loan", "allowed"), (BANK2, "customer_screening", "allowed"), (BANK, "supervision", shown[2]["rule"])]
    assert shown[2]["rule"] != "allowed" and shown[0]["items"] == [1, 5]
    names = {m["code"]: m["name"] for m in network.http("hub", "GET", "/v1/members").json["members"]}
    assert [a["name"] for a in page["accesses"]] == [names[BANK], names[BANK2], names[BANK]]
    member = next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == page["node"])
    origin, size, _ = c2sp.checkpoint(page["checkpoint"], bytes.fromhex(member["trail_key"]))
    assert (origin, size) == (f"rongxin/trail/{page['node']}", page["tree_size"])


def test_nobody_sees_who_saw_another(network, subjects, who):
    other = accesses(network, who[1])
    assert {a["access"]["subject"] for a in other["accesses"]} == {subjects[1]}
    assert accesses(network, "bank")["accesses"] == []
    assert network.http("gz", "GET", f"/v1/accesses?subject={subjects[0]}", "bank").json["subject"] == BANK


def test_the_consent_is_named(network, subjects, who):
    consent = network.sign_consent(who[0])
    reply = network.http("gz", "POST", "/v1/consents", who[0], consent, {"Content-Type": "application/jose"})
    assert reply.status in (201, 202), reply.body
    until(lambda: network.http("gz", "GET", f"/v1/consents/{reply.json['id']}", who[0]).json["state"] == "active", 30, "active")
    told = network.ask(subjects[0], items=[19], consent=reply.json["id"]).json["receipt"]
    page = all_of(network, who[0], told["index"] + 1)
    assert page["accesses"][-1]["access"]["consent"] == reply.json["id"]


def test_pages_make_the_whole(network, subjects, who):
    told = [network.ask(subjects[i % 2], items=[1]).json["receipt"] for i in range(20)][-1]
    whole = all_of(network, who[0], told["index"] + 1)["accesses"]
    found, after = [], ""
    while True:
        page = accesses(network, who[0], f"?limit=3{after}")
        assert len(page["accesses"]) <= 3
        found += page["accesses"]
        if "next" not in page:
            break
        after = f"&after={page['next']}"
    assert found == whole and len(whole) > 10
    for bad in ("limit=0", "limit=501", "limit=x", "after=-1", "after=99999999999999999999"):
        assert network.http("gz", "GET", f"/v1/accesses?{bad}", who[0]).status == 400, bad


def test_no_answer_names_a_checkpoint_that_it_does_not_cover(network, subjects, who):
    """Asked again and again while checkpoints are made: what one answer shows
    below its checkpoint, no later one adds to."""
    answers = []
    for i in range(60):
        assert network.ask(subjects[0], items=[1]).status == 200
        answers += [accesses(network, who[0], "?limit=500") for _ in range(4)]
    last = [a["index"] for a in accesses(network, who[0], "?limit=500")["accesses"]]
    for answer in answers:
        assert [a["index"] for a in answer["accesses"]] == [i for i in last if i < answer["tree_size"]]


def test_the_cli_asks_several_nodes(network, subjects, who):
    done = network.cli("trail", "accesses", network.url("gz"), network.url("sz"), "--as", network.stem(who[0]),
                       "--ca", network.run / "net" / "ca.crt")
    assert done.stdout.count("pre_loan") > 5 and BANK in done.stdout
    assert "node 11440100MB0044011H" in done.stdout and "node 11440300MB0044038K" in done.stdout


def test_it_is_there_after_a_kill_and_without_its_index(network, subjects, who):
    told = network.ask(subjects[0], items=[1]).json["receipt"]
    before = all_of(network, who[0], told["index"] + 1)["accesses"]
    network.kill("gz")
    network.start("gz")
    until(lambda: accesses(network, who[0], "?limit=500")["accesses"] == before, 30, "after a kill")
    network.stop("gz")
    assert (network.run / "gz" / "accesses").is_dir()
    shutil.rmtree(network.run / "gz" / "accesses")
    network.start("gz")
    until(lambda: accesses(network, who[0], "?limit=500")["accesses"] == before, 30, "without its index")


def test_another_trail_is_read_anew(network, subjects, who):
    """What the index says of another trail is not believed."""
    network.stop("gz")
    trail = network.run / "gz" / "trail"
    shutil.move(trail, network.folder / "trail-before")
    network.start("gz")
    told = [network.ask(subjects[1], items=[1]).json["receipt"] for _ in range(3)]
    page = all_of(network, who[1], told[-1]["index"] + 1)
    assert [a["leaf_hash"] for a in page["accesses"]] == [t["leaf_hash"] for t in told]
    assert accesses(network, who[0])["accesses"] == []
