"""Two departments about the same record: both are kept, the catalogue says whose word counts."""
import json
import random

import pytest

from ledger_box import DEPARTMENT, HEADER, OTHER, codes_of, registration
from rig import CATALOGUE

ACTIONS = HEADER.rstrip("\n") + ",_action,data_date\n"


def row(code, capital, city="广州", action="", day=""):
    return registration(code, f"{capital}万元人民币", city=city).rstrip("\n") + f",{action},{day}\n"


def catalogue(hub, change):
    document = json.loads(CATALOGUE.read_text())
    document["version"] = hub.http("GET", "/v1/catalogue").json["version"] + 1
    change(document)
    (hub.folder / "newer.json").write_text(json.dumps(document, ensure_ascii=False))
    jws = hub.folder / "newer.jws"
    jws.write_text(hub.cli("catalogue", "sign", hub.folder / "newer.json", "--key", hub.folder / "net/catalogue.key"))
    hub.cli("catalogue", "publish", jws, "--hub", "https://" + hub.ready["listen"], "--ca", hub.folder / "net/ca.crt",
            "--as", hub.folder / "id/operator")


def prefer(hub, *providers):
    """From now on these count first for item 1."""
    catalogue(hub, lambda document: document["items"][0].update(precedence=list(providers)))


class Desk:
    """Hands in batches with names of their own."""

    def __init__(self, hub):
        self.hub, self.count = hub, 0
        hub.admit(DEPARTMENT, "department", items=list(range(1, 38)))
        hub.admit(OTHER, "department", items=[1])

    def say(self, who, *rows, query="", item=1, header=ACTIONS):
        self.count += 1
        self.batch = f"said-{self.count}"
        reply = self.hub.submit(item, header + "".join(rows), self.batch, who=who, query=query)
        assert reply.status == 200, reply.body
        receipt = reply.json
        assert receipt["state"] == "committed", receipt
        return receipt["accepted"], receipt["unchanged"], receipt["warned"]

    def rules(self):
        return [x[0] for x in self.hub.sql("SELECT f.rule FROM finding f JOIN feed_batch b ON b.number = f.batch"
                                           f" WHERE b.id = '{self.batch}' ORDER BY f.line, f.rule")]

    def shown(self, code):
        """What nodes get: provider, capital in 万元, state, division."""
        found = self.hub.sql("SELECT provider, fields->>'registered_capital', state, stream FROM record"
                             f" WHERE item = 1 AND subject = '{code}' AND state <> 4")
        assert len(found) <= 1
        if not found:
            return None
        return {DEPARTMENT: "dept", OTHER: "other"}[found[0][0]], int(float(found[0][1])) // 10000

    def all_shown(self):
        return {code: ({DEPARTMENT: "dept", OTHER: "other"}[who], int(float(capital)) // 10000) for code, who, capital in self.hub.sql(
            "SELECT subject, provider, fields->>'registered_capital' FROM record WHERE item = 1 AND state <> 4")}

    def conflicts(self, who="operator", query=""):
        reply = self.hub.http("GET", "/v1/conflicts" + query, who)
        assert reply.status == 200, reply.body
        return reply.json["conflicts"]

    def whole(self):
        self.hub.chain_is_whole()
        assert {n: s["state"] for n, s in self.hub.streams().items()} == self.hub.state_digests()


@pytest.fixture(scope="module")
def desk(hub):
    return Desk(hub)


@pytest.fixture
def fresh(hub_with):
    return Desk(hub_with())


def test_without_a_rule_the_newest_counts_and_both_are_kept(desk):
    code = codes_of(desk.hub, 1, 801)[0]
    desk.say("other", row(code, 1))

    assert desk.say("dept", row(code, 2)) == (1, 0, 1)

    assert desk.rules() == ["provider_conflict"] and desk.shown(code) == ("dept", 2)
    found = [c for c in desk.conflicts() if c["subject"] == code]
    assert [(c["item"], c["key"], c["providers"], c["wins"], c["fields"]) for c in found] == [
        (1, "", [DEPARTMENT, OTHER], DEPARTMENT, ["registered_capital"])]
    assert found[0]["since"] <= desk.hub.sql("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")[0][0]
    assert desk.say("other", row(code, 1)) == (0, 1, 0), "said before: it does not become newer by that"
    assert desk.shown(code) == ("dept", 2)
    desk.whole()


def test_agreement_ends_a_conflict(desk):
    code = codes_of(desk.hub, 1, 802)[0]
    desk.say("other", row(code, 1))
    desk.say("dept", row(code, 2))

    assert desk.say("other", row(code, 2))[2] == 0

    assert desk.rules() == [] and [c for c in desk.conflicts() if c["subject"] == code] == []
    desk.say("dept", row(code, 3))
    assert [c["wins"] for c in desk.conflicts() if c["subject"] == code] == [DEPARTMENT]
    desk.whole()


def test_withdrawal_by_the_winner_brings_the_others_statement_forward(desk):
    code = codes_of(desk.hub, 1, 803)[0]
    desk.say("other", row(code, 1))
    desk.say("dept", row(code, 2))

    assert desk.say("dept", row(code, 2, action="withdraw")) == (1, 0, 0)

    assert desk.shown(code) == ("other", 1) and [c for c in desk.conflicts() if c["subject"] == code] == []
    desk.say("other", row(code, 1, action="withdraw"))
    assert desk.shown(code) is None
    desk.say("dept", row(code, 2))
    assert desk.shown(code) == ("dept", 2)
    desk.whole()


def test_nobody_withdraws_what_another_department_says(desk):
    code = codes_of(desk.hub, 1, 804)[0]
    desk.say("other", row(code, 1))

    assert desk.say("dept", row(code, 1, action="delete")) == (0, 1, 1)

    assert desk.rules() == ["provider_conflict"] and desk.shown(code) == ("other", 1)


def test_a_statement_about_an_older_day_is_kept_behind_the_newer_one(desk):
    code = codes_of(desk.hub, 1, 805)[0]
    desk.say("other", row(code, 1, day="2026-03-09"))

    assert desk.say("dept", row(code, 2, day="2026-03-01")) == (0, 1, 1)

    assert desk.rules() == ["provider_conflict"] and desk.shown(code) == ("other", 1)
    assert desk.say("dept", row(code, 3, day="2026-02-01")) == (0, 1, 1)
    assert desk.rules() == ["older_than_known"]
    desk.say("other", row(code, 1, action="withdraw", day="2026-03-10"))
    assert desk.shown(code) == ("dept", 2)
    desk.whole()


@pytest.mark.parametrize("rule", [[OTHER, DEPARTMENT], ["1144*"], [OTHER]])
def test_precedence_decides_what_nodes_see(fresh, rule):
    prefer(fresh.hub, *rule)
    code, alone = codes_of(fresh.hub, 2, 806)
    fresh.say("other", row(code, 1))

    assert fresh.say("dept", row(code, 2), row(alone, 5)) == (1, 1, 1)

    assert fresh.rules() == ["provider_conflict"]
    assert fresh.shown(code) == ("other", 1) and fresh.shown(alone) == ("dept", 5)
    assert fresh.hub.sql(f"SELECT version FROM record WHERE subject = '{code}'") == [["1"]]
    assert [(c["subject"], c["wins"]) for c in fresh.conflicts()] == [(code, OTHER)]
    assert fresh.say("other", row(alone, 6)) == (1, 0, 1), "who counts first takes over whenever it speaks"
    assert fresh.shown(alone) == ("other", 6)
    fresh.say("other", row(code, 3, action="withdraw"))
    assert fresh.shown(code) == ("dept", 2)
    facts = fresh.hub.sql("SELECT provider, sum(conflicts) FROM quality_daily GROUP BY provider ORDER BY provider")
    assert facts == [[DEPARTMENT, "1"], [OTHER, "1"]]
    fresh.whole()


def test_a_category_says_it_for_its_items(fresh):
    catalogue(fresh.hub, lambda document: document["categories"][0].update(precedence=[DEPARTMENT]))
    code = codes_of(fresh.hub, 1, 807)[0]
    fresh.say("dept", row(code, 2))

    fresh.say("other", row(code, 1))

    assert fresh.shown(code) == ("dept", 2)


def test_a_new_order_counts_from_the_next_row_on(fresh):
    code = codes_of(fresh.hub, 1, 808)[0]
    fresh.say("other", row(code, 1))
    fresh.say("dept", row(code, 2))
    prefer(fresh.hub, OTHER)
    assert fresh.shown(code) == ("dept", 2)

    fresh.say("other", row(code, 1))

    assert fresh.shown(code) == ("other", 1)
    assert [c["wins"] for c in fresh.conflicts()] == [OTHER]
    fresh.whole()


def test_a_full_batch_takes_back_what_it_leaves_out_and_no_more(fresh):
    codes = codes_of(fresh.hub, 12, 809)
    prefer(fresh.hub, OTHER)
    fresh.say("dept", *(row(code, 2) for code in codes))
    fresh.say("other", *(row(code, 1) for code in codes))
    assert {fresh.shown(code) for code in codes} == {("other", 1)}

    fresh.say("dept", *(row(code, 2) for code in codes[1:]), query="?mode=full")
    assert {fresh.shown(code) for code in codes} == {("other", 1)}
    assert len(fresh.conflicts()) == 11
    fresh.say("other", *(row(code, 1) for code in codes[:-1]), query="?mode=full")

    assert [fresh.shown(code) for code in codes] == [("other", 1)] * 11 + [("dept", 2)]
    assert {c["subject"] for c in fresh.conflicts()} == set(codes[1:-1])
    fresh.whole()


def test_a_subject_that_moves_takes_all_statements_along(fresh):
    code, held = codes_of(fresh.hub, 2, 810)
    fresh.say("other", row(code, 1), row(held, 1))
    fresh.say("dept", row(code, 2))

    fresh.say("dept", row(code, 2, city="深圳"), row(held, 2, city="深圳"))

    assert fresh.hub.sql("SELECT DISTINCT stream FROM statement") == [["4403"]]
    assert {c["subject"]: c["wins"] for c in fresh.conflicts()} == {code: DEPARTMENT, held: DEPARTMENT}
    fresh.say("dept", row(code, 2, action="withdraw"), row(held, 2, action="withdraw"))
    assert (fresh.shown(code), fresh.shown(held)) == (("other", 1), ("other", 1))
    fresh.whole()


def test_who_counts_less_moves_no_subject(fresh):
    prefer(fresh.hub, OTHER)
    code = codes_of(fresh.hub, 1, 811)[0]
    fresh.say("other", row(code, 1))

    fresh.say("dept", row(code, 2, city="深圳"))

    assert fresh.rules() == ["provider_conflict"]
    assert fresh.hub.sql("SELECT stream, provider FROM record WHERE item = 1") == [["4401", OTHER]]
    fresh.whole()


def test_departments_see_their_own_conflicts_and_nobodys_values(desk):
    mine, theirs = codes_of(desk.hub, 2, 812)
    desk.say("other", row(mine, 1), row(theirs, 1))
    desk.say("dept", row(mine, 777), row(theirs, 1))

    own = desk.conflicts("other")
    assert mine in {c["subject"] for c in own} and theirs not in {c["subject"] for c in own}
    assert "7770000" not in json.dumps(own)
    assert desk.hub.http("GET", "/v1/conflicts", "stranger").status == 403
    assert desk.conflicts(query="?item=2") == []
    pages, after = [], 0
    while after is not None:
        page = desk.hub.http("GET", f"/v1/conflicts?after={after}&limit=1", "operator").json
        pages, after = pages + page["conflicts"], page["next"]
    assert pages == desk.conflicts() and len(pages) > 1
    said = desk.hub.http("GET", f"/v1/ledger/{mine}", "operator").json["statements"]
    assert [(s["provider"], s["fields"]["registered_capital"]) for s in said] == [
        (DEPARTMENT, "7770000.00"), (OTHER, "10000.00")]
    kept = desk.hub.http("GET", f"/v1/ledger/{mine}", "other").json
    assert kept["records"] == [] and [s["provider"] for s in kept["statements"]] == [OTHER]


class Model:
    """Statements by provider; who counts, by rule and by order."""

    def __init__(self, order):
        self.order, self.said, self.shown = order, {}, {}

    def rank(self, who):
        return self.order.index(who) if who in self.order else 99

    def say(self, who, code, capital):
        """`capital` None: withdraws."""
        said = self.said.setdefault(code, {})
        repeated = said.get(who) == capital
        if capital is None:
            said.pop(who, None)
        else:
            said[who] = capital
        holder = self.shown.get(code)
        first = [who] + sorted(said, key=lambda w: w != holder)
        if repeated and holder in said:
            first.insert(0, holder)
        live = [w for w in first if w in said]
        self.shown[code] = min(live, key=self.rank) if live else None


@pytest.mark.parametrize("order", [[], ["other"], ["dept", "other"]])
def test_random_statements_leave_what_the_model_says(fresh, order):
    prefer(fresh.hub, *({"dept": DEPARTMENT, "other": OTHER}[who] for who in order))
    chance, model = random.Random(813), Model(order)
    codes = codes_of(fresh.hub, 40, 813)
    for _ in range(30):
        who, rows = chance.choice(["dept", "other"]), []
        for code in chance.sample(codes, 15):
            capital = chance.choice([1, 2, 2, None])
            rows.append(row(code, capital or 9, action="" if capital else "withdraw"))
            model.say(who, code, capital)
        fresh.say(who, *rows)
        assert fresh.all_shown() == {code: (who, model.said[code][who]) for code, who in model.shown.items() if who}
        differ = {code for code, said in model.said.items() if len(set(said.values())) > 1}
        assert {c["subject"]: {DEPARTMENT: "dept", OTHER: "other"}[c["wins"]] for c in fresh.conflicts()} == {
            code: model.shown[code] for code in differ}
    fresh.whole()
