"""Enterprises found by number, name, place and trade, at once and in the trail."""
import csv
import io
import os
import random
import shutil
import urllib.parse

import pytest
from harness import Network, rows_of, until, uscc_is_right

ROWS = 600
FOLD = str.maketrans("（）〔〕【】", "()()()")


@pytest.fixture(scope="module")
def network():
    """Nodes keep little of their logs, so that the index also has to be made without them."""
    os.environ["RONGXIN_NODE_LOG_BYTES"] = "1"
    net = Network()
    try:
        yield net.up()
    finally:
        del os.environ["RONGXIN_NODE_LOG_BYTES"]
        net.down()


def find(network, who="bank", part="gz", **asked):
    return network.http(part, "GET", "/v1/enterprises?" + urllib.parse.urlencode(asked), who)


def codes(network, **asked):
    """All pages: each hit must come once."""
    found, after = [], {}
    while True:
        reply = find(network, **asked, **after)
        assert reply.status == 200, reply.body
        found += [e["subject"] for e in reply.json["enterprises"]]
        if "next" not in reply.json:
            break
        after = {"after": reply.json["next"]}
    assert len(set(found)) == len(found)
    return set(found)


def caught_up(network, part="gz"):
    until(lambda: find(network, part=part, name="有限").json.get("behind") == 0, 20, "the index is complete")


class Register:
    """Who is held by gz, as Python sees it."""

    def __init__(self, network):
        self.network = network
        self.text = network.gen(1, ROWS, 31, "--division", "4401,4403")
        self.rows = [r for r in rows_of(self.text) if uscc_is_right(r["uscc"])]
        self.hand_in("register", self.text)
        link = network.link("gz", "bank")
        self.here = {r["uscc"] for r in self.rows if self.held(link, r["uscc"])}
        link.close()

    @staticmethod
    def held(link, code):
        link.request("GET", f"/v1/enterprises/{code}")
        reply = link.getresponse()
        reply.read()
        return reply.status == 200

    def hand_in(self, batch, text):
        reply = self.network.submit(1, text, batch)
        assert reply.status == 200, reply.body
        self.network.agree("gz", "4401")
        caught_up(self.network)
        return reply.json

    def rename(self, batch, row, name):
        """A batch with this one registration, under another name."""
        text = io.StringIO()
        writer = csv.DictWriter(text, row, lineterminator="\n")
        writer.writeheader()
        writer.writerow({**row, "name": name})
        self.hand_in(batch, text.getvalue())
        row["name"] = name

    def having(self, part):
        return {r["uscc"] for r in self.rows if r["uscc"] in self.here and part in r["name"].translate(FOLD)}


@pytest.fixture(scope="module")
def register(network):
    return Register(network)


def one(register):
    return next(r for r in register.rows if r["uscc"] in register.here and len(r["name"]) > 8)


def test_any_part_of_a_name_finds_exactly_who_has_it(network, register):
    """Against a search of all names, for random parts of one to seven characters."""
    dice = random.Random(5)
    names = [r["name"].translate(FOLD) for r in register.rows if r["uscc"] in register.here]
    for size in (1, 2, 2, 3, 3, 4, 5, 7):
        name = dice.choice(names)
        at = dice.randrange(len(name) - size + 1)
        part = name[at:at + size]
        assert codes(network, name=part, limit=100) == register.having(part), part
    assert codes(network, name="不存在的名称") == set()


def test_exact_and_prefix(network, register):
    row = one(register)
    exact = {r["uscc"] for r in register.rows if r["name"] == row["name"] and r["uscc"] in register.here}
    assert codes(network, name=row["name"], match="exact") == exact
    assert codes(network, name=row["name"][:-1], match="exact") == set()
    start = row["name"][:4]
    assert codes(network, name=start, match="prefix", limit=7) == \
        {r["uscc"] for r in register.rows if r["uscc"] in register.here and r["name"].startswith(start)}
    assert row["uscc"] not in codes(network, name=row["name"][1:5], match="prefix")


def test_pages_have_every_hit_once(network, register):
    for part in ("有限公司", "广州"):
        assert codes(network, name=part, limit=100) == codes(network, name=part, limit=17) == register.having(part)


def test_writing_does_not_matter(network, register):
    row = one(register)
    code, before = row["uscc"], row["name"]
    register.rename("written", row, "ＡＢc（中国）融信 测试有限公司")
    for asked in ("abc(中国)融信测试", "ＡＢＣ（中国）", "ABC【中国】融信", "c〔中国〕融信测试有限公司", "融信测试"):
        assert code in codes(network, name=asked), asked
    assert code not in codes(network, name=before, match="exact")
    row["name"] = "ABC(中国)融信测试有限公司"


def test_numbers_division_and_industry(network, register):
    row = one(register)
    shown = find(network, uscc=row["uscc"]).json["enterprises"]
    assert [e["subject"] for e in shown] == [row["uscc"]]
    fields = shown[0]["fields"]
    assert codes(network, old_number=fields["registration_number"]) == {row["uscc"]}
    near = codes(network, division=fields["division"][:4], industry=fields["industry"][:1], limit=100)
    assert row["uscc"] in near and near < register.here
    both = codes(network, division=fields["division"], industry=fields["industry"], name="有限", limit=50)
    for code in both:
        e = find(network, uscc=code).json["enterprises"][0]["fields"]
        assert e["division"] == fields["division"] and e["industry"] == fields["industry"] and "有限" in e["name"]
    assert row["uscc"] in both


def test_only_public_fields_come_and_the_trail_has_the_question(network, register):
    row = one(register)
    reply = find(network, name=row["name"], match="exact").json
    fields = reply["enterprises"][0]["fields"]
    assert "name" in fields and "representative" not in fields and "staff" not in fields
    entry = network.http("gz", "GET", f"/v1/trail/entries/{reply['receipt']['index']}", "bank").json["access"]
    assert entry["action"] == "find" and entry["purpose"] == "customer_screening" and entry["items"] == [1]
    assert entry["subject"] == "" or entry["subject"] is None
    assert row["name"] not in str(entry)


def test_who_may_ask_and_what_is_no_question(network, register):
    assert find(network, who="operator", name="广州").json["asked"]["purpose"] == "supervision"
    refused = find(network, who="dept", name="广州")
    assert refused.status == 403 and refused.json["type"] == "urn:rongxin:problem:member_kind"
    assert refused.json["receipt"]["index"] > 0
    assert find(network, name="广州", purpose="self").status == 403
    for asked in ({}, {"name": ""}, {"name": "甲", "match": "like"}, {"uscc": "91440108MAENGQWF8X"}, {"division": "44011"},
                  {"industry": "C2"}, {"name": "甲", "limit": "0"}, {"name": "甲", "limit": "101"}, {"name": "甲", "after": "!"},
                  {"name": "甲", "after": "ajk"}, {"match": "exact"}, {"name": "甲" * 400}, {"name": "甲", "purpose": "fun"}):
        reply = find(network, **asked)
        assert (reply.status, reply.json["type"]) == (400, "urn:rongxin:problem:malformed"), asked


def test_a_change_is_found_under_the_new_name_only(network, register):
    row = one(register)
    before, new = row["name"], "广州改名后的测试企业"
    register.rename("renamed", row, new)
    assert codes(network, name=new) == {row["uscc"]}
    assert row["uscc"] not in codes(network, name=before)


def test_who_moves_is_found_where_it_is_now_and_who_is_withdrawn_nowhere(network, register):
    header = "name,uscc,reg_date,ent_type,rep_hash,capital,scope,province,city,address"
    code = rows_of(network.gen(1, 1, 41, "--division", "4401"))[0]["uscc"]
    row = "迁址测试有限公司,{},2019-01-03,有限责任公司,d9bbd20d0a78eaec,100万元人民币,软件开发,广东,{},测试路1号"
    register.hand_in("home", f"{header}\n{row.format(code, '广州')}\n")
    assert codes(network, name="迁址测试") == {code}

    register.hand_in("moved", f"{header}\n{row.format(code, '深圳')}\n")
    network.agree("sz", "4403")
    caught_up(network, "sz")
    assert codes(network, name="迁址测试") == set()
    assert codes(network, part="sz", name="迁址测试") == {code}

    register.hand_in("gone", f"_action,{header}\ndelete,{row.format(code, '深圳')}\n")
    network.agree("sz", "4403")
    caught_up(network, "sz")
    assert codes(network, part="sz", name="迁址测试") == set()


def test_the_index_comes_back_when_it_is_gone_or_the_records_are_others(network, register):
    wanted = register.having("有限")
    network.stop("gz")
    shutil.rmtree(network.run / "gz" / "find")
    network.start("gz")
    caught_up(network)
    assert codes(network, name="有限", limit=100) == wanted
    assert "find.walked" in (network.run / "log/gz.log").read_text(), "there was no log to make it from"

    network.stop("gz")
    shutil.rmtree(network.run / "gz" / "store")
    network.start("gz")
    network.agree("gz", "4401")
    caught_up(network)
    assert codes(network, name="有限", limit=100) == wanted

    network.kill("gz")
    network.start("gz")
    caught_up(network)
    assert codes(network, name="有限", limit=100) == wanted


def works(network):
    """What the node says it has to do behind its answers."""
    lines = network.http("gz", "GET", "/metrics").body.decode().splitlines()
    told = (line.removeprefix("rongxin_node_behind").split() for line in lines if line.startswith("rongxin_node_behind{"))
    return {name: int(value) for name, value in told}


def test_a_node_says_when_its_own_work_is_done(network, register):
    caught_up(network)

    until(lambda: works(network) == {'{work="census"}': 0, '{work="find"}': 0, '{work="store"}': 0}, 30, "nothing is left to do")

    network.stop("gz")
    shutil.rmtree(network.run / "gz" / "find")
    network.start("gz")
    until(lambda: works(network).get('{work="find"}') == 0, 30, "the index is made anew")
    assert find(network, name="有限").json["behind"] == 0


def test_the_command_line_finds_too(network, register):
    row = one(register)
    told = network.cli("find", "--name", row["name"], "--match", "exact", who="bank", part="gz").stdout
    assert row["uscc"] in told and row["name"] in told
    more = network.cli("find", "--name", "有限", "--limit", 3, who="bank", part="gz").stdout
    assert "--after" in more and len(more.splitlines()) == 4
