"""ingest: batches through the hub's whole pipeline, from the HTTPS upload to
the receipt, beside plain PostgreSQL on the same cluster in the same run.

The peer does the least a user would do by hand: COPY into a staging table,
then INSERT … ON CONFLICT DO UPDATE into a table with the ledger's columns,
key, indexes and partitions; `own columns` is the same into a table that just
has the file's columns.  CPU is that of the hub and of its cluster, or of psql and
of the cluster: others on the machine do not count.  RX_BENCH_ROWS scales it
(1,000,000); RX_BENCH_LEDGER is how many rows lie in the ledger before the last
case (0: leave it out), RX_BENCH_PLANS=1 prints the plans of a batch that meets
them, RX_BENCH_ONLY names cases by how they begin (item 1,linear)."""
import csv
import gzip
import importlib.util
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = int(os.environ.get("RX_BENCH_ROWS", "1000000"))
LEDGER = int(os.environ.get("RX_BENCH_LEDGER", "0"))
PLANS = os.environ.get("RX_BENCH_PLANS", "0") != "0"
ONLY = tuple(filter(None, os.environ.get("RX_BENCH_ONLY", "").split(",")))
KEYS = {item["number"]: item["key"] for item in json.loads((ROOT / "deploy/catalogue/catalogue.json").read_text())["items"]}

spec = importlib.util.spec_from_file_location("hub_alone", ROOT / "tests/integration/rig.py")
alone = importlib.util.module_from_spec(spec)
sys.modules["hub_alone"] = alone
spec.loader.exec_module(alone)
sys.path.insert(0, str(ROOT / "tests/integration"))
import test_plans  # noqa: E402


def run():
    hub = alone.Hub()
    try:
        hub.start()
        hub.admit(alone.DEPARTMENT, "department", items=list(range(1, 38)))
        for name, case in CASES.items():
            if not ONLY or name.startswith(ONLY):
                yield from case(hub)
        yield "hub's memory, peak", peak_mib(hub), "MiB", "goal: below", 256
    finally:
        hub.remove()


def item(number):
    return lambda hub: against_plain(hub, number, gen(hub, number, ROWS, 101), f"item {number}")


def real(hub):
    source = alone.SHARED / "registrations_100k.csv.gz"
    if not source.exists():
        return
    unpacked = hub.folder / "real.csv"
    with gzip.open(source) as packed, open(unpacked, "wb") as out:
        shutil.copyfileobj(packed, out)
    yield from against_plain(hub, 1, unpacked, "real 100k")


def gen(hub, item, rows, seed, *more):
    path = hub.folder / f"gen-{item}-{rows}-{seed}{''.join(more)}.csv"
    hub.cli("gen", "--item", item, "--rows", rows, "--seed", seed, "--catalogue", alone.CATALOGUE, "--out", path, *more)
    return path


def peak_mib(hub):
    status = pathlib.Path(f"/proc/{hub.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def parse_alone(hub):
    """`rongxin feed check`: no database, no network, one thread; CPU seconds
    of the whole process, so that others on the machine do not count."""
    for item in (1, 11):
        path = gen(hub, item, ROWS, 101)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        hub.cli("feed", "check", item, path, "--catalogue", alone.CATALOGUE)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        yield f"item {item}: parse and validate", ROWS / spent, "rows/s/core", "goal", 500_000 if item == 1 else None


def spent_by(pid, dead=False):
    """CPU seconds of a process; `dead`: of its ended children too."""
    try:
        words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, words[11:15 if dead else 13])) / os.sysconf("SC_CLK_TCK")


def cpu(hub):
    """CPU seconds of the hub, and of its cluster."""
    server = int((hub.state / "pg/postmaster.pid").read_text().split()[0])
    children = pathlib.Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return spent_by(hub.process.pid), spent_by(server, dead=True) + sum(map(spent_by, children))


def submit(hub, item, path, batch):
    """Seconds from the first byte to the receipt, and the receipt."""
    with open(path, "rb") as body:
        began = time.monotonic()
        reply = hub.http("POST", f"/v1/feeds/{item}/batches", "dept", body,
                         {"Content-Type": "text/csv", "Idempotency-Key": batch, "Content-Length": str(path.stat().st_size)})
        spent = time.monotonic() - began
    assert reply.status == 200, reply.body
    return spent, reply.json


def changed_file(path):
    """Every fifth row has another name."""
    out = path.with_suffix(".changed.csv")
    with open(path, newline="", encoding="utf-8") as source, open(out, "w", newline="", encoding="utf-8") as target:
        rows, writer = csv.reader(source), csv.writer(target, lineterminator="\n")
        header = next(rows)
        at = header.index("name")
        writer.writerow(header)
        for number, row in enumerate(rows):
            if number % 5 == 0 and len(row) > at:
                row[at] += "甲"
            writer.writerow(row)
    return out


def against_plain(hub, item, path, what):
    plain = Plain(hub, item, path)
    changed = changed_file(path)
    for case, file in (("new", path), ("20 % changed", changed), ("unchanged", changed)):
        hub.sql("CHECKPOINT")
        before = cpu(hub)
        spent, receipt = submit(hub, item, file, re.sub("[^a-z0-9]+", "-", f"{what}-{case}"))
        after = cpu(hub)
        rows = receipt["rows"]
        if case == "unchanged":
            assert receipt["accepted"] == 0, receipt
        ours, theirs = ((now - then) * 1e6 / rows for now, then in zip(after, before))
        hub.sql("CHECKPOINT")
        took, used = plain.ledger_table(file)
        yield f"{what}: {case}", rows / spent, "rows/s", "same table, COPY + ON CONFLICT", rows / took
        yield f"{what}: {case}", ours + theirs, "CPU us/row", "same table, COPY + ON CONFLICT", used * 1e6 / rows
        yield f"{what}: {case}", ours, "CPU us/row", "of these the cluster's", theirs
        took, used = plain.own_table(file)
        yield f"{what}: {case}", rows / spent, "rows/s", "own columns, COPY + ON CONFLICT", rows / took
    plain.drop()


class Plain:
    def __init__(self, hub, item, path):
        self.hub, self.item = hub, item
        with open(path, newline="", encoding="utf-8") as source:
            self.columns = next(csv.reader(source))
        self.key = ["uscc", *KEYS[item]]
        self.listed = ", ".join(f'"{c}" text' for c in self.columns)
        self.names = ", ".join(f'"{c}"' for c in self.columns)
        partitions = "".join(f"CREATE TABLE plain_{i} PARTITION OF plain FOR VALUES WITH (MODULUS 16, REMAINDER {i});" for i in range(16))
        self.psql(f"CREATE TABLE plain (LIKE record INCLUDING ALL) PARTITION BY HASH (stream); {partitions}"
                  f"CREATE TABLE own ({self.listed}, PRIMARY KEY ({', '.join(self.key)}));")

    def psql(self, script):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.hub.ready["pg"]], input=script, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def timed(self, path, insert):
        """Seconds by the clock, and of CPU: psql's and the cluster's."""
        server, client = cpu(self.hub)[1], resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        self.psql(f"""BEGIN;
            CREATE TEMP TABLE stage ({self.listed}) ON COMMIT DROP;
            \\copy stage from '{path}' with (format csv, header)
            {insert};
            COMMIT;""")
        took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - client.ru_utime - client.ru_stime
        return took, used + cpu(self.hub)[1] - server

    def ledger_table(self, path):
        key = " || chr(31) || ".join(f'"{k}"' for k in self.key[1:]) or "''"
        fields = ", ".join(f"'{c}', \"{c}\"" for c in self.columns if c != "uscc")
        on = ", ".join(f'"{k}"' for k in self.key)
        return self.timed(path, f"""INSERT INTO plain SELECT DISTINCT ON ({on}) substr(uscc, 3, 4), {self.item}, uscc, {key}, 1, 1, '',
            jsonb_build_object({fields}), '{alone.DEPARTMENT}', now(), now(), NULL, 0 FROM stage ORDER BY {on}
            ON CONFLICT (stream, item, subject, key) DO UPDATE SET version = plain.version + 1, fields = excluded.fields,
            provider = excluded.provider, as_of = excluded.as_of, known_from = excluded.known_from""")

    def own_table(self, path):
        on = ", ".join(f'"{k}"' for k in self.key)
        updates = ", ".join(f'"{c}" = excluded."{c}"' for c in self.columns if c not in self.key)
        return self.timed(path, f"INSERT INTO own ({self.names}) SELECT DISTINCT ON ({on}) {self.names} FROM stage ORDER BY {on}"
                                f" ON CONFLICT ({on}) DO UPDATE SET {updates}")

    def drop(self):
        self.psql("DROP TABLE plain, own")


def in_parallel(hub):
    """Two batches of different divisions, at once beside one after the other."""
    rows = max(ROWS // 4, 1000)
    one = [gen(hub, 11, rows, 201 + i, "--division", division) for i, division in enumerate(("4401", "4403"))]
    two = [gen(hub, 11, rows, 211 + i, "--division", division) for i, division in enumerate(("3301", "3302"))]
    serial = sum(submit(hub, 11, path, f"serial-{i}")[0] for i, path in enumerate(one))
    threads = [threading.Thread(target=submit, args=(hub, 11, path, f"parallel-{i}")) for i, path in enumerate(two)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield "two divisions at once", 2 * rows / (time.monotonic() - began), "rows/s", "one after the other", 2 * rows / serial


def linear(hub):
    """A tenth of the rows and all of them; then a batch onto a full ledger."""
    small, _ = submit(hub, 1, gen(hub, 1, ROWS // 10, 301), "tenth")
    large, _ = submit(hub, 1, gen(hub, 1, ROWS, 302), "whole")
    yield "10 times the rows take", large / small, "times", "goal: at most", 12
    if LEDGER == 0:
        return
    held = int(hub.sql("SELECT count(*) FROM record")[0][0])
    seed = 400
    while held < LEDGER:
        seed += 1
        path = gen(hub, 1, min(ROWS, LEDGER - held), seed)
        held += submit(hub, 1, path, f"load-{seed}")[1]["accepted"]
        path.unlink()
    full, _ = submit(hub, 1, gen(hub, 1, ROWS // 10, 399), "onto")
    yield f"onto {held:,} rows in the ledger", ROWS / 10 / full, "rows/s", "onto the ledger before", ROWS / 10 / small
    yield "hub's memory, peak until now", peak_mib(hub), "MiB", "goal: below", 256
    if PLANS:
        print_plans(hub)


def print_plans(hub):
    """The scans of the ledger's tables by a batch of one division."""
    file = gen(hub, 1, 2000, 398, "--division", "4401")
    submit(hub, 1, file, "plans-new")
    hub.stop()
    with open(hub.state / "pg/postgresql.auto.conf", "a") as conf:
        conf.write(test_plans.SETTINGS)
    hub.start()
    submit(hub, 1, changed_file(file), "plans-changed")
    for query, plan in test_plans.plans((hub.state / "pg.log").read_text(errors="replace")):
        for how, table in sorted(set(test_plans.scans_of_record(plan))):
            print(f"plan: {how:20} {table:16} {query[:90]}")


CASES = {"parse": parse_alone, "item 1 ": item(1), "item 11 ": item(11), "real": real, "parallel": in_parallel, "linear": linear}
