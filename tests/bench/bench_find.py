"""find: enterprises by name among RX_BENCH_FIND_ROWS (1,000,000), beside PostgreSQL's pg_trgm.

Both are asked the same questions one after the other over one connection, ours over TLS with the trail written;
the first 20 hits count."""
import csv
import os
import random
import statistics
import subprocess
import time
import urllib.parse

import peers
from harness import BIN, ROOT, Network, until

ROWS = int(os.environ.get("RX_BENCH_FIND_ROWS", "1000000"))
BATCH = 100_000
QUESTIONS = 400  # of each kind
SIZES = {"two characters": 2, "four characters": 4, "eight characters": 8}


def run():
    network = Network()
    try:
        network.up()
        names = fill(network)
        yield from build(network)
        peer = Trigrams(network.folder / "peer", names)
        finder = Finder(network)
        for kind, asked in questions(names).items():
            ours, theirs = measure(finder, peer, asked)
            for part, at in (("p50", 50), ("p99", 99)):
                yield f"{kind}, {part}", mark(ours, at), "us", "PostgreSQL pg_trgm, LIKE", mark(theirs, at)
        peer.close()
    finally:
        network.down()


def mark(times, percent):
    return statistics.quantiles(times, n=100)[percent - 1] * 1e6


def fill(network):
    """Registrations of one city; returns the names."""
    names = []
    for part in range(ROWS // BATCH):
        path = network.folder / "rows.csv"
        with open(path, "wb") as out:
            subprocess.run([BIN / "rongxin", "gen", "--item", "1", "--rows", str(BATCH), "--seed", str(900 + part), "--division", "4401",
                            "--catalogue", ROOT / "deploy/catalogue/catalogue.json"], stdout=out, check=True)
        with open(path, newline="") as rows:
            names += [row["name"] for row in csv.DictReader(rows)]
        assert network.submit(1, path.read_bytes(), f"find-{part}").status == 200
    network.agree("gz", "4401", 600)
    return names


def behind(network):
    return network.http("gz", "GET", "/v1/enterprises?name=" + urllib.parse.quote("有限"), "bank").json.get("behind")


def build(network):
    """The index of all of them, made anew."""
    until(lambda: behind(network) == 0, 600, "the index is complete")
    network.stop("gz")
    before = (network.run / "gz/find").resolve()
    subprocess.run(["rm", "-rf", before], check=True)
    network.start("gz")
    begun = time.monotonic()
    until(lambda: behind(network) == 0, 600, "the index is complete")
    yield "index made anew", ROWS / (time.monotonic() - begun), "rows/s", "", None
    size = sum(f.stat().st_size for f in before.rglob("*") if f.is_file())
    yield "index on disk", size / ROWS, "bytes/row", "", None


def questions(names):
    dice = random.Random(3)
    kinds = {kind: [] for kind in SIZES}
    for kind, size in SIZES.items():
        while len(kinds[kind]) < QUESTIONS:
            name = dice.choice(names)
            at = dice.randrange(max(len(name) - size, 1))
            kinds[kind].append(name[at:at + size])
    kinds["found nowhere"] = [f"{a}{b}" for a, b in zip(kinds["four characters"], reversed(kinds["four characters"]))]
    return kinds


def measure(finder, peer, questions):
    """In turn, so that what else the machine does falls on both."""
    times = ([], [])
    for part in questions:
        for who, taken in zip((finder, peer), times):
            begun = time.perf_counter()
            who.ask(part)
            taken.append(time.perf_counter() - begun)
    return times


class Finder:
    def __init__(self, network):
        self.link = network.link("gz", "bank")

    def ask(self, part):
        self.link.request("GET", "/v1/enterprises?name=" + urllib.parse.quote(part))
        reply = self.link.getresponse()
        reply.read()
        assert reply.status == 200


class Trigrams(peers.Cluster):
    """One psql kept open; a locale that knows Chinese letters, without which pg_trgm files nothing of them."""

    def __init__(self, folder, names):
        super().__init__(folder, "-c shared_buffers=512MB")
        self.sql("CREATE DATABASE find TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")
        (folder / "names").write_text("\n".join(names) + "\n")
        self.talk = subprocess.Popen(["psql", "-XAtq", self.conninfo.replace("=postgres", "=find")], text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.say("CREATE EXTENSION pg_trgm; CREATE TABLE enterprise (name text, code serial);"
                 f"\n\\copy enterprise (name) from '{folder}/names'\n"
                 "CREATE INDEX ON enterprise USING gin (name gin_trgm_ops); VACUUM ANALYZE enterprise;")

    def say(self, script):
        self.talk.stdin.write(f"{script}\n\\echo .done\n")
        self.talk.stdin.flush()
        while self.talk.stdout.readline() != ".done\n":
            assert self.talk.poll() is None

    def ask(self, part):
        self.say(f"SELECT name, code FROM enterprise WHERE name LIKE '%{part}%' LIMIT 20;")

    def close(self):
        self.talk.stdin.close()
        self.talk.wait(30)
        self.remove()
