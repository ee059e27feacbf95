"""Anonymised answers, asked by honest members and by attackers.

Each attack is made twice: with the defences off (a catalogue with k = 1, no
dominance and an epsilon that adds no noise) and on.  It must succeed first:
an attack that fails anyway shows nothing."""
import base64
import collections
import csv
import hashlib
import hmac
import io
import json
import os
import random
import subprocess
import time
from fractions import Fraction

import pytest
from harness import ROOT, until, uscc_is_right

pytestmark = pytest.mark.usefixtures("one_day")

OFF = {"k": 1, "dominance": {"largest": 100, "two_largest": 100}, "screenings": 10000, "refresh_minutes": 0,
       "noise": {"epsilon_milli": 10000000, "budget_milli": 2000000000, "period_days": 30}}
ON = {"k": 10, "dominance": {"largest": 50, "two_largest": 75}, "screenings": 10000, "refresh_minutes": 0,
      "noise": {"epsilon_milli": 250, "budget_milli": 2000000000, "period_days": 30}}
NODE, ROWS = "gd", 6000


class Catalogues:
    """The network's catalogue with other numbers, each a newer version."""

    def __init__(self, network):
        self.network = network
        self.version = network.http("hub", "GET", "/v1/catalogue", "bank").json["version"]

    def publish(self, change):
        document = json.loads((ROOT / "deploy/catalogue/catalogue.json").read_text())
        self.version += 1
        document["version"], document["limits"] = self.version, []
        change(document)
        plain, signed = self.network.folder / "mask.json", self.network.folder / "mask.jws"
        plain.write_text(json.dumps(document, ensure_ascii=False))
        signed.write_text(self.network.cli("catalogue", "sign", plain, "--key", self.network.run / "net/catalogue.key").stdout)
        self.network.cli("catalogue", "publish", signed, who="operator", part="hub")

    def set(self, numbers, **more):
        def change(document):
            document["anonymisation"].update({**numbers, **more})
        self.publish(change)

        def answers():
            reply = statistic(self.network, "operator", purpose="supervision")
            return reply.status == 200 and reply.json["population"]["catalogue"] == self.version
        until(answers, 60, f"the new numbers count\n{self.network.logs()}")


def post(network, path, question, who="bank", part=NODE):
    return network.http(part, "POST", path, who, question, {"Content-Type": "application/json"})


def statistic(network, who="bank", part=NODE, **more):
    return post(network, "/v1/statistics", {"purpose": "customer_screening", "statistic": "count", **more}, who, part)


def screening(network, who="bank", part=NODE, **more):
    return post(network, "/v1/screenings", {"purpose": "customer_screening", **more}, who, part)


def rows_of_screening(network, who="bank", **more):
    rows, after = [], None
    while True:
        reply = screening(network, who, limit=10000, **({"after": after} if after else {}), **more)
        assert reply.status == 200, reply.body
        rows += reply.json["rows"]
        after = reply.json["next"]
        if after is None:
            return rows


def cells(reply, *names):
    assert reply.status == 200, reply.body
    return {tuple(c[n] for n in names): c["value"] for c in reply.json["cells"]}


@pytest.fixture(scope="module")
def people(network):
    """What a department handed in, by code: registration, penalties, revenue."""
    known = {}
    # two divisions have few, so that there are small cells
    batches = [(item, ROWS, 97, "4401,4403,4406,4407,4419") for item in (1, 7, 11)] + [(1, 90, 98, "4412"), (1, 30, 99, "4420")]
    for item, rows, seed, divisions in batches:
        text = network.gen(item, rows, seed, "--division", divisions)
        reply = network.submit(item, text, f"mask-{item}-{seed}")
        assert reply.status == 200, reply.body
        for row in csv.DictReader(io.StringIO(text)):
            if uscc_is_right(row["uscc"]):
                known.setdefault(row["uscc"], collections.defaultdict(list))[item].append(row)
    network.agree(NODE, "44")
    return {code: items for code, items in known.items() if items[1]}


@pytest.fixture(scope="module")
def catalogues(network, people):
    return Catalogues(network)


def industry(row):
    text = row["industry"] or ""
    return text[:3] if len(text) >= 3 and text[:3].isalnum() and text[:3].isascii() else "?"


# --- what is answered ---
def test_counts_are_right_but_for_the_noise_that_is_stated(network, people, catalogues):
    catalogues.set(OFF)
    exact = cells(statistic(network, by=["industry"]), "industry")
    counted = collections.Counter(industry(items[1][-1]) for items in people.values())
    assert {k: v for (k,), v in exact.items() if k != "*"} == counted
    assert exact["*",] == len(people)
    catalogues.set(ON)
    reply = statistic(network, by=["industry"])
    noisy = cells(reply, "industry")
    assert reply.json["level"] == "A" and reply.json["noise"] == {"kind": "discrete_laplace", "epsilon_milli": 250, "sensitivity": 1}
    shown = [(noisy[c], exact[c]) for c in exact if noisy[c] is not None]
    assert len(shown) > 10
    # a value is more than 150 off with probability exp(-37)
    assert all(abs(a - b) < 150 for a, b in shown) and any(a != b for a, b in shown)


def test_small_cells_are_hidden_and_so_are_dominated_sums(network, people, catalogues):
    catalogues.set(OFF)
    exact = cells(statistic(network, by=["division", "industry"]), "division", "industry")
    catalogues.set(ON)
    noisy = cells(statistic(network, by=["division", "industry"]), "division", "industry")
    small = [c for c in exact if (exact[c] or 0) < 10]
    assert small and all(noisy[c] is None for c in small)
    catalogues.set({**ON, "k": 2})
    sums = cells(statistic(network, statistic="sum", measure="capital", by=["division", "industry"]), "division", "industry")
    counts = cells(statistic(network, measure="capital", by=["division", "industry"]), "division", "industry")
    assert any(sums[c] is None and counts[c] is not None for c in sums), "a few large ones dominate somewhere"


def test_a_median_is_a_band(network, people, catalogues):
    catalogues.set(OFF)
    reply = statistic(network, statistic="median", measure="capital")
    exact = reply.json["cells"][0]["value"]
    low, high = (int(x) for x in exact.split("-"))
    catalogues.set(ON)
    noisy = statistic(network, statistic="median", measure="capital").json["cells"][0]["value"]
    assert noisy == exact, "among thousands the noise moves no band"
    assert 0 < low < high


def test_a_screening_shows_bands_and_tokens_and_no_names(network, people, catalogues):
    catalogues.set(ON)
    reply = screening(network, where={"penalties_36": ["b0"], "dishonest": [False]}, columns=["revenue", "liability_ratio", "capital"])
    answer = reply.json
    assert answer["level"] == "B" and answer["rows"] and answer["receipt"]["index"] >= 0
    assert all(code not in reply.body.decode() for code in people)
    assert all(items[1][-1]["name"] not in reply.body.decode() for items in list(people.values())[:500])
    for row in answer["rows"]:
        assert set(row) == {"token", "division", "industry", "size", "penalties_36", "dishonest", "revenue", "liability_ratio", "capital"}
        assert row["penalties_36"] == "b0" and row["dishonest"] is False and len(row["token"]) == 24
    assert answer["bands"]["capital"][0] == "<100000" and answer["bands"]["capital"][1] == "100000-499999"


def test_every_row_is_like_at_least_k(network, people, catalogues):
    catalogues.set(ON)
    rows = rows_of_screening(network, columns=["capital", "penalties_6", "penalties_12", "penalties_36", "judgments_36", "dishonest", "honoured"])
    alike = collections.Counter(tuple(v for n, v in sorted(r.items()) if n != "token") for r in rows)
    assert len(rows) > ROWS / 2 and min(alike.values()) >= 10
    print(f"{len(rows)} of {len(people)} enterprises, {len(alike)} descriptions, the smallest {min(alike.values())}")


# --- who may ask, and what the trail holds ---
def test_the_permit_decides_and_the_trail_holds_level_and_rule(network, people, catalogues):
    catalogues.set(ON)
    subject = network.subject_identity(next(iter(people)))
    for who, purpose, path, status, kind in (
            ("bank", "customer_screening", "statistics", 200, None), ("bank", "post_loan", "statistics", 200, None),
            ("bank", "pre_loan", "statistics", 403, "purpose"), ("bank", "post_loan", "screenings", 403, "purpose"),
            ("bank", "self", "statistics", 403, "purpose"), ("bank", "guarantee_review", "screenings", 200, None),
            ("operator", "supervision", "statistics", 200, None), ("operator", "supervision", "screenings", 403, "member_kind"),
            ("dept", "customer_screening", "statistics", 403, "member_kind"), (subject, "self", "statistics", 403, "member_kind")):
        question = {"purpose": purpose, **({"statistic": "count"} if path == "statistics" else {"columns": ["capital"]})}
        reply = post(network, f"/v1/{path}", question, who)
        assert reply.status == status, (who, purpose, path, reply.body)
        assert kind is None or reply.json["type"] == f"urn:rongxin:problem:{kind}"
        access = network.http(NODE, "GET", f"/v1/trail/entries/{reply.json['receipt']['index']}", "operator").json["access"]
        assert access["action"] == ("statistics" if path == "statistics" else "screening")
        assert access["rule"] == (kind or "allowed") and access["subject"] is None and access["purpose"] == purpose
        assert access["level"] == ("public" if kind else "A" if path == "statistics" else "B")
        assert access["items"] == ([1] if path == "screenings" and not kind else [])
        assert not access["authorised"]


@pytest.mark.parametrize("question", [
    b"", b"{", b"[]", b"{}", b'{"purpose":"customer_screening"}', b'{"purpose":"customer_screening","statistic":"mode"}',
    b'{"purpose":"customer_screening","statistic":"sum"}', b'{"purpose":"customer_screening","statistic":"count","by":"industry"}',
    b'{"purpose":"customer_screening","statistic":"count","by":["industry/2"]}',
    b'{"purpose":"customer_screening","statistic":"count","by":["industry","industry/1"]}',
    b'{"purpose":"customer_screening","statistic":"count","by":["division","industry","size"]}',
    b'{"purpose":"customer_screening","statistic":"count","where":{"industry":"*"}}',
    b'{"purpose":"customer_screening","statistic":"count","where":{"size":"10-17"}}',
    b'{"purpose":"customer_screening","statistic":"count","where":{"industry":"C34"},"by":["industry"]}',
    b'{"purpose":"customer_screening","statistic":"count","where":{"subject":"91440101MA000RX19U"}}',
    b'{"purpose":"customer_screening","statistic":"count","measure":"nothing"}',
    b'{"purpose":"customer_screening","statistic":"count","extra":1}',
    b'{"purpose":"customer_screening","statistic":"count","where":{"industry":{}}}',
])
def test_what_is_no_statistic_is_refused(network, people, catalogues, question):
    reply = post(network, "/v1/statistics", question)
    assert reply.status == 400 and reply.json["type"] == "urn:rongxin:problem:malformed", reply.body


@pytest.mark.parametrize("where", [
    {"revenue": "b4"}, {"revenue": []}, {"revenue": ["b99"]}, {"revenue": ["b"]}, {"revenue": [True]}, {"dishonest": ["b1"]},
    {"industry": ["*"]}, {"industry": ["C3"]}, {"nothing": ["b1"]}, {"industry": [None]}, {"industry": ["C"] * 17}, [], "x",
])
def test_what_is_no_criterion_is_refused(network, people, catalogues, where):
    reply = screening(network, where=where)
    assert reply.status == 400 and reply.json["type"] == "urn:rongxin:problem:malformed", reply.body


# --- attackers ---
def test_attack_averaging_repeated_noise(network, people, catalogues):
    """Naive noise is drawn anew each time; ours belongs to the cell."""
    catalogues.set(OFF)
    truth = cells(statistic(network, where={"industry": "C"}), )[()]
    dice = random.Random(7)
    draws = [truth + dice.choice((-1, 1)) * int(dice.expovariate(0.25)) for _ in range(2000)]
    assert abs(sum(draws) / len(draws) - truth) < 0.7, "averaging beats naive noise"
    catalogues.set(ON)
    seen = set()
    for who in ("bank", "bank2"):
        for _ in range(10):
            seen.add(cells(statistic(network, who, where={"industry": "C"}))[()])
        seen.add(cells(statistic(network, who, purpose="post_loan", where={"industry": "C"}))[()])
        seen.add(cells(statistic(network, who, by=["industry/1"]), "industry")["C",])
        seen.add(cells(statistic(network, who, where={"industry": "C"}, by=["division"]), "division")["*",])
        seen.add(cells(statistic(network, who, where={"industry": "C"}, by=["industry"]), "industry")["*",])
        seen.add(cells(statistic(network, who, by=["size", "industry/1"]), "size", "industry")["*", "C"])
    print(f"averaging: 2000 naive draws are off by {abs(sum(draws) / len(draws) - truth):.2f}; ours say {seen}, the truth is {truth}")
    assert len(seen) == 1, "whoever asks in whatever words gets one number"


def unknowns_that_are_determined(table, rows, columns):
    """Hidden cells that the sums of lines determine, by Gaussian elimination."""
    hidden = [c for c in table if table[c] is None]
    index = {c: i for i, c in enumerate(hidden)}
    system = []
    for line in [[(r, c) for c in columns] for r in rows] + [[(r, c) for r in rows] for c in columns]:
        row = [Fraction(0)] * len(hidden)
        for c in line:
            if c in index:
                row[index[c]] = Fraction(-1 if c == line[-1] else 1)
        if any(row):
            system.append(row)
    lead = 0
    for column in range(len(hidden)):
        pivot = next((r for r in range(lead, len(system)) if system[r][column]), None)
        if pivot is None:
            continue
        system[lead], system[pivot] = system[pivot], system[lead]
        system[lead] = [x / system[lead][column] for x in system[lead]]
        for r in range(len(system)):
            if r != lead and system[r][column]:
                f = system[r][column]
                system[r] = [a - f * b for a, b in zip(system[r], system[lead])]
        lead += 1
    return {hidden[next(i for i, x in enumerate(row) if x)] for row in system if sum(1 for x in row if x) == 1}


def test_attack_guessing_small_cells_from_totals(network, people, catalogues):
    """Before: small cells are hidden and nothing else.  After: others too."""
    catalogues.set(OFF)
    exact = cells(statistic(network, by=["division", "industry/1"]), "division", "industry")
    rows, columns = sorted({r for r, _ in exact} - {"*"}) + ["*"], sorted({c for _, c in exact} - {"*"}) + ["*"]
    primary = {c: None if (v or 0) < 10 else v for c, v in exact.items()}
    before = unknowns_that_are_determined(primary, rows, columns)
    catalogues.set(ON)
    noisy = cells(statistic(network, by=["division", "industry/1"]), "division", "industry")
    after = unknowns_that_are_determined(noisy, rows, columns)
    small = [c for c, v in primary.items() if v is None]
    print(f"of {len(small)} small cells totals determine {len(before)} when only they are hidden, {len(after)} of ours")
    assert small and before, "the attack works on a naive table"
    assert not after


def test_attack_differencing_two_statistics(network, people, catalogues):
    """One enterprise comes: who asks before and after wants to know where."""
    def table():
        return cells(statistic(network, by=["division", "industry/1"]), "division", "industry")

    def come(seed):
        before = statistic(network).json["population"]["digest"]
        text = network.gen(1, 1, seed, "--division", "4403")
        assert network.submit(1, text, f"mask-come-{seed}").json["accepted"] == 1
        def counted():
            reply = statistic(network)
            assert reply.status == 200, reply.body
            return reply.json["population"]["digest"] != before
        until(counted, 60, "a new census")
        row = next(csv.DictReader(io.StringIO(text)))
        people[row["uscc"]] = {1: [row], 7: [], 11: []}
        return row

    catalogues.set(OFF)
    first = table()
    row = come(1001)
    second = table()
    changed = {c for c in second if second[c] != first[c]}
    place = (row["industry"] or "?")[:1]
    assert changed == {("4403", place), ("4403", "*"), ("*", place), ("*", "*")}, "differencing works on exact tables"
    catalogues.set(ON)
    first = table()
    come(1002)
    second = table()
    shown = [c for c in second if second[c] is not None and first.get(c) is not None]
    changed = [c for c in shown if second[c] != first[c]]
    print(f"one enterprise more: of {len(shown)} cells {len(changed)} changed, 4 truly")
    # two draws are equal with probability 0.13: far more change than the four that did
    assert len(changed) > len(shown) / 2 and len(shown) > 20


def token_of(network, member, purpose, period, subject):
    """docs/PROTOCOL.md, written independently of the C code."""
    def counted(text):
        return len(text).to_bytes(4, "big") + text.encode()
    purposes = ["none", "customer_screening", "pre_loan", "in_loan", "post_loan", "guarantee_review"]
    key = (network.run / NODE / "mask.key").read_bytes()
    data = b"RXT1" + counted(member) + purposes.index(purpose).to_bytes(2, "big") + period.to_bytes(4, "big") + counted(subject)
    return base64.urlsafe_b64encode(hmac.new(key, data, hashlib.sha256).digest()[:18]).decode()


CODES = {"bank": "91440101MA000RX19U", "bank2": "91440300MA000RX27J"}


def tokens_of(network, people, who, purpose="customer_screening"):
    period = int(time.time() // (30 * 86400))
    return {token_of(network, CODES[who], purpose, period, code): code for code in people}


def test_attack_linking_the_tokens_of_two_banks(network, people, catalogues):
    catalogues.set(ON)
    columns = ["capital", "revenue", "penalties_36"]
    ours, again = rows_of_screening(network, columns=columns), rows_of_screening(network, columns=columns)
    theirs = rows_of_screening(network, "bank2", columns=columns)
    other = rows_of_screening(network, purpose="guarantee_review", columns=columns)
    mine, yours = tokens_of(network, people, "bank"), tokens_of(network, people, "bank2")
    assert {r["token"] for r in ours} <= set(mine) and {r["token"] for r in theirs} <= set(yours)
    assert [r["token"] for r in ours] == [r["token"] for r in again], "one bank and purpose: one token"
    assert not {r["token"] for r in ours} & {r["token"] for r in theirs}
    assert not {r["token"] for r in ours} & {r["token"] for r in other}

    def link(left, right, left_names, right_names):
        """The best there is: rows that look alike, in the order they come."""
        groups = collections.defaultdict(lambda: ([], []))
        for side, rows in enumerate((left, right)):
            for row in rows:
                groups[tuple(row[n] for n in sorted(row) if n != "token")][side].append(row["token"])
        pairs = [(a, b) for l, r in groups.values() for a, b in zip(l, r)]
        return sum(left_names[a] == right_names[b] for a, b in pairs), len(pairs), len(groups)

    same, pairs, _ = link(ours, again, mine, mine)
    assert same == pairs, "with one token for all the link is certain"
    hits, pairs, groups = link(ours, theirs, mine, yours)
    print(f"linking: {same} of {pairs} with shared tokens, {hits} of {pairs} with ours, {groups} expected by chance")
    # a random order hits once in each group, with variance one
    assert abs(hits - groups) < 6 * groups ** 0.5 + 6


def test_attack_narrowing_a_screening_until_one_is_left(network, people, catalogues):
    """Who knows the public facts of an enterprise looks for its revenue."""
    facts, columns = ("division", "industry", "size", "capital", "penalties_36"), ["capital", "penalties_36", "revenue"]
    halves = {"<10": "<100", "10-99": "<100", "100-299": "100+", "300+": "100+"}

    def may_be(name, value, shown):
        coarser = {"division": value and value[:2], "industry": value and value[:1], "size": halves.get(value)}
        return shown in (value, None, "*") or shown == coarser.get(name)

    def attack():
        """How many rows may be this enterprise, for some enterprises."""
        rows = rows_of_screening(network, columns=columns)
        there = {r["token"] for r in rows}
        return [sum(all(may_be(n, truth[code][n], r[n]) for n in facts) for r in rows)
                for code in victims if tokens[code] in there]

    catalogues.set(OFF)
    names = tokens_of(network, people, "bank")
    tokens = {code: token for token, code in names.items()}
    truth = {names[r["token"]]: r for r in rows_of_screening(network, columns=columns)}
    assert set(truth) == set(people)
    victims = random.Random(7).sample(sorted(truth), 300)
    before = attack()
    groups = collections.Counter(tuple(r[n] for n in facts[:4]) for r in truth.values())
    alone = next(r for r in truth.values() if groups[tuple(r[n] for n in facts[:4])] == 1 and "?" not in r.values() and r["capital"])
    criteria = {n: [alone[n]] for n in facts[:4]}
    assert len(rows_of_screening(network, where=criteria)) == 1, "criteria alone find one"
    catalogues.set(ON)
    after = attack()
    print(f"narrowing: {sum(s == 1 for s in before)} of {len(before)} are alone before, {sum(s < 10 for s in after)} of {len(after)} "
          f"among fewer than 10 after; the smallest group has {min(after)}")
    assert sum(s == 1 for s in before) > 30, "the attack works without generalisation"
    assert min(after) >= 10
    for used in range(1, 5):
        some = {n: criteria[n] for n in facts[:used]}
        assert len(rows_of_screening(network, where=some, columns=["revenue"])) in (0, *range(10, 2 * ROWS)), some


def test_attack_two_screenings_that_differ_by_a_few(network, people, catalogues):
    """A result that leaves out fewer than k of an earlier one is empty."""
    catalogues.set(OFF)
    def pairs(who):
        for name in ("penalties_36", "capital", "revenue"):
            for band in range(9 if name != "penalties_36" else 4):
                rest = [f"b{i}" for i in range(9 if name != "penalties_36" else 4) if i != band]
                yield {"division": ["4401"], name: rest + [f"b{band}"]}, {"division": ["4401"], name: rest}

    def differences(who):
        found = []
        for whole, part in pairs(who):
            a = {r["token"] for r in rows_of_screening(network, who, where=whole)}
            b = {r["token"] for r in rows_of_screening(network, who, where=part)}
            if a and b and a != b:
                found.append(len(a ^ b))
        return found
    before = differences("bank")
    assert any(d < 10 for d in before), "without the limit a few are told apart"
    catalogues.set(ON)
    after = differences("bank2")
    print(f"differences of screenings: smallest {min(before)} before, {min(after)} after")
    assert after and min(after) >= 10


# --- tokens for reports ---
def test_a_token_is_a_report_only_with_its_subjects_consent(network, people, catalogues):
    catalogues.set(ON)
    rows = rows_of_screening(network, columns=["capital"])
    names = tokens_of(network, people, "bank")
    token = rows[0]["token"]
    code, other = names[token], names[rows[1]["token"]]
    subject = network.subject_identity(code)

    def report(token, who="bank", **more):
        return post(network, "/v1/reports", {"token": token, "purpose": "pre_loan", "items": [1, 7], **more}, who)

    def register(jws, who="bank"):
        reply = post(network, "/v1/consents", jws, who)
        assert reply.status in (201, 202), reply.body
        until(lambda: network.http(NODE, "GET", f"/v1/consents/{reply.json['id']}", "operator").json["state"] == "active", 30, "active")
        return reply.json["id"]

    consent = register(network.sign_consent(subject, items="7"))
    foreign = register(network.sign_consent(subject, grantee="bank2", items="7"), "bank2")
    theirs = register(network.sign_consent(network.subject_identity(other), items="7"))
    for reply, rule in ((report(token), "consent_missing"), (report(token, consent="no-such"), "consent_unknown"),
                        (report(token, consent=foreign), "consent_grantee"), (report(token, consent=theirs), "token"),
                        (report(token, "bank2", consent=foreign), "token"), (report("A" * 24, consent=consent), "token"),
                        (report(token, consent=consent, purpose="in_loan"), "consent_purpose"),
                        (report(token, consent=consent, purpose="customer_screening"), "purpose")):
        assert reply.status == 403 and reply.json["type"] == f"urn:rongxin:problem:{rule}", (rule, reply.body)
        assert code not in reply.body.decode() and other not in reply.body.decode()
        entry = network.http(NODE, "GET", f"/v1/trail/entries/{reply.json['receipt']['index']}", "operator").json["access"]
        assert entry["subject"] is None and entry["rule"] == rule
    reply = report(token, consent=consent)
    assert reply.status == 200 and reply.json["subject"] == code and reply.json["level"] == "C"
    assert network.http(NODE, "DELETE", f"/v1/consents/{consent}", subject).status == 200
    reply = report(token, consent=consent)
    assert reply.status == 403 and reply.json["type"].endswith("consent_revoked") and code not in reply.body.decode()
    assert report("x" * 23).status == 400 and post(network, "/v1/reports", {"token": token, "subject": code, "purpose": "pre_loan"}).status == 400


def test_the_command_line_shows_tables(network, people, catalogues):
    catalogues.set(ON)
    said = network.cli("query", "statistics", "--by", "division,industry/1", "--where", "size=10-99", who="bank", part=NODE).stdout
    lines = said.splitlines()
    assert lines[0].split() == ["division", "industry", "value"] and lines[1].startswith("4401")
    assert "level A" in said and "epsilon_milli" in said and "trail entry" in said
    said = network.cli("query", "screening", "--where", "industry=C|F,dishonest=false", "--columns", "capital", "--limit", "5",
                       who="bank", part=NODE).stdout
    assert said.split()[:6] == ["token", "division", "industry", "size", "capital", "dishonest"]
    assert len([l for l in said.splitlines() if l.rstrip().endswith("false")]) == 5 and "more behind" in said and "level B" in said
    assert network.cli("query", "statistics", "--where", "industry", who="bank", part=NODE, check=False).returncode == 2
    assert network.cli("query", "statistics", "--by", "x", who="bank", part=NODE, check=False).returncode == 1


# --- the budget ---
def test_the_budget_is_kept_exactly_through_a_kill(network, people, catalogues):
    catalogues.set(ON, noise={"epsilon_milli": 100, "budget_milli": 1000, "period_days": 31})
    def ask(**more):
        return statistic(network, "bank2", **more)
    spent = ask().json["budget"]["spent"]
    first = ask(by=["size"])
    assert first.json["budget"] == {**first.json["budget"], "of": "epsilon_milli", "cost": 200, "spent": spent + 200, "left": 800 - spent}
    again = ask(by=["size"])
    assert again.json["budget"]["cost"] == 0 and again.json["cells"] == first.json["cells"]
    network.kill(NODE)
    network.start(NODE)
    until(lambda: ask().status == 200, 60, "answers again")
    again = ask(by=["size"])
    assert again.json["budget"]["cost"] == 0 and again.json["budget"]["spent"] == spent + 200
    assert again.json["cells"] == first.json["cells"]
    spent += 200
    for band in ("A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"):
        reply = ask(where={"industry": band})
        if reply.status != 200:
            break
        spent += 100
        assert (reply.json["budget"]["spent"], reply.json["budget"]["left"]) == (spent, 1000 - spent)
    assert reply.status == 429 and spent == 1000
    assert reply.json["type"] == "urn:rongxin:problem:budget"
    assert 0 < int(reply.headers["Retry-After"]) <= 31 * 86400 + 1
    entry = network.http(NODE, "GET", f"/v1/trail/entries/{reply.json['receipt']['index']}", "bank2").json["access"]
    assert entry["rule"] == "budget" and entry["level"] == "public"
    assert ask(by=["size"]).status == 200, "what was paid for stays free"
    assert statistic(network, "bank").json["budget"]["left"] > 0, "another member has its own"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system needs root")
def test_without_a_trail_nothing_is_answered_and_nothing_is_charged_twice(network, people, catalogues):
    catalogues.set(ON, noise={"epsilon_milli": 100, "budget_milli": 100000, "period_days": 33})
    network.stop(NODE)
    trail = network.run / NODE / "trail"
    words = [["mount", "--bind", str(trail), str(trail)], ["mount", "-o", "remount,bind,ro", str(trail)]]
    done = [subprocess.run(w, capture_output=True, text=True) for w in words]
    try:
        if any(d.returncode != 0 for d in done):
            pytest.skip("no mount here: " + "".join(d.stderr for d in done).strip())
        network.start(NODE)
        reply = until(lambda: (r := statistic(network, by=["size"])).json["type"].endswith("trail_unavailable") and r, 60, "counted")
        assert reply.status == 503 and "cells" not in reply.json
        reply = screening(network, columns=["capital"])
        assert reply.status == 503 and "rows" not in reply.json
        subprocess.run(["mount", "-o", "remount,bind,rw", str(trail)], check=True)
        reply = until(lambda: (r := statistic(network, by=["size"])).status == 200 and r, 30, "served again")
        assert reply.json["budget"]["cost"] == 0 and reply.json["budget"]["spent"] == 200
    finally:
        network.stop(NODE)
        subprocess.run(["umount", str(trail)], check=False)
        network.start(NODE)
        until(lambda: statistic(network).status == 200, 60, "answers again")


def test_the_number_of_screenings_is_limited(network, people, catalogues):
    catalogues.set(ON, screenings=3, noise={"epsilon_milli": 101, "budget_milli": 100000, "period_days": 32})
    for industry in ("C", "F", "E"):
        assert screening(network, where={"industry": [industry]}).json["budget"]["of"] == "screenings"
    reply = screening(network, where={"industry": ["I"]})
    assert reply.status == 429 and reply.json["type"] == "urn:rongxin:problem:budget"
    assert screening(network, where={"industry": ["C"]}, columns=["capital"]).json["budget"]["cost"] == 0


def test_what_may_not_be_counted_is_not_answered(network, people, catalogues):
    catalogues.set(ON)
    network.stop(NODE)
    network.environment["RONGXIN_NODE_CENSUS_BYTES"] = "1000"
    network.start(NODE)
    reply = until(lambda: (r := statistic(network)).status == 501 and r, 30, "refused")
    assert reply.json["type"] == "urn:rongxin:problem:not_available" and "may count" in reply.json["detail"]
    assert screening(network).status == 501
    assert "census.too_large" in network.logs() and "census.failed" not in network.logs()

    network.stop(NODE)
    del network.environment["RONGXIN_NODE_CENSUS_BYTES"]
    network.start(NODE)
    until(lambda: statistic(network).status == 200, 60, "answers again")


def test_a_catalogue_without_the_section_answers_nothing_anonymised(network, people, catalogues):
    catalogues.publish(lambda document: document.pop("anonymisation"))
    reply = until(lambda: (r := statistic(network)).status == 501 and r, 30, "not available")
    assert reply.json["type"] == "urn:rongxin:problem:not_available"
    assert screening(network).status == 501
