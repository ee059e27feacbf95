"""path: records from upload to a city's store, answers from a city."""
import json
import re
import subprocess
import time
from urllib.parse import urlsplit

import programs
from harness import Network, rows_of, until

ROWS = 100_000
ANSWERS = 20_000
PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"


def run():
    network = Network()
    try:
        network.up()
        yield from upload(network)
        yield from answers(network)
    finally:
        network.down()


def conninfo(network):
    return (network.run / "hub" / "pg.conninfo").read_text().strip()


def psql(network, script):
    done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", conninfo(network)], input=script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def upload(network):
    """Through the whole path: POST, ledger, sealed, province, city, on disk
    there; beside the least a user would do by hand: COPY into a staging
    table, INSERT … ON CONFLICT into a table with the same key."""
    text = network.gen(1, ROWS, 51, "--division", "4401")
    for case, batch in (("new records to the city's store", "bench-new"), ("unchanged records", "bench-same")):
        began = time.monotonic()
        receipt = network.submit(1, text, batch).json
        last = max((s["last"] for s in receipt["streams"]), default=0)
        until(lambda: network.streams("gz").get("4401", {"position": 0})["position"] >= last, 300, "arrived")
        ours = ROWS / (time.monotonic() - began)
        yield case, ours, "records/s", "PostgreSQL COPY + ON CONFLICT", ROWS / plain_upsert(network, text)


def plain_upsert(network, text):
    columns = text.split("\n", 1)[0].split(",")
    data = network.folder / "plain.csv"
    data.write_text(text)
    listed = ", ".join(f'"{c}" text' for c in columns)
    names = ", ".join(f'"{c}"' for c in columns)
    updates = ", ".join(f'"{c}" = excluded."{c}"' for c in columns if c != "uscc")
    psql(network, f'CREATE TABLE IF NOT EXISTS bench_plain ({listed}, PRIMARY KEY (uscc));')
    began = time.monotonic()
    psql(network, f"""BEGIN;
        CREATE TEMP TABLE bench_stage ({listed}) ON COMMIT DROP;
        \\copy bench_stage from '{data}' with (format csv, header)
        INSERT INTO bench_plain ({names}) SELECT DISTINCT ON (uscc) {names} FROM bench_stage ORDER BY uscc
          ON CONFLICT (uscc) DO UPDATE SET {updates};
        COMMIT;""")
    return time.monotonic() - began


def load(network, part, who, path, bodies, connections, requests):
    """tests/bench/load.c: rate, p50 and p99 in microseconds, failures, and more."""
    program = programs.build("load", programs.TLS)
    where = urlsplit(network.url(part))
    done = subprocess.run([program, where.hostname, str(where.port), network.stem(who), network.run / "net/ca.crt", path, bodies,
                           str(connections), str(requests)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return [float(word) for word in done.stdout.split()]


def answers(network):
    """One bank, 64 kept-alive TLS 1.3 connections, one item; trail entry on disk before each
    answer; beside pgbench reading the same record by key with prepared statements."""
    code = rows_of(network.gen(1, 1, 51, "--division", "4401"))[0]["uscc"]
    question = network.folder / "question.json"
    question.write_text(json.dumps({"subject": code, "purpose": "pre_loan", "items": [1]}))
    rate, _, _, failures, *_ = load(network, "gz", "bank", "/v1/reports", question, 64, ANSWERS)
    assert failures == 0
    script = network.folder / "select.sql"
    script.write_text(f"SELECT fields FROM record WHERE stream = '4401' AND item = 1 AND subject = '{code}';\n")
    words = dict(part.split("=", 1) for part in conninfo(network).replace("'", "").split())
    flags = [f"-{flag}{words[name]}" for flag, name in (("h", "host"), ("p", "port"), ("U", "user")) if name in words]
    done = subprocess.run([PGBENCH, "-n", "-M", "prepared", "-c", "16", "-j", "1", "-T", "5", "-f", script, *flags, words["dbname"]],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    peer = float(re.search(r"tps = ([\d.]+)", done.stdout).group(1))
    yield "answers, one item, 64 connections", rate, "answers/s", "pgbench prepared select, 16 clients", peer
