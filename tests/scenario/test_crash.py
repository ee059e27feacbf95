"""kill -9 of everything, in the middle, in any order."""
import fcntl
import http.client
import itertools
import os
import random
import shutil
import subprocess
import threading

from harness import rows_of, until, uscc_is_right

ROWS = int(os.environ.get("RX_CRASH_ROWS", "100000"))
PIECES = 20


def submit_until_taken(network, body, batch, seconds=180):
    """What a department's client does: the same id again until there is a receipt."""
    def attempt():
        try:
            reply = network.submit(1, body, batch)
        except (OSError, http.client.HTTPException, ValueError):
            return None
        if reply.status == 200:
            return reply.json
        assert reply.status >= 500, reply.body
        return None
    return until(attempt, seconds, f"receipt of {batch}")


def test_kills_in_the_middle_of_a_feed_lose_and_double_nothing(network):
    """100,000 registrations in 20 batches while hub, province and cities are
    killed at random (seeded) moments; at the end hub and nodes agree, every
    position exists once and every accepted row is there."""
    chance = random.Random(int(os.environ.get("RX_SEED", "1")))
    text = network.gen(1, ROWS, 31, "--division", "4401,4403,4405")
    header, *lines = text.splitlines()
    size = len(lines) // PIECES
    pieces = ["\n".join([header, *lines[i * size:(i + 1) * size]]) + "\n" for i in range(PIECES)]
    receipts = {}
    done = threading.Event()
    failed = []

    def feed():
        try:
            for number, piece in enumerate(pieces):
                receipts[number] = submit_until_taken(network, piece, f"crash-{number}")
        except BaseException as problem:  # the main thread reports it
            failed.append(problem)
        finally:
            done.set()

    feeder = threading.Thread(target=feed)
    feeder.start()
    kills = []
    while not done.wait(chance.uniform(0.1, 1.0)) and len(kills) < 12:
        part = chance.choice(["hub", "gd", "gz", "hub", "gz", "sz"])
        network.kill(part)
        kills.append(part)
        network.start(part)
    feeder.join()
    print("killed:", " ".join(kills))
    assert not failed, failed
    assert len(kills) >= 3, "the feed was over before anything was killed"

    assert sum(r["rows"] for r in receipts.values()) == len(lines)
    hub = network.streams("hub")
    accepted = sum(r["accepted"] for r in receipts.values())
    assert sum(s["position"] for n, s in hub.items() if n in ("4401", "4403", "4405")) == accepted
    for part, prefix in (("gd", "44"), ("gz", "4401"), ("sz", "4403")):
        network.agree(part, prefix)

    cut = chance.sample([r for r in rows_of(text) if uscc_is_right(r["uscc"])], 50)
    for row in cut:
        assert network.ask(row["uscc"], part="gd", items=[1]).json["items"][0]["records"][0]["name"] == row["name"]


def test_positions_in_the_ledger_are_gap_free(network):
    conninfo = (network.run / "hub" / "pg.conninfo").read_text().strip()
    gaps = psql(conninfo, """
        SELECT count(*) FROM (
          SELECT first, lag(last, 1, 0::bigint) OVER (PARTITION BY stream ORDER BY first) AS before FROM change_log) c
        WHERE first <> before + 1""")
    assert gaps == "0"
    doubled = psql(conninfo, "SELECT count(*) FROM (SELECT stream, item, subject, key FROM record GROUP BY 1,2,3,4 HAVING count(*) > 1) d")
    assert doubled == "0"


def psql(conninfo, query):
    words = ["psql", "-XAtq", conninfo, "-c", query]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_deleted_node_comes_back_by_itself(network):
    network.agree("gz", "4401")
    network.kill("gz")
    keep = network.ready("gz")
    folder = network.run / "gz"
    for entry in folder.iterdir():
        if entry.name in ("ready", "trail"):
            continue
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    network.start("gz")
    assert network.ready("gz")["listen"] == keep["listen"]
    network.agree("gz", "4401")


def test_a_store_with_damaged_blocks_is_moved_aside_and_rebuilt(network):
    """Every table file's data is overwritten behind the node's back."""
    text = network.gen(1, 400, 33, "--division", "4403")
    network.submit(1, text, "damaged-store")
    network.agree("sz", "4403")
    network.stop("sz")
    tables = sorted((network.run / "sz" / "store").glob("*.sst"))
    assert tables, "a clean stop leaves table files"
    for table in tables:
        with table.open("r+b") as file:
            file.write(os.urandom(max(16, table.stat().st_size // 2)))
    network.start("sz")
    network.agree("sz", "4403")
    assert network.ask(rows_of(text)[0]["uscc"], part="sz", items=[1]).status == 200
    assert "store.damaged" in (network.run / "log" / "sz.log").read_text()
    assert list((network.run / "sz").glob("store.damaged-*"))


def test_a_block_that_goes_bad_while_the_node_runs_is_noticed_and_mended(network):
    """The files are damaged under the running node; reads after a restart of
    its cache would fail.  A question that meets a bad block is answered 503,
    the node starts again by itself and is whole.  A question that never ends
    keeps it closing for seconds, in which it meets the damage again."""
    network.agree("sz", "4403")
    network.stop("sz")
    network.start("sz")
    slow = network.link("sz", "bank")
    slow.putrequest("POST", "/v1/queries")
    slow.putheader("Content-Length", "1000")
    slow.endheaders(b"{")
    # Opened first: the node may mend itself while they are being written.
    tables = [table.open("r+b") for table in (network.run / "sz" / "store").glob("*.sst")]
    for table in tables:
        with table:
            table.write(os.urandom(max(16, os.fstat(table.fileno()).st_size // 2)))
    codes = itertools.cycle(row["uscc"] for row in rows_of(network.gen(1, 400, 33, "--division", "4403")))

    def status():
        try:
            return network.ask(next(codes), part="sz", items=[1]).status
        except (OSError, http.client.HTTPException):
            return None

    def is_met():  # what is still in memory is answered from
        return status() != 200 or len(list((network.run / "sz").glob("store.damaged-*"))) >= 2
    try:
        until(is_met, 60, "a bad block is met")
        until(lambda: status() == 200, 60, "answered again")
    except AssertionError as late:
        raise AssertionError(f"{late}, last {status()}\n{network.logs()}") from None
    finally:
        slow.close()
    network.agree("sz", "4403")
    assert len(list((network.run / "sz").glob("store.damaged-*"))) >= 2


def test_a_start_waits_until_a_killed_predecessor_lets_go_of_the_store(network):
    """The lock is held as by a process whose last threads are still ending."""
    network.stop("sz")
    lock = (network.run / "sz" / "store" / "LOCK").open("r+")
    fcntl.lockf(lock, fcntl.LOCK_EX)
    ready = network.run / "sz" / "ready"
    ready.unlink()
    starter = threading.Thread(target=network.start, args=("sz",))
    starter.start()
    until(lambda: (network.run / "pid" / "sz.pid").exists(), 10, "it is starting")
    lock.close()
    starter.join()
    network.agree("sz", "4403")


def test_hub_away_public_answers_go_on(network):
    text = network.gen(1, 200, 31, "--division", "4401,4403,4405")
    network.agree("gz", "4401")
    held = next(r["uscc"] for r in rows_of(text) if network.http("gz", "GET", f"/v1/enterprises/{r['uscc']}", "bank").status == 200)
    network.kill("hub")
    try:
        assert network.ask(held, items=[1]).status == 200
    finally:
        network.start("hub")
    network.agree("gz", "4401")
