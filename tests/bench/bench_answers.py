"""answers: what a node answers, beside nginx, Fastify with PostgreSQL, PostgreSQL alone and OpenSSL.

Servers run on core 0, whoever asks on core 1, TLS 1.3 with certificates on both sides.  A subject has 40 records of 12
items.  Every figure by the clock has a twin in CPU microseconds a request of all processes that serve: on a machine
with other work only that one is steady.  RX_BENCH_SUBJECTS (100,000) subjects in the store, RX_BENCH_SIZES how many for
the cases that ask whether it matters, RX_BENCH_REQUESTS (20,000) requests of a case, RX_BENCH_ANSWERS_ONLY cases by how
they begin (wire, thread, trail, handshake, sizes, workers)."""
import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile
from urllib.parse import urlsplit

import peers
import programs
from harness import BIN, ROOT, Network, rows_of, until

SUBJECTS = int(os.environ.get("RX_BENCH_SUBJECTS", "100000"))
SIZES = [int(size) for size in os.environ.get("RX_BENCH_SIZES", f"2500,25000,{SUBJECTS}").split(",")]
REQUESTS = int(os.environ.get("RX_BENCH_REQUESTS", "20000"))
ONLY = tuple(filter(None, os.environ.get("RX_BENCH_ANSWERS_ONLY", "").split(",")))
SERVER, CLIENT = ["taskset", "-c", "0"], ["taskset", "-c", "1"]
CONNECTIONS = (16, 64, 256)
# Records of each item: 40 in all.
ITEMS = {1: 1, 2: 10, 4: 2, 5: 3, 6: 1, 7: 2, 8: 1, 11: 3, 12: 6, 17: 7, 19: 2, 29: 2}
SMALL = 11  # the item of the small answer: about 2 KB
HERE = pathlib.Path(__file__).parent


def run():
    network = Network()
    network.environment = {"RX_ENTER_gz": " ".join(SERVER), "RONGXIN_NODE_CHECK_SECONDS": "0", "RONGXIN_NODE_WORKERS": "1"}
    try:
        bench = Bench(network.up())
        for name, case in CASES.items():
            if not ONLY or name.startswith(ONLY):
                yield from case(bench)
    finally:
        network.down()


def family(pid):
    """The process and its children: what serves."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [str(pid), *children]


class Bench:
    def __init__(self, network):
        self.network, self.folder, self.filled = network, network.folder, 0
        network.stop("sz")
        self.load_program = programs.build("load", programs.TLS)
        self.fill_program = programs.build("fill", programs.NODE)
        self.make_pattern()

    def make_pattern(self):
        """One subject with everything, by the way that records come; a consent; the codes of the others."""
        network = self.network
        self.lift_limits()
        self.codes = [row["uscc"] for row in rows_of(network.gen(1, SUBJECTS, 71, "--division", "4401"))]
        self.codes_file = self.folder / "codes"
        self.codes_file.write_text("".join(code + "\n" for code in self.codes))
        self.pattern = rows_of(network.gen(1, 1, 72, "--division", "4401"))[0]["uscc"]
        (self.folder / "pattern").write_text(self.pattern + "\n")
        for item, count in ITEMS.items():
            text = network.gen(item, count, 72, "--division", "4401", "--subjects", self.folder / "pattern", "--per-subject", count)
            receipt = network.submit(item, text, f"pattern-{item}").json
            assert receipt["accepted"] == count, receipt
        network.agree("gz", "4401")
        who = network.subject_identity(self.pattern)
        self.consent = network.sign_consent(who, items=",".join(map(str, ITEMS)), consent_id="pattern")
        reply = network.http("gz", "POST", "/v1/consents", who, self.consent, {"Content-Type": "application/jose"})
        assert reply.status in (201, 202), reply.body
        self.full = until(self.ask_pattern, 60, "the consent holds")
        self.small = network.ask(self.pattern, items=[SMALL], consent="pattern").json
        records = sum(len(item["records"]) for item in self.full["items"])
        assert records == sum(ITEMS.values()), f"{records} records"

    def lift_limits(self):
        """A catalogue in which members may ask as much as they like."""
        catalogue = json.loads((ROOT / "deploy/catalogue/catalogue.json").read_text())
        catalogue["version"] += 1
        catalogue.pop("limits", None)
        path = self.folder / "catalogue.json"
        path.write_text(json.dumps(catalogue, ensure_ascii=False))
        signed = self.network.cli("catalogue", "sign", path, "--key", self.network.run / "net/catalogue.key").stdout
        reply = self.network.http("hub", "POST", "/v1/catalogue", "operator", signed, {"Content-Type": "application/jose"})
        assert reply.status in (200, 201), reply.body

    def ask_pattern(self):
        reply = self.network.ask(self.pattern, items=list(ITEMS), consent="pattern")
        return reply.json if reply.status == 200 and reply.json["level"] == "C" else None

    def fill(self, subjects):
        """The store has this many subjects; the node is started anew."""
        self.network.stop("gz")
        if subjects > self.filled:
            codes = self.folder / "codes-now"
            codes.write_text("".join(code + "\n" for code in self.codes[:subjects]))
            self.program(self.fill_program, self.network.run.resolve() / "gz", self.pattern, "pattern", codes, self.filled)
            self.filled = subjects
        self.start()

    def program(self, *words):
        """As the daemons' user: what it writes is theirs."""
        user = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.folder.chmod(0o755)
        local = self.network.run.resolve() / "bench"
        local.mkdir(exist_ok=True)
        binary = local / pathlib.Path(words[0]).name
        shutil.copy(words[0], binary)
        inputs = [self.lend(local, word) for word in words[1:]]
        done = subprocess.run([binary, *map(str, inputs)], capture_output=True, text=True, cwd="/", **user)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @staticmethod
    def lend(folder, word):
        path = pathlib.Path(str(word))
        if not (path.is_absolute() and path.is_file()):
            return word
        shutil.copy(path, folder / path.name)
        return folder / path.name

    def start(self):
        """Until it answers and has no work of its own left: counting, the index of names, merging tables."""
        self.network.start("gz")
        until(self.ask_pattern, 60, "answers again")
        until(self.is_idle, 3600, "the node's own work is done")

    def is_idle(self):
        lines = self.network.http("gz", "GET", "/metrics").body.decode().splitlines()
        behind = [line.split()[-1] for line in lines if line.startswith("rongxin_node_behind{")]
        return len(behind) == 3 and set(behind) == {"0"}

    def questions(self, items, count=20000):
        step = max(1, self.filled // count)
        lines = (json.dumps({"subject": self.codes[n], "purpose": "pre_loan", "items": items, "consent": f"bench-{n}"})
                 for n in range(0, self.filled, step))
        path = self.folder / f"questions-{len(items)}"
        path.write_text("\n".join(lines) + "\n")
        return path

    def node(self, questions, connections, rate=0, requests=REQUESTS):
        url = self.network.url("gz")
        return self.load(url + "/v1/reports", questions, connections, family(self.network.pid("gz")), rate, requests)

    def load(self, url, questions, connections, pids, rate=0, requests=REQUESTS):
        """tests/bench/load.c, after a few requests that warm up."""
        where = urlsplit(url)
        words = [*CLIENT, self.load_program, where.hostname, str(where.port), self.network.stem("bank"),
                 self.network.run / "net/ca.crt", where.path, questions, str(connections)]
        for count, pace in ((max(2 * connections, 500), 0), (requests, rate)):
            done = subprocess.run([*words, str(count), str(pace), *pids], capture_output=True, text=True, timeout=600)
            assert done.returncode == 0, f"{url}: {done.stdout}{done.stderr}"
        return Load(*map(float, done.stdout.split()))


class Load:
    def __init__(self, rate, p50_us, p99_us, failures, size, cpu_us):
        assert failures == 0
        self.rate, self.p50_us, self.p99_us, self.size, self.cpu_us = rate, p50_us, p99_us, size, cpu_us


def beside(case, ours, peer, theirs, goal):
    """Both by the clock, and what each costs: then a ratio is the peer's over ours."""
    yield case, ours.rate, "answers/s", f"{peer}; goal {goal}", theirs.rate
    yield f"{case}, CPU", 1e6 / ours.cpu_us, "answers/CPU s", f"{peer}; goal {goal}", 1e6 / theirs.cpu_us


def thread_of(pid, name):
    """In /proc: a thread's CPU alone."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return next(f"{pid}/task/{task.name}" for task in tasks if (task / "comm").read_text().startswith(name))


def thread(bench):
    """What an answer costs the thread that gives it, beside nginx in the same minutes; the others' work is apart."""
    bench.fill(SUBJECTS)
    path, pid = bench.network.url("gz") + "/v1/reports", thread_of(bench.network.pid("gz"), "http-0")
    sizes = {"full": list(ITEMS), "small": [SMALL]}
    ours = {size: bench.load(path, bench.questions(items), 64, [pid]) for size, items in sizes.items()}
    with nginx(bench, {size: int(load.size) for size, load in ours.items()}) as (url, pids):
        for size, load in ours.items():
            yield f"{size} answer, 64, its thread", load.cpu_us, "us", "nginx", bench.load(f"{url}/{size}", "-", 64, pids()).cpu_us


def wire(bench):
    bench.fill(SUBJECTS)
    full, small = bench.questions(list(ITEMS)), bench.questions([SMALL])
    ours = {("full", c): bench.node(full, c) for c in CONNECTIONS} | {("small", c): bench.node(small, c) for c in CONNECTIONS}
    for size in ("full", "small"):
        yield f"{size} answer: size", ours[size, 64].size, "bytes", "", 0
    with nginx(bench, {size: int(ours[size, 64].size) for size in ("full", "small")}) as (url, pids):
        for size, goal in (("full", 0.4), ("small", 0.6)):
            for c in CONNECTIONS:
                theirs = bench.load(f"{url}/{size}", "-", c, pids())
                yield from beside(f"{size} answer, {c}", ours[size, c], "nginx, static file", theirs, goal)
    yield from beside_postgres(bench, ours, full)
    paced = bench.node(full, 64, rate=0.7 * ours["full", 64].rate)
    yield "full answer, p99 at 70 % load", paced.p99_us / 1000, "ms", "goal: below", 10
    yield from without_disk(bench, ours["full", 64], full)


def without_disk(bench, synced, questions):
    """The trail on a file system in memory: the same work, no waiting."""
    network = bench.network
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rongxin-bench.", dir="/dev/shm"))
    try:
        folder.chmod(0o777)
        network.stop("gz")
        network.environment["RONGXIN_NODE_TRAIL_FOLDER"] = str(folder / "trail")
        bench.start()
        free = bench.node(questions, 64)
        yield "full answer, 64, disk waited for", synced.rate, "answers/s", "trail in memory; goal 0.75", free.rate
    finally:
        network.stop("gz")
        del network.environment["RONGXIN_NODE_TRAIL_FOLDER"]
        network.start("gz")
        shutil.rmtree(folder)


@contextlib.contextmanager
def nginx(bench, sizes):
    """Static files of these sizes; one worker, TLS 1.3, client certificates."""
    folder = bench.folder / "nginx"
    folder.mkdir(mode=0o755)
    for name, size in sizes.items():
        (folder / name).write_bytes(b"x" * size)
    net, stem, port = bench.network.run / "net", bench.network.stem("hub"), peers.free_port()
    (folder / "conf").write_text(f"""
        worker_processes 1; pid {folder}/pid; daemon off; error_log {folder}/error; user root;
        events {{ worker_connections 1024; }}
        http {{ access_log off; sendfile on; keepalive_requests 100000000; open_file_cache max=100;
          client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4;
          scgi_temp_path {folder}/t5; default_type application/json;
          server {{ listen 127.0.0.1:{port} ssl; root {folder}; ssl_protocols TLSv1.3;
            ssl_certificate {stem}.crt; ssl_certificate_key {stem}.key; ssl_client_certificate {net}/ca.crt; ssl_verify_client on; }} }}""")
    process = subprocess.Popen([*SERVER, "/usr/sbin/nginx", "-c", folder / "conf", "-e", folder / "error"])
    try:
        until(lambda: (folder / "pid").exists() and len(family(process.pid)) > 1, 20, "nginx runs")
        yield f"https://127.0.0.1:{port}", lambda: family(process.pid)
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)


class Peer(peers.Cluster):
    """The same records, consents and an access table."""

    def __init__(self, bench):
        super().__init__(bench.folder / "peer", "")
        rows = [(item["item"], number, record) for item in bench.full["items"] for number, record in enumerate(item["records"])]
        words = ",".join(f"({item}, '{number}', $body${json.dumps(record, ensure_ascii=False)}$body$::jsonb)" for item, number, record in rows)
        (self.folder / "codes").write_text(bench.codes_file.read_text())
        self.sql(f"""DROP TABLE record; CREATE TABLE code (code text COLLATE "C", n serial);
            \\copy code (code) from '{self.folder}/codes'
            CREATE TABLE record (subject text COLLATE "C", item integer, key text COLLATE "C", fields jsonb);
            INSERT INTO record SELECT code, r.item, r.key, r.fields FROM (SELECT code FROM code ORDER BY code) c,
              (VALUES {words}) r (item, key, fields);
            ALTER TABLE record ADD PRIMARY KEY (subject, item, key);
            CREATE TABLE consent (id text PRIMARY KEY, subject text, purpose text, revoked boolean, expiry timestamptz);
            INSERT INTO consent SELECT 'bench-' || (n - 1), code, 'pre_loan', false, now() + interval '30 days' FROM code;
            CREATE TABLE access (index bigserial PRIMARY KEY, time timestamptz, member text, subject text, purpose text, consent text,
              items integer[], answer bytea);
            VACUUM ANALYZE;""")

    def pgbench(self, script, clients, seconds=6):
        """Statements a second, with the clients on the other core."""
        path = self.folder / "script.sql"
        path.write_text(script)
        done = subprocess.run([*CLIENT, "pgbench", "-n", "-M", "prepared", f"-c{clients}", "-j1", f"-T{seconds}", "-f", path,
                               "-h127.0.0.1", f"-p{self.port}", "-Ubench", "postgres"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return float(re.search(r"tps = ([\d.]+)", done.stdout).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "fast", "-w", "stop")


@contextlib.contextmanager
def on_core_0():
    """What is started here serves."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def fastify(bench, cluster):
    """npm's packages as the committed lock has them, in the build folder."""
    folder = BIN / "bench" / "peer"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "server.js"):
        shutil.copy(HERE / "peer" / name, folder)
    if not (folder / "node_modules" / ".package-lock.json").exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    database = json.dumps({"host": "127.0.0.1", "port": cluster.port, "user": "bench", "database": "postgres"})
    return subprocess.Popen([*SERVER, "node", folder / "server.js", bench.network.stem("hub"), bench.network.run / "net/ca.crt", database],
                            stdout=subprocess.PIPE, text=True, env={**os.environ, "NODE_ENV": "production"})


def beside_postgres(bench, ours, full):
    with on_core_0():
        cluster = Peer(bench)
    with cluster:
        service = fastify(bench, cluster)
        try:
            url = f"https://localhost:{int(service.stdout.readline())}/v1/reports"
            serving = lambda: [str(service.pid), *family(cluster.pid())]  # noqa: E731
            bench.load(url, full, 64, serving(), requests=500)  # the pool is filled
            for c in CONNECTIONS:
                theirs = bench.load(url, full, c, serving(), requests=max(2000, REQUESTS // 10))
                yield from beside(f"full answer, {c}", ours["full", c], "Fastify, node-postgres", theirs, 8)
        finally:
            service.terminate()
            service.wait(20)
        script = f"\\set n random(1, {SUBJECTS})\nSELECT item, fields FROM record WHERE subject = (SELECT code FROM code WHERE n = :n) ORDER BY item, key;\n"
        cluster.sql("CREATE INDEX ON code (n)")
        yield "full answer, 64", ours["full", 64].rate, "answers/s", "pgbench, 40 rows, prepared, 16", cluster.pgbench(script, 16)


def trail(bench):
    """A trail alone, beside inserts of the same rows into PostgreSQL."""
    program = programs.build("append", programs.NODE)
    insert = ("INSERT INTO access (time, member, subject, purpose, consent, items, answer) VALUES (now(), '91440101MA000RX19U',"
              " '91440101MA5AAAAA0Q', 'pre_loan', '8c5f7c1e-3f0b-4b52-9a43-0d6f4d7a1c11', '{1,2,4,5,6,7,8,11,12,17,19,29}',"
              " '\\x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f');\n")
    with on_core_0():
        cluster = peers.Cluster(bench.folder / "inserts", "-c max_connections=300")
    with contextlib.ExitStack() as stack:
        stack.callback(cluster.run, "pg_ctl", "-D", cluster.folder / "data", "-m", "fast", "-w", "stop")
        cluster.sql("CREATE TABLE access (index bigserial PRIMARY KEY, time timestamptz, member text, subject text, purpose text, consent text,"
                    " items integer[], answer bytea)")
        for waiting, entries in ((16, 50_000), (256, 500_000)):
            folder = bench.folder / f"trail-{waiting}"
            done = subprocess.run([*SERVER, program, folder, str(waiting), str(entries)], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            rate, cpu_us = map(float, done.stdout.split())
            theirs = Peer.pgbench(cluster, insert, waiting)
            yield f"trail, {waiting} waiting", rate, "entries/s", "PostgreSQL inserts; goal 5", theirs
            yield f"trail, {waiting} waiting, CPU", 1e6 / cpu_us, "entries/CPU s", "goal", 500_000 if waiting == 256 else 0
        size = sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
        yield "trail, size", size / entries, "bytes/entry", "goal: below", 300


def handshake(bench):
    """CPU of one handshake with certificates on both sides, beside a loop of OpenSSL that does nothing else."""
    network = bench.network
    program = programs.build("handshake", programs.TLS)
    stem, ca, count = network.stem("bank"), network.run / "net/ca.crt", 1500

    def dial(url, pid, kind):
        where = urlsplit(url)
        done = subprocess.run([*CLIENT, program, "dial", where.hostname, str(where.port), stem, ca, str(count), kind, str(pid)],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return 1e6 / float(done.stdout)

    bare = subprocess.Popen([*SERVER, program, "serve", network.stem("hub"), ca], stdout=subprocess.PIPE, text=True)
    try:
        url = f"https://127.0.0.1:{int(bare.stdout.readline())}"
        ours = {kind: dial(network.url("gz"), network.pid("gz"), kind) for kind in ("full", "resumed")}
        yield "handshakes, full", ours["full"], "1/CPU s", "bare OpenSSL; goal 0.85", dial(url, bare.pid, "full")
        yield "handshakes, resumed", ours["resumed"], "1/CPU s", "bare OpenSSL", dial(url, bare.pid, "resumed")
        yield "handshakes, resumed", ours["resumed"], "1/CPU s", "our full ones; goal 1.8", ours["full"]
    finally:
        bare.terminate()
        bare.wait(20)


def sizes(bench):
    """The same questions with ever more in the store."""
    first = None
    for size in SIZES:
        bench.fill(size)
        got = bench.node(bench.questions(list(ITEMS)), 64)
        first = first or got
        records = f"{size * sum(ITEMS.values()):,} records"
        yield f"{records}: p50", got.p50_us, "us", f"{SIZES[0]:,} subjects; goal: 1.5", first.p50_us
        yield f"{records}: CPU", got.cpu_us, "us/answer", f"{SIZES[0]:,} subjects; goal: 1.5", first.cpu_us


def workers(bench):
    """The client runs on the same machine, so what counts is CPU."""
    bench.fill(SIZES[0])
    questions = bench.questions(list(ITEMS))
    one = bench.node(questions, 64)
    bench.network.stop("gz")
    bench.network.environment |= {"RONGXIN_NODE_WORKERS": "2", "RX_ENTER_gz": ""}
    bench.start()
    two = bench.node(questions, 64)
    yield "two workers, CPU", 2e6 / two.cpu_us, "answers/s of two cores", "one worker, one core; goal 1.7", 1e6 / one.cpu_us
    bench.network.stop("gz")
    bench.network.environment |= {"RONGXIN_NODE_WORKERS": "1", "RX_ENTER_gz": " ".join(SERVER)}
    bench.start()


# From few subjects to many: a store only grows.
CASES = {"sizes": sizes, "workers": workers, "thread": thread, "wire": wire, "handshake": handshake, "trail": trail}
