"""sync: from the hub's ledger to the nodes that hold the same.

RX_BENCH_SYNC_ONLY names cases by how they begin (alone, apply, fan, crowd, behind, delay); sizes: RX_BENCH_SYNC_ROWS (100,000)
records that one node applies, inserted, then all updated; RX_BENCH_SYNC_BEHIND (200,000) changes a node is behind,
and as many records of a snapshot, whose ledger is made, not handed in (10,000,000 take about 25 GB of disk meanwhile, and
RX_BENCH_SYNC_PEERS=0 leaves out the clusters beside it, which take as much again); RX_BENCH_SYNC_SETTLE (60) seconds that census
and index of names may take afterwards; RX_BENCH_SYNC_RATES (1000,10000) changes a second."""
import bisect
import contextlib
import csv
import json
import os
import pathlib
import shutil
import subprocess
import threading
import time

import zmq

import peers
import programs
import wire
from bench_ingest import spent_by
from harness import BIN, ROOT, Network, until

ROWS = int(os.environ.get("RX_BENCH_SYNC_ROWS", "100000"))
BEHIND = int(os.environ.get("RX_BENCH_SYNC_BEHIND", "200000"))
SETTLE = int(os.environ.get("RX_BENCH_SYNC_SETTLE", "60"))
PEERS = os.environ.get("RX_BENCH_SYNC_PEERS") != "0"
ONLY = tuple(filter(None, os.environ.get("RX_BENCH_SYNC_ONLY", "").split(",")))
BATCH = 100_000  # rows handed in at a time
STREAMS = [f"44{number:02}" for number in (*range(1, 10), *range(12, 21), 51, 52, 53)]
SUBSCRIBERS, CROWD = 31, 300
RATES = [int(rate) for rate in os.environ.get("RX_BENCH_SYNC_RATES", "1000,10000").split(",")]
SECONDS = 6  # of each rate
COLUMNS = "stream, item, subject, key, version, state, digest, fields, provider, as_of, known_from, batch, position"


def run():
    for name, case in CASES.items():
        if ONLY and not name.startswith(ONLY):
            continue
        network = Bench()
        network.environment["RONGXIN_HUB_IO_THREADS"] = "2"
        try:
            network.up()
            yield from case(network)
        finally:
            network.down()


class Bench(Network):
    """The network of the scenarios; nodes are started without the script's pauses."""

    def begin(self, part):
        """Starts a node, returns when it listens."""
        ready = self.run / part / "ready"
        ready.unlink(missing_ok=True)
        with open(self.run / "log" / f"{part}.log", "ab") as log:
            process = subprocess.Popen([BIN / "rongxin-node", "--config", self.run.resolve() / f"{part}.conf"], stdout=log, stderr=log)
        (self.run / "pid" / f"{part}.pid").write_text(f"{process.pid}\n")
        while not (ready.exists() and ready.stat().st_size):
            assert process.poll() is None, self.logs()
            time.sleep(0.001)
        return process

    def halt(self, process):
        process.terminate()
        process.wait(60)

    def forget(self, part):
        """Its store, not its trail."""
        shutil.rmtree((self.run / part).resolve() / "store")

    def sql(self, script):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", (self.run / "hub/pg.conninfo").read_text().strip()],
                              input=script, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commits(self, stream, after):
        """Of the batches behind a position: last, and the seconds when PostgreSQL committed it and when it was sealed."""
        text = self.sql("SELECT last, extract(epoch FROM pg_xact_commit_timestamp(xmin)), extract(epoch FROM committed_at)"
                        f" FROM change_log WHERE stream = '{stream}' AND first > {after} ORDER BY first")
        return [(int(last), float(commit), float(seal)) for last, commit, seal in (line.split("|") for line in text.splitlines())]

    def make(self, rows, seed, division="4401"):
        """Files of records of item 1, BATCH in each."""
        files = []
        for start in range(0, rows, BATCH):
            path = self.folder / f"{division}-{seed}-{start}.csv"
            self.cli("gen", "--item", 1, "--rows", min(BATCH, rows - start), "--seed", seed + start // BATCH, "--division", division,
                     "--catalogue", ROOT / "deploy/catalogue/catalogue.json", "--out", path)
            files.append(path)
        return files

    def hand_in(self, files, name):
        for number, path in enumerate(files):
            reply = self.submit(1, path.read_bytes(), f"{name}-{number}")
            assert reply.status == 200 and reply.json["state"] == "committed", reply.body

    def lay(self, rows, streams):
        """As many registrations in the ledger and its log, without handing them in (tests/bench/ledger.c), two at a time."""
        maker, server = programs.build("ledger", programs.LIBRARY), (self.run / "hub/pg.conninfo").read_text().strip()
        shares = [streams[::2], streams[1::2]]
        running = []
        for share in shares:
            made = subprocess.Popen([maker, self.run / "net/batch.key", str(rows * len(share) // len(streams)), *share], stdout=subprocess.PIPE)
            running += made, subprocess.Popen(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", server], stdin=made.stdout)
            made.stdout.close()
        assert all(process.wait() == 0 for process in running)
        self.sql("ANALYZE record; ANALYZE change_log; CHECKPOINT")
        self.stop("hub")
        self.start("hub")

    def held(self, part, prefix, link=None):
        """What a place has of the streams that begin so."""
        own = link or self.link(part, "operator")
        own.request("GET", "/v1/streams")
        streams = json.loads(own.getresponse().read())["streams"]
        if link is None:
            own.close()
        return {s["stream"]: (s["position"], s["head"], s["state"]) for s in streams if s["stream"].startswith(prefix)}

    def catch_up(self, part, prefix, wanted):
        """Seconds from when a node knows that it is behind until it holds just that, its digests included: a question
        every few milliseconds."""
        link, deadline, began = self.link(part, "operator"), time.monotonic() + 3600, None
        while True:
            now, held = time.monotonic(), self.held(part, prefix, link)
            if began is None and held:
                began = now
            if held == wanted:
                link.close()
                return time.monotonic() - began
            assert now < deadline, self.logs()
            time.sleep(0.005)


def changed(path):
    """Every row has another name."""
    out = path.with_suffix(".changed.csv")
    with open(path, newline="", encoding="utf-8") as source, open(out, "w", newline="", encoding="utf-8") as target:
        rows, writer = csv.reader(source), csv.writer(target, lineterminator="\n")
        header = next(rows)
        at = header.index("name")
        writer.writerow(header)
        for row in rows:
            row[at] += "甲"
            writer.writerow(row)
    return out


def tree_cpu(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return spent_by(pid, dead=True) + sum(map(spent_by, children))


def peak_mib(pid):
    return int(pathlib.Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


def ledger(prefix):
    return (f"\\copy (SELECT {COLUMNS} FROM record WHERE stream LIKE '{prefix}%' ORDER BY stream, position) to ")


def follow(network, prefix, fresh=False):
    """The same, and the node is stopped."""
    process, *figures = begin_following(network, prefix, fresh)
    network.halt(process)
    return figures


def begin_following(network, prefix, fresh):
    """Node gd; seconds until it has what the hub has, its CPU seconds, its peak in MiB."""
    if fresh:
        network.forget("gd")
    wanted = network.held("hub", prefix)
    process = network.begin("gd")
    spent = network.catch_up("gd", prefix, wanted)
    cpu, peak = spent_by(process.pid), peak_mib(process.pid)
    return process, spent, cpu, peak


def timed(step):
    began = time.monotonic()
    step()
    return time.monotonic() - began


def without_nodes(network):
    for part in ("sz", "gz", "gd"):
        network.stop(part)


def apply(network):
    """The hub's log is there first; then the node starts, fetches and applies all of it, flushed to disk."""
    without_nodes(network)
    files = network.make(ROWS, 7000)
    exported = network.folder / "ledger.copy"
    with peers.Replication(network.folder) as pair, peers.jetstream(network.folder) as stream:
        for case, given in (("inserted", files), ("updated", [changed(path) for path in files])):
            network.hand_in(given, case)
            network.sql(ledger("4401") + f"'{exported}'")
            count = int(network.sql("SELECT count(*) FROM record WHERE stream = '4401'"))
            spent, cpu, _ = follow(network, "4401", fresh=case == "inserted")
            pair.pause()
            (pair.insert if case == "inserted" else pair.update)(exported)
            before = tree_cpu(pair.target.pid())
            theirs = timed(pair.catch_up)
            used = tree_cpu(pair.target.pid()) - before
            yield f"apply: {case}", count / spent, "records/s", "PostgreSQL logical replication", count / theirs
            yield f"apply: {case}", cpu * 1e6 / count, "CPU us/record", "PostgreSQL subscriber", used * 1e6 / count
            if stream:
                yield f"apply: {case}", count / spent, "records/s", "NATS JetStream, not synced", count / timed(lambda: stream.put(exported))


def behind(network):
    """A province with 21 streams comes back; then a new one, when the hub's log is gone and it takes snapshots."""
    without_nodes(network)
    network.lay(BEHIND, STREAMS)
    count = int(network.sql("SELECT count(*) FROM record WHERE stream LIKE '44%'"))
    with contextlib.ExitStack() as stack:
        pair = stack.enter_context(peers.Replication(network.folder)) if PEERS else None
        spent, _, peak = follow(network, "44")
        theirs = replicated(network, pair)
        yield "behind: caught up", count / spent, "changes/s", "PostgreSQL logical replication", count / theirs if pair else 0
        yield "behind: caught up", spent, "s", "", 0
        yield "behind: node's memory, peak", peak, "MiB", "goal: below", 512
        network.stop("hub")
        network.environment["RONGXIN_HUB_LOG_BYTES"] = "1"
        network.start("hub")
        until(lambda: network.sql("SELECT count(*) FROM change_log WHERE stream LIKE '44%' AND first = 1") == "0", 600, "the log is trimmed")
        process, spent, _, peak = begin_following(network, "44", True)
        settled = settle(network)
        after = rss_mib(process.pid)
        network.halt(process)
        yield "snapshot: new node", count / spent, "records/s", "PostgreSQL initial copy", count / timed(pair.copy) if pair else 0
        yield "snapshot: new node", spent, "s", "", 0
        yield "snapshot: node's memory, peak", peak, "MiB", "goal: below", 512
        yield f"snapshot: {'counted and indexed' if settled else 'not yet counted and indexed'}, memory", after, "MiB", "", 0


def settle(network):
    """Waits until what the node does behind all others is done (census, index of names); False: it took too long."""
    deadline = time.monotonic() + SETTLE
    while time.monotonic() < deadline:
        metrics = network.http("gd", "GET", "/metrics").body.decode()
        if not any(line.startswith("rongxin_node_behind") and not line.endswith(" 0") for line in metrics.splitlines()):
            return True
        time.sleep(0.5)
    return False


def replicated(network, pair):
    """Seconds that the peer takes for the same rows; 0: there is none."""
    if pair is None:
        return 0
    exported = network.folder / "ledger.copy"
    network.sql(ledger("44") + f"'{exported}'")
    pair.pause()
    pair.insert(exported)
    exported.unlink()
    return timed(pair.catch_up)


def fan(network):
    """The hub's bus and its batches, to 31 CURVE connections of another process, as fast as the slowest takes them."""
    network.hand_in(network.make(20_000, 9000), "fan")
    lines = network.sql("SELECT last - first + 1, encode(sealed, 'hex') FROM change_log WHERE stream = '4401' ORDER BY first LIMIT 100")
    batches = [(int(count), bytes.fromhex(sealed)) for count, sealed in (line.split("|") for line in lines.split())]
    path = network.folder / "batches"
    path.write_bytes(b"".join(len(sealed).to_bytes(4, "big") + sealed for _, sealed in batches))
    each = sum(count for count, _ in batches) / len(batches)
    size = sum(len(sealed) for _, sealed in batches) / len(batches)
    for subscribers in (1, SUBSCRIBERS):
        done = subprocess.run([programs.build("fan", programs.LIBRARY), path, str(subscribers), "3000", "2"], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        rate = float(done.stdout)
        yield f"fan: to each of {subscribers}", rate * each, "records/s", "goal", 80_000
        yield f"fan: all together", rate * size * subscribers / 1e6, "MB/s", "", 0


class Crowd(threading.Thread):
    """Many subscribers of one stream each, in one process; how old each batch was when it came."""

    def __init__(self, network, streams):
        super().__init__(daemon=True)
        self.stopping, self.delays, self.seen, self.context = threading.Event(), [], set(), zmq.Context()
        self.poller = zmq.Poller()
        ready, net = network.ready("hub"), json.loads((network.run / "net/network.json").read_text())
        self.context.set(zmq.MAX_SOCKETS, 2 * len(streams) + 10)
        for stream in streams:
            socket = self.context.socket(zmq.SUB)
            socket.linger, socket.curve_serverkey = 0, net["hub_curve_key"].encode()
            socket.curve_secretkey = wire.z85(f"{network.stem('gd')}.curve")
            socket.curve_publickey = wire.z85(f"{network.stem('gd')}.curve.pub")
            for topic in (stream, "pulse"):
                socket.subscribe(topic)
            socket.connect(wire.endpoint(ready["live"]))
            self.poller.register(socket, zmq.POLLIN)

    def run(self):
        while not self.stopping.is_set():
            for socket, _ in self.poller.poll(100):
                topic, message = socket.recv_multipart()
                self.seen.add(socket)
                if topic != b"pulse":
                    header = message.index(b"RXB1")
                    self.delays.append(time.time() - int.from_bytes(message[header + 92:header + 100], "big") / 1e6)

    def end(self):
        self.stopping.set()
        self.join()
        self.context.destroy(linger=0)


def feed(network, rate, division, seed):
    """Hands in at this rate for SECONDS, four times a second, or for twice as long when the hub is slower than that; changes a
    second that were committed."""
    rows = []
    for path in network.make(rate * SECONDS, seed, division):
        header, *more = path.read_bytes().splitlines(keepends=True)
        rows += more
    size, began, given = rate // 4, time.monotonic(), 0
    while given < len(rows) and time.monotonic() < began + 2 * SECONDS:
        time.sleep(max(0.0, began + given / rate - time.monotonic()))
        reply = network.submit(1, header + b"".join(rows[given:given + size]), f"feed-{seed}-{given}")
        assert reply.status == 200, reply.body
        given += size
    return given / max(time.monotonic() - began, SECONDS)


def rss_mib(pid):
    return int(pathlib.Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


def at(share, values):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def crowd(network):
    """300 subscribers, one stream each, while changes of all 21 streams are committed."""
    without_nodes(network)
    feed(network, 1000, "44", 9100)
    streams = sorted(network.held("hub", "44"))
    hub = network.pid("hub")
    heard = Crowd(network, [streams[i % len(streams)] for i in range(CROWD)])
    heard.start()
    until(lambda: len(heard.seen) == CROWD, 60, "all subscribers hear the pulse")
    before = rss_mib(hub)
    for rate in RATES:
        heard.delays.clear()
        got = feed(network, rate, "44", 9200 + rate)
        time.sleep(1)
        yield f"crowd: {CROWD} hear {got:,.0f} changes/s", at(0.99, heard.delays) * 1000, "ms, p99", "goal: below", 1000
    yield "crowd: hub's memory after", rss_mib(hub), "MiB", "before, all connected", before
    heard.end()


def delay(network):
    """From PostgreSQL's commit at the hub until city gz, behind province gd, answers with it: one question every few milliseconds.
    Beside it the same from when the hub sealed the batch, within the transaction, which is the time that the batch names."""
    network.stop("sz")
    network.sql("ALTER SYSTEM SET track_commit_timestamp = on")
    network.stop("hub")
    network.start("hub")
    feed(network, 1000, "4401", 9500)
    for rate in RATES:
        since = network.held("hub", "4401")["4401"][0]
        answers, link, stopping = [], network.link("gz", "operator"), threading.Event()

        def watch():
            while not stopping.is_set():
                position = network.held("gz", "4401", link).get("4401", (0,))[0]
                answers.append((position, time.time()))
                time.sleep(0.003)
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        got = feed(network, rate, "4401", 9600 + rate)
        last = network.held("hub", "4401")["4401"][0]
        until(lambda: answers[-1][0] >= last, 60, "the city has it all")
        stopping.set()
        watcher.join()
        committed, sealed = [], []
        for last, commit, seal in network.commits("4401", since):
            seen = answers[bisect.bisect_left(answers, (last,))][1]
            committed.append(seen - commit)
            sealed.append(seen - seal)
        yield f"delay: at {got:,.0f} changes/s", at(0.5, committed) * 1000, "ms, p50", "since the batch was sealed", at(0.5, sealed) * 1000
        yield f"delay: at {got:,.0f} changes/s", at(0.99, committed) * 1000, "ms, p99", "since the batch was sealed", at(0.99, sealed) * 1000


def alone(network):
    """The follow thread, its helpers and its store, without hub, bus and questions (tests/bench/apply.c)."""
    folder = network.folder / "alone"
    folder.mkdir()
    done = subprocess.run([programs.build("apply", programs.NODE), folder, str(ROWS), "1"], capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        case, figures = line.split(": ")
        numbers = [float(word) for word in figures.replace(",", " ").split() if word[0].isdigit()]
        if case == "memory":
            yield "alone: memory, peak", numbers[0], "MiB", "goal: below", 512
            continue
        yield f"alone: {case}", numbers[0], "records/s", "", 0
        yield f"alone: {case}, CPU", numbers[2], "us/record", "of them the follow thread", numbers[1]


CASES = {"alone": alone, "apply": apply, "fan": fan, "crowd": crowd, "behind": behind, "delay": delay}
