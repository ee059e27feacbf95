#!/usr/bin/python3
"""A country in a box: one real hub, three real nodes, and light ones that only
report; departments with made feeds and the faults of real life.

    country.py [MINUTES]       run it, say where the console is, stop by itself or with Ctrl-C
    country.py images FOLDER   photograph the console's views and stop

A light node has keys of its own and speaks to the hub as docs/PROTOCOL.md
section 4 says: its status every two seconds, and its trail row by row with
signed checkpoints.  It holds no records: its positions and states are what it
read at the hub.  Feeds are handed in over HTTPS as any; facts of earlier days
are written into the quality tables, since nobody can hand in yesterday."""
import base64
import ctypes
import hashlib
import json
import os
import pathlib
import random
import re
import sys
import threading
import time

import zmq

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import c2sp  # noqa: E402
import wire  # noqa: E402
from harness import ALPHABET, ROOT, WEIGHTS, Network, until  # noqa: E402

STATUS_SECONDS = 2
PROVINCES = dict(re.findall(r'\["(\d\d)".*?"([^"]+)", "[^"]+"\]', (ROOT / "console/base/provinces.js").read_text()))
MAINLAND = [code for code in PROVINCES if code < "70"]
# Who provides which items: the catalogue's own list names more than one for some.
DEPARTMENTS = [
    ("samr", "国家市场监督管理总局", [1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 37]),
    ("ndrc", "国家发展和改革委员会", [8, 11]),
    ("court", "最高人民法院", [14, 15, 16]),
    ("tax", "国家税务总局", [17, 18, 19, 21]),
    ("mohrss", "人力资源和社会保障部", [20]),
    ("mohurd", "住房和城乡建设部", [22]),
    ("customs", "海关总署", [23, 24]),
    ("power", "国家电网有限公司", [25]),
    ("water", "水利部", [26]),
    ("gas", "城市燃气协会", [27]),
    ("land", "自然资源部", [28]),
    ("cnipa", "国家知识产权局", [29, 30]),
    ("most", "科学技术部", [31, 32]),
    ("mee", "生态环境部", [33, 34]),
    ("mof", "财政部", [35, 36]),
]
MEMBERS = [("bank", name) for name in ("中国工商银行", "中国建设银行", "中国农业银行", "招商银行", "浦发银行", "网商银行")] + \
    [("guarantee", "国家融资担保基金"), ("service", "百行征信有限公司")]


def code_of(kind, number):
    """An organisation code with the right check character."""
    body = f"{kind}{number:09d}"[:8 + 9].ljust(17, "0")
    total = sum(ALPHABET.index(c) * w for c, w in zip(body, WEIGHTS))
    return body + ALPHABET[(31 - total % 31) % 31]


class Signer:
    """Ed25519 by libsodium, which ZeroMQ brings along."""
    sodium = ctypes.CDLL("libsodium.so.23")

    def __init__(self, seed):
        self.public, self.secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
        self.sodium.crypto_sign_seed_keypair(self.public, self.secret, hashlib.sha256(seed.encode()).digest())

    def sign(self, message):
        out = ctypes.create_string_buffer(64)
        self.sodium.crypto_sign_detached(out, None, message, ctypes.c_ulonglong(len(message)), self.secret)
        return out.raw


class Light:
    """A node that reports and nothing else."""

    def __init__(self, country, code, name, division, parent=""):
        self.country, self.code, self.name, self.division, self.parent = country, code, name, division, parent
        self.curve_public, self.curve_secret = zmq.curve_keypair()
        self.signer, self.trail_signer = Signer(f"sign {code}"), Signer(f"trail {code}")
        self.leaves, self.rows = [], []  # told and untold together; rows[i] is leaves[i]'s
        self.told, self.ticket, self.sequence = 0, 0, time.time_ns() // 1000
        self.fault, self.frozen = None, None
        self.due = time.monotonic() + random.random() * STATUS_SECONDS
        self.delay_ms = random.randint(60, 260)
        self.started_us = time.time_ns() // 1000

    def document(self):
        return {"code": self.code, "name": self.name, "kind": "platform", "divisions": [self.division],
                "curve_key": self.curve_public.decode(), "sign_key": self.signer.public.raw.hex(),
                "trail_key": self.trail_signer.public.raw.hex()}

    def connect(self, context, endpoint, hub_key):
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.curve_secretkey, self.socket.curve_publickey = self.curve_secret, self.curve_public
        self.socket.curve_serverkey = hub_key.encode()
        self.socket.connect(endpoint)
        return self

    def send(self, number, document):
        self.sequence += 1
        self.ticket += 1
        body = (wire.field(1, self.code) + wire.field(2, self.sequence) + wire.field(3, time.time_ns() // 1000) +
                wire.field(number, document))
        upward = wire.field(1, body) + wire.field(2, self.signer.sign(b"RXU1" + body))
        self.socket.send(wire.field(1, self.ticket) + wire.field(4, upward))

    def checkpoint(self):
        name, size = f"rongxin/trail/{self.code}", self.told
        root = b"\x55" * 32 if self.fault == "forked" else c2sp.root_of(self.leaves[:size])
        text = f"{name}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
        blob = c2sp.key_id(name, 1, self.trail_signer.public.raw) + self.trail_signer.sign(text)
        return text + f"\n— {name} {base64.b64encode(blob).decode()}\n".encode()

    def status(self):
        streams = self.country.state
        if self.fault == "behind":
            self.frozen = self.frozen or streams
            streams = self.frozen
        ours = [s for n, s in streams.items() if n.startswith(self.division) or n == "0000"]
        now = time.time_ns() // 1000
        packed = b"".join(wire.field(3, wire.field(1, s["stream"]) + wire.field(2, s["position"]) +
                                     wire.field(3, self.state_of(s)) + wire.field(4, now - 500000) +
                                     wire.field(5, 1000 * int(self.delay_ms * random.uniform(0.8, 1.6)))) for s in ours)
        return (wire.field(1, now) + wire.field(2, "rongxin-node 0.1.0") + packed + wire.field(4, self.told) +
                wire.field(5, self.checkpoint()) + wire.field(6, self.parent) + wire.field(7, self.condition()))

    def certificate_ends(self):
        return self.started_us // 1000000 + 86400 * random.Random(self.code + "tls").choice((90, 200, 300, 340) * 9 + (20,))

    def condition(self):
        """Disk, certificate, start, revocations, budgets (proto/bus.proto)."""
        dice = random.Random(self.code)
        total = dice.choice((2, 4, 8)) << 40
        free = total * dice.choice((15, 30, 45, 60, 70) * 8 + (7,)) // 100
        budgets = b"".join(wire.field(8, wire.field(1, member) + wire.field(3, int(time.time() // 86400 // 30)) + wire.field(4, dice.randint(100, 9000)))
                           for member in self.country.members[:2])
        return (wire.field(1, 2) + wire.field(2, free) + wire.field(3, total) + wire.field(4, self.certificate_ends() * 1000000) +
                wire.field(5, self.started_us) + wire.field(6, dice.randint(0, 9)) + wire.field(7, dice.randint(20000, 900000)) + budgets)

    def state_of(self, stream):
        state = bytearray.fromhex(stream["state"])
        if self.fault == "diverged" and stream["stream"] != "0000":
            state[0] ^= 1
        return bytes(state)

    def ask(self, member, action="report", purpose=2, items=(1, 11), rule=0, when=None):
        """Somebody asked here: one more entry of the trail."""
        self.leaves.append(os.urandom(32))
        self.rows.append(wire.field(1, self.leaves[-1]) + wire.field(2, int((when or time.time()) * 1e6)) + wire.field(3, member) +
                         wire.field(4, action) + wire.field(5, purpose) +
                         b"".join(wire.field(6, i) for i in items) + wire.field(7, rule))

    def tell(self):
        """What the hub has not counted yet, behind the newest checkpoint."""
        first, self.told = self.told, len(self.leaves)
        rows = b"".join(wire.field(2, row) for row in self.rows[first:])
        self.send(20, wire.field(1, first) + rows + wire.field(3, self.checkpoint()))

    def turn(self):
        while self.socket.poll(0):
            self.socket.recv()  # counted or taken: all that we ask for
        if self.fault == "silent" or time.monotonic() < self.due:
            return
        self.due = time.monotonic() + STATUS_SECONDS
        if len(self.leaves) > self.told or self.fault == "forked":
            self.tell()
        self.send(7, self.status())


class Country:
    """`provinces`: which ones have a platform; `cities`: how many; `items`, `rows`: what is fed."""

    def __init__(self, provinces=MAINLAND, cities=100, items=range(1, 38), rows=1500):
        self.network = Network()
        # With the limits of the national list, which operators look at.
        self.network.catalogue(json.loads((ROOT / "deploy/catalogue/catalogue.json").read_text())["limits"])
        self.provinces, self.cities, self.items, self.rows = provinces, cities, list(items), rows
        self.nodes, self.departments, self.members, self.state = [], {}, [], {}
        self.context, self.stopping = zmq.Context(), threading.Event()
        self.thread = threading.Thread(target=self.report)
        self.random = random.Random(7)

    def up(self):
        self.network.up()
        self.admit_departments()
        self.feed()
        self.history()
        self.admit_nodes()
        self.thread.start()
        until(lambda: self.overview()["nodes_live"] == len(self.nodes) + 3, 60, "all platforms report")
        self.questions(6)
        return self

    def down(self):
        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join()
        self.context.destroy(linger=0)
        self.network.down()

    def admit(self, document):
        reply = self.network.http("hub", "POST", "/v1/members", "operator", document)
        assert reply.status == 200, reply.body

    def admit_departments(self):
        for number, (who, name, items) in enumerate(DEPARTMENTS):
            items = [i for i in items if i in self.items]
            if not items:
                continue
            code = self.departments[who] = code_of("11100000", 700000000 + number)
            self.network.cli("key", "member", "--network", self.network.run / "net", "--out", self.network.stem(who),
                             "--code", code, "--name", name)
            self.admit({"code": code, "name": name, "kind": "department", "items": items})
        # The demonstration's own department owes nothing here.
        self.admit({"code": "11100000MB00000510", "name": "归集演示部门", "kind": "department", "status": "suspended"})
        for number, (kind, name) in enumerate(MEMBERS):
            self.members.append(code_of("91110000", 100000000 + number))
            self.admit({"code": self.members[-1], "name": name, "kind": kind})

    def feed(self):
        """Every item over all divisions; the court's rows are bad, so that a batch of them is held."""
        for who, _, items in DEPARTMENTS:
            for item in (i for i in items if i in self.items):
                dirt = {14: "uscc=0.34", 12: "uscc=0.08,date=0.02", 8: "uscc=0.01,duplicate=0.01"}.get(item, "uscc=0.002")
                body = self.network.gen(item, self.rows if item != 14 else max(200, self.rows // 4), 3, "--dirt", dirt)
                reply = self.network.submit(item, body, f"2026-{item:02d}-a", who)
                assert reply.status == 200, reply.body

    def sql(self, statement):
        import subprocess
        done = subprocess.run(["psql", "-XAtq", "-F", "|", "-d", self.network.ready("hub")["pg"], "-c", statement],
                              capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
        return [line.split("|") for line in done.stdout.splitlines()]

    def history(self):
        """The 45 days before today: as if today's batch had come in pieces.  Customs has sent nothing for 12 days,
        Tibet and Qinghai are late with some items."""
        customs = self.departments.get("customs", "")
        self.sql(f"""
            INSERT INTO quality_daily SELECT provider, item, division, day - n, 1, rows, accepted, unchanged, rejected, warned,
                duplicates, conflicts, lag_event_rows, lag_event_seconds, lag_commit_ms
            FROM (SELECT q.*, n, abs(hashtext(provider || item || division || n)) % 100 AS dice
                FROM quality_daily q, generate_series(1, 45) n) x
            WHERE dice < CASE WHEN n % 7 IN (1, 2) THEN 8 ELSE 24 END ON CONFLICT DO NOTHING;
            INSERT INTO quality_rule_daily SELECT provider, item, day - n, rule, severity, 1 + count * (abs(hashtext(rule || item || n)) % 30) / 100
            FROM quality_rule_daily, generate_series(1, 45) n WHERE abs(hashtext(rule || item || n)) % 100 < 40;
            INSERT INTO quality_field_daily SELECT provider, item, day - n, field, rows, present
            FROM quality_field_daily, generate_series(1, 45) n WHERE n % 5 = item % 5;
            DELETE FROM quality_daily WHERE provider = '{customs}' AND day > current_date - 12;
            DELETE FROM quality_daily WHERE left(division, 2) IN ('54', '63') AND item % 3 = 0 AND day > current_date - 8;
            TRUNCATE quality_province, quality_span, quality_day, quality_month, quality_since;
            INSERT INTO quality_month SELECT provider, item, division, month_of(day), sum(rows), sum(accepted + unchanged), sum(conflicts),
                sum(lag_event_rows), sum(lag_event_seconds) FROM quality_daily GROUP BY 1, 2, 3, 4;
            INSERT INTO quality_since SELECT provider, item, division, min(month) FROM quality_month WHERE taken > 0 GROUP BY 1, 2, 3;
            INSERT INTO quality_day SELECT DISTINCT provider, item, day FROM quality_daily;
            INSERT INTO quality_province SELECT provider, item, left(division, 2), day, sum(rows), sum(accepted), sum(unchanged), sum(rejected),
                sum(warned), sum(conflicts), sum(lag_event_rows), sum(lag_event_seconds) FROM quality_daily GROUP BY 1, 2, 3, 4;
            INSERT INTO quality_span SELECT provider, item, province, min(day), max(day) FROM quality_province GROUP BY 1, 2, 3""")

    def admit_nodes(self):
        ready = self.network.ready("hub")
        key = json.loads((self.network.run / "net/network.json").read_text())["hub_curve_key"]
        endpoint = wire.endpoint(ready["fetch"])
        parents = {"44": "11440000MB00004493"}
        for code in [c for c in self.provinces if c != "44"]:
            parents[code] = code_of(f"11{code}0000", 600000000)
            self.nodes.append(Light(self, parents[code], f"{PROVINCES[code]}融资信用服务平台", code))
        for stream, city in self.sql("""SELECT stream, min(fields->>'city') FROM record WHERE item = 1 AND fields->>'city' <> ''
                AND stream NOT IN ('0000', '4401', '4403') GROUP BY stream ORDER BY count(*) DESC, stream""")[:max(0, self.cities - 2)]:
            self.nodes.append(Light(self, code_of(f"11{stream}00", 600000000), f"{city}融资信用服务平台", stream,
                                    parents.get(stream[:2], "")))
        for node in self.nodes:
            self.admit(node.document())
            node.connect(self.context, endpoint, key)

    def overview(self):
        return self.network.http("hub", "GET", "/v1/overview").json

    def node(self, division):
        return next(n for n in self.nodes if n.division == division)

    def report(self):
        """All light nodes, one after the other, until the end."""
        looked = 0
        while not self.stopping.is_set():
            if time.monotonic() > looked + 1:
                looked = time.monotonic()
                try:
                    self.state = self.network.streams("hub")
                except (OSError, AssertionError):
                    pass  # the hub restarts
            for node in self.nodes if self.state else []:
                node.turn()
            self.stopping.wait(0.05)

    def questions(self, each):
        """`each` questions at every node, since midnight of the network's clock."""
        dice, now = self.random, time.time()
        passed = (now + 8 * 3600) % 86400
        for node in self.nodes:
            for _ in range(dice.randint(each // 2, each * 2)):
                action = dice.choices(("report", "enterprise", "screening", "statistics"), (60, 20, 12, 8))[0]
                rule = dice.choices((0, 5, 7, 9), (86, 6, 5, 3))[0]
                node.ask(dice.choice(self.members), action, dice.choices((1, 2, 3, 4, 5), (2, 5, 2, 4, 1))[0],
                         () if rule else dice.sample(range(1, 38), dice.randint(1, 6)), rule, now - dice.random() * passed)

    def spoil(self):
        """A province is cut, another falls behind, one diverges, a city's trail is rewritten."""
        for division, fault in (("62", "silent"), ("53", "behind"), ("34", "diverged")):
            self.node(division).fault = fault
        self.forger().fault = "forked"

    def forger(self):
        return next(n for n in self.nodes if len(n.division) == 4 and n.leaves)

    def change(self):
        """Something happens: a department hands in a few rows."""
        who, _, items = self.random.choice([d for d in DEPARTMENTS if d[0] in self.departments and d[0] != "customs"])
        item = self.random.choice([i for i in items if i in self.items])
        seed = self.random.randint(10, 10 ** 6)
        self.network.submit(item, self.network.gen(item, 40, seed), f"live-{seed}", who)


IMAGES = [("overview", "overview", (1280, 1000), ()), ("overview-en-dark", "overview", (1280, 1240), ("#language", "#theme")),
          ("departments", "departments", (1280, 900), ()), ("platforms", "platforms", (1280, 760), ()), ("use", "use", (1280, 900), ()),
          ("alerts", "alerts", (1280, 700), ()), ("phone", "overview", (390, 844), ())]


def photograph(country, folder):
    """The pictures of the README, with troubles that are true at that moment."""
    from browser import Browser
    until(lambda: country.overview()["nodes_live"] == len(country.nodes) + 2, 30, "a province is cut")
    browser = Browser(country.network.run / "net/ca.crt", country.network.stem("operator"))
    try:
        browser.open(country.network.url("hub") + "/console/")
        for name, view, size, presses in IMAGES:
            browser.resize(*size)
            for button in presses:
                browser.press(button)
            browser.script("location.hash = arguments[0]", f"#/{view}")
            browser.until(lambda: browser.script("const all = [...document.querySelectorAll('[data-panel]')]; return all.length > 0 && "
                                                 "all.every(p => p.getAttribute('aria-busy') === 'false')"), what=view)
            browser.photograph(folder / f"console-{name}.png")
            for button in presses:
                browser.press(button)
    finally:
        browser.close()


def show(country, minutes):
    run = country.network.run
    print(f"The country is up for {minutes:g} minutes (Ctrl-C ends it): {len(country.nodes) + 3} platforms.\n"
          f"  console      {country.network.url('hub')}/console/\n"
          f"  certificate  openssl pkcs12 -export -in {run}/id/operator.crt -inkey {run}/id/operator.key -out operator.p12\n"
          f"  authority    {run}/net/ca.crt", flush=True)
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        time.sleep(2)
        country.change()
        country.questions(1)


def main():
    words = sys.argv[1:]
    country = Country()
    try:
        country.up()
        country.spoil()
        if words[:1] == ["images"]:
            photograph(country, pathlib.Path(words[1]))
        else:
            show(country, float(words[0]) if words else 5)
    except KeyboardInterrupt:
        pass
    finally:
        country.down()


if __name__ == "__main__":
    main()
