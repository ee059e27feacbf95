"""Exchange databases: the hub pulls from a department's own PostgreSQL; nothing twice, nothing passed over."""
import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from ledger_box import DEPARTMENT, HEADER, OTHER, codes_of, registration
from rig import TEMPORARY

COLUMNS = HEADER.strip().split(",")
LOGIN = "hub_reader"


def until(done, seconds=60, what="it"):
    deadline = time.monotonic() + seconds
    while True:
        answer = done()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what() if callable(what) else what} did not come"
        time.sleep(0.05)


class Department:
    """Its PostgreSQL, on a socket in a folder of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rongxin-dept.", dir=TEMPORARY))
        self.folder.chmod(0o755)
        self.bin = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.sessions = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody", "nogroup")
        self.run("initdb", "-D", self.folder / "data", "-U", "dept", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.start()
        self.sql(f"CREATE ROLE {LOGIN} LOGIN;")

    def run(self, program, *words):
        user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        done = subprocess.run([*user, str(self.bin / program), *map(str, words)], capture_output=True, text=True,
                              timeout=60, cwd="/tmp")
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o",
                 f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
                 " -c max_prepared_transactions=4", "start")

    def stop(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")

    def hang_up(self):
        """Ends the sessions of a test: an open transaction would hold up the next one's sources."""
        for session in self.sessions:
            session.kill()
            session.wait()
        self.sessions.clear()
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'psql'"
                 " AND pid <> pg_backend_pid()")

    def remove(self):
        try:
            self.stop()
        except AssertionError:
            pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def conninfo(self, user="dept"):
        return f"host={self.folder} user={user} dbname=postgres"

    def sql(self, text):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo()], input=text,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return [line.split("|") for line in done.stdout.splitlines()]

    def make(self, table, more="", cursor="number bigserial PRIMARY KEY"):
        cells = ", ".join(f"{c} text" for c in COLUMNS)
        self.sql(f"CREATE TABLE {table} ({cursor}, {cells}, _action text{more}); GRANT SELECT ON {table} TO {LOGIN};")

    def fill(self, table, lines):
        """One transaction of CSV lines behind what is there."""
        self.sql(f"COPY {table} ({', '.join(COLUMNS)}) FROM STDIN (FORMAT csv);\n{''.join(lines)}\\.\n")

    def session(self):
        """A connection that stays open; say(text) waits until it is done."""
        session = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo()],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.sessions.append(session)

        def say(text):
            session.stdin.write(text + "\n\\echo said\n")
            session.stdin.flush()
            assert session.stdout.readline().strip() == "said"
        return say


@pytest.fixture(scope="module")
def server():
    box = Department()
    yield box
    box.remove()


@pytest.fixture
def dept(server):
    yield server
    server.hang_up()


class Pull:
    """A hub that is told its sources."""

    def __init__(self, hub):
        self.hub = hub
        self.path = hub.folder / "exchange.json"
        self.write([])

    def write(self, sources, mode=0o600):
        self.path.write_text(sources if isinstance(sources, str) else json.dumps(sources))
        self.path.chmod(mode)
        if os.geteuid() == 0:
            shutil.chown(self.path, "nobody")

    def start(self, sources, how=signal.SIGTERM):
        self.write(sources)
        self.hub.stop(how)
        self.hub.start()

    def state(self, name, who="operator"):
        reply = self.hub.http("GET", "/v1/sources", who)
        assert reply.status == 200, reply.body
        return {s["name"]: s for s in reply.json["sources"]}.get(name)

    def rows(self, name):
        """By the ledger: the place's count and the sum of the receipts, of one moment; they never differ."""
        place, receipts = self.hub.sql(f"""
            SELECT coalesce((SELECT rows FROM exchange_place WHERE source = '{name}'), 0),
                (SELECT coalesce(sum(rows), 0) FROM feed_batch WHERE id LIKE '{name}:%')""")[0]
        assert place == receipts, (place, receipts)
        return int(place)

    def wait_for(self, name, wanted, seconds=90):
        until(lambda: self.rows(name) >= wanted, seconds,
              lambda: f"{wanted} rows of {name}: {self.state(name)}\n{self.hub.logs()}")
        assert self.rows(name) == wanted, self.hub.sql("SELECT id, rows FROM feed_batch ORDER BY number")

    def ranges_are_whole(self, name):
        """Every row's number is in the range of exactly one batch."""
        ids = [r[0] for r in self.hub.sql(f"SELECT id FROM feed_batch WHERE id LIKE '{name}:%' ORDER BY number")]
        ranges = [tuple(map(int, i.split(":")[1].split("-"))) for i in ids]
        assert [first for first, _ in ranges] == [1] + [last + 1 for _, last in ranges[:-1]], ranges
        assert ranges[-1][1] == self.rows(name)
        return ids

    def content(self):
        """Capital of every registration that the ledger holds, None when it is withdrawn."""
        return {subject: None if state == "4" else capital for subject, state, capital in self.hub.sql(
            "SELECT subject, state, fields->>'registered_capital' FROM record WHERE item = 1")}

    def alerts(self):
        return self.hub.http("GET", "/v1/alerts?rule=source_failing").json["alerts"]

    def metric(self, name, source):
        text = self.hub.http("GET", "/metrics").body.decode()
        return int(next(line.split()[-1] for line in text.splitlines()
                        if line.startswith(f'rongxin_hub_exchange_{name}{{source="{source}"}}')))


@pytest.fixture
def pull(hub_with):
    hub = hub_with()
    conf = hub.folder / "hub.conf"
    conf.write_text(conf.read_text() + f"exchange = {hub.folder}/exchange.json\nalert_seconds = 1\n")
    hub.admit(DEPARTMENT, "department", items=list(range(1, 38)))
    hub.admit(OTHER, "department", items=[2])
    return Pull(hub)


def source(dept, name, table=None, user=LOGIN, **more):
    return {"name": name, "department": DEPARTMENT, "item": 1, "conninfo": dept.conninfo(user),
            "table": table or name.replace("-", "_"), "cursor": "number", "every_seconds": 1, "rows": 400, **more}


def content(dept, table, order="number"):
    """The same, as the department's table says it: of each code the newest row counts."""
    return {code: None if action == "delete" else f"{int(wan)}0000.00" for code, wan, action in dept.sql(
        f"SELECT DISTINCT ON (uscc) uscc, substring(capital FROM '^[0-9]+'), _action FROM {table}"
        f" ORDER BY uscc, {order} DESC")}


def lines(codes, wan=1):
    return [registration(code, f"{wan + i}万元人民币") for i, code in enumerate(codes)]


def test_new_changed_and_deleted_rows_are_pulled_and_receipts_prove_it(pull, dept):
    codes = codes_of(pull.hub, 1000, 51)
    dept.make("plain")
    dept.fill("plain", lines(codes))
    pull.start([source(dept, "plain")])
    pull.wait_for("plain", 1000)

    dept.fill("plain", lines(codes[:50], 5000))
    dept.sql(f"INSERT INTO plain (uscc, _action) VALUES ('{codes[60]}', 'delete')")
    pull.wait_for("plain", 1051)

    held = pull.content()
    assert held == content(dept, "plain")
    assert held[codes[0]] == "50000000.00" and held[codes[60]] is None
    ids = pull.ranges_are_whole("plain")
    jws = pull.hub.http("GET", f"/v1/feeds/1/batches/{ids[0]}", "dept", headers={"Accept": "application/jose"})
    path = pull.hub.folder / "proof.jws"
    path.write_bytes(jws.body)
    said = json.loads(pull.hub.cli("feed", "receipt", "--verify", path, "--network",
                                   pull.hub.folder / "net/network.json"))
    assert (said["provider"], said["receipt"]["rows"]) == (DEPARTMENT, 400)
    state = pull.state("plain")
    assert (state["rows"], state["error"], state["position"]) == (1051, None, ["1051"])
    assert state["last_success"] >= state["last_try"][:10] and "conninfo" not in state
    assert pull.state("plain", "dept") and pull.state("plain", "other") is None
    pull.hub.chain_is_whole()


def test_a_pulled_batch_has_the_receipt_and_findings_of_an_uploaded_one(pull, dept):
    codes = codes_of(pull.hub, 30, 52)
    bad = [registration("91440101MA000RX19X", "1万元人民币"), registration(codes[1], "多多元")]
    text = [*lines(codes[:10]), *bad, *lines(codes[10:])]
    dept.make("bad")
    dept.fill("bad", text)
    pull.start([source(dept, "bad")])
    pull.wait_for("bad", 32)
    batch = pull.ranges_are_whole("bad")[0]
    pulled = pull.hub.http("GET", f"/v1/feeds/1/batches/{batch}", "dept").json
    found = pull.hub.sql("SELECT line, rule, field FROM finding f JOIN feed_batch b ON b.number = f.batch"
                         f" WHERE b.id = '{batch}' ORDER BY 1, 2, 3")

    body = "".join(json.dumps(dict(zip(COLUMNS, row)), ensure_ascii=False) + "\n" for row in csv.reader(text))
    other = pull.hub.submit(1, body, "by-hand", content_type="application/x-ndjson").json

    assert pulled["rows"] == other["rows"] == 32
    assert pulled["rejected"] == other["rejected"] > 0
    assert pulled["accepted"] == other["unchanged"]
    assert found and found == pull.hub.sql(
        "SELECT line, rule, field FROM finding f JOIN feed_batch b ON b.number = f.batch"
        " WHERE b.id = 'by-hand' ORDER BY 1, 2, 3")


def test_nothing_is_pulled_twice_or_passed_over_across_kills_of_the_hub(pull, dept):
    codes = codes_of(pull.hub, 4000, 53)
    dept.make("killed")
    dept.fill("killed", lines(codes))
    pull.start([source(dept, "killed", rows=70)])

    for turn in range(8):
        least = min(pull.rows("killed") + 150, 4000)
        until(lambda: pull.rows("killed") >= least, what="some rows")
        pull.hub.stop(signal.SIGKILL)
        pull.hub.start()
        dept.fill("killed", lines(codes[turn * 20:turn * 20 + 20], 10000 * (turn + 1)))

    pull.wait_for("killed", 4160)
    pull.ranges_are_whole("killed")
    assert pull.content() == content(dept, "killed")
    pull.hub.chain_is_whole()


def test_the_department_being_away_harms_nobody_and_ends_by_itself(pull, dept):
    codes = codes_of(pull.hub, 3000, 54)
    dept.make("away")
    dept.fill("away", lines(codes))
    pull.start([source(dept, "away", rows=50)])
    until(lambda: pull.rows("away") >= 100, what="some rows")
    dept.stop()
    try:
        until(lambda: (pull.state("away") or {}).get("error") == "unreachable", what=lambda: pull.state("away"))
        assert 0 < pull.rows("away") < 3000
        assert pull.metric("up", "away") == 0 and pull.metric("failures_total", "away") > 0
        assert pull.hub.http("POST", "/v1/alerts/rules/source_failing", "operator",
                             json.dumps({"threshold": 0, "raise_seconds": 0, "close_seconds": 0})).status == 200
        until(lambda: [a["subject"] for a in pull.alerts()] == ["away"], what=pull.alerts)
        assert pull.hub.submit(1, HEADER + registration(codes_of(pull.hub, 1, 99)[0]), "meanwhile").status == 200
    finally:
        dept.start()

    for _ in range(3):
        least = min(pull.rows("away") + 100, 3000)
        until(lambda: pull.rows("away") >= least, what=lambda: pull.state("away"))
        dept.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rongxin-hub'")

    pull.wait_for("away", 3000, 120)
    pull.ranges_are_whole("away")
    wanted = content(dept, "away")
    assert {c: v for c, v in pull.content().items() if c in wanted} == wanted
    until(lambda: pull.metric("up", "away") == 1, what="the metric")
    assert "exchange.back" in pull.hub.log.read_text()
    until(lambda: pull.alerts() == [], what=pull.alerts)


@pytest.mark.parametrize("late", ["number", "undrawn", "prepared"])
def test_a_number_that_is_committed_late_is_not_passed_over(pull, dept, late):
    table = f"late_{late}"
    codes = codes_of(pull.hub, 3, 55)
    dept.make(table)
    pull.start([source(dept, f"late-{late}")])
    row = lines(codes[:1])[0].strip().split(",")
    cells = ", ".join(f"'{c}'" for c in row)
    slow = dept.session()
    if late == "undrawn":  # a number is drawn, nothing is written yet: there is no transaction id
        slow(f"BEGIN; SELECT nextval('{table}_number_seq') AS n \\gset")
    else:
        slow(f"BEGIN; INSERT INTO {table} ({', '.join(COLUMNS)}) VALUES ({cells});")
    if late == "prepared":
        slow("PREPARE TRANSACTION 'late';")

    dept.fill(table, lines(codes[1:]))
    until(lambda: pull.state(f"late-{late}")["state"] == "waiting", what="waiting")
    for _ in range(5):
        tried = pull.state(f"late-{late}")["last_try"]
        until(lambda: pull.state(f"late-{late}")["last_try"] > tried, what="another look")
    before = pull.rows(f"late-{late}")
    if late == "undrawn":
        slow(f"INSERT INTO {table} (number, {', '.join(COLUMNS)}) VALUES (:n, {cells});")
    slow("COMMIT PREPARED 'late';" if late == "prepared" else "COMMIT;")

    assert before == 0
    pull.wait_for(f"late-{late}", 3)
    assert set(pull.content()) == set(codes)


def times(dept, table):
    """A cursor that is the time at which a transaction began, to the second, and a key behind it."""
    dept.make(table, more=", PRIMARY KEY (changed, mark)",
              cursor="changed timestamp(0) NOT NULL DEFAULT now(), mark text NOT NULL DEFAULT md5(random()::text)")
    return source(dept, table.replace("_", "-"), table, cursor="changed", key=["mark"], rows=37)


def test_rows_of_one_second_that_come_one_after_the_other_are_all_pulled(pull, dept):
    codes = codes_of(pull.hub, 400, 56)
    pull.start([times(dept, "alike_times")])
    began = time.monotonic()
    for i in range(0, 400, 10):
        dept.fill("alike_times", lines(codes[i:i + 10], i + 1))
        until(lambda: time.monotonic() > began + i / 100)

    pull.wait_for("alike-times", 400)
    pull.ranges_are_whole("alike-times")
    assert pull.content() == content(dept, "alike_times", "changed")


def test_a_time_at_which_a_slow_transaction_began_is_not_passed_over(pull, dept):
    codes = codes_of(pull.hub, 20, 65)
    pull.start([times(dept, "slow_times")])
    slow = dept.session()
    slow("BEGIN; SELECT now() AS at \\gset")
    dept.fill("slow_times", lines(codes[:10]))
    until(lambda: pull.state("slow-times")["state"] == "waiting", what="waiting")
    slow(f"COPY slow_times ({', '.join(COLUMNS)}) FROM STDIN (FORMAT csv);\n{''.join(lines(codes[10:]))}\\.")
    before = pull.rows("slow-times")
    slow("COMMIT;")

    assert before == 0
    pull.wait_for("slow-times", 20)
    assert set(pull.content()) == set(codes)


def test_a_server_that_falls_silent_is_given_up_and_does_not_hold_up_the_stop(pull, dept):
    dept.make("silent")
    dept.fill("silent", lines(codes_of(pull.hub, 5, 66)))
    slow = dept.session()
    slow("BEGIN; LOCK TABLE silent IN ACCESS EXCLUSIVE MODE;")
    pull.start([source(dept, "silent", timeout_seconds=5)])
    backend = until(lambda: dept.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'rongxin-hub'"
                                     " AND wait_event_type = 'Lock'"), what="a statement that waits")[0][0]
    os.kill(int(backend), signal.SIGSTOP)
    try:
        until(lambda: pull.state("silent")["error"] == "timeout", 30, lambda: pull.state("silent"))
        began = time.monotonic()
        assert pull.hub.stop() == 0
        assert time.monotonic() - began < 15
    finally:
        os.kill(int(backend), signal.SIGCONT)
    slow("COMMIT;")
    pull.hub.start()

    pull.wait_for("silent", 5)


def test_who_only_reads_is_not_waited_for_for_ever(pull, dept):
    dept.make("read")
    dept.fill("read", lines(codes_of(pull.hub, 5, 57)))
    reader = dept.session()
    reader("BEGIN; SELECT count(*) AS n FROM read \\gset")
    pull.start([source(dept, "read", settle_seconds=1)])

    pull.wait_for("read", 5)


def test_faults_at_the_department_are_named_and_mended_without_a_restart(pull, dept):
    dept.make("faulty")
    dept.fill("faulty", lines(codes_of(pull.hub, 5, 58)))
    dept.sql(f"REVOKE SELECT ON faulty FROM {LOGIN}; ALTER TABLE faulty RENAME capital TO money;")
    pull.start([source(dept, "faulty", columns={"uscc": "uscc", "name": "name", "capital": "capital"}),
                source(dept, "no-table"), source(dept, "no-cursor", "faulty", cursor="nothing"),
                source(dept, "odd-cursor", "pg_catalog.pg_class", cursor="relacl"),
                source(dept, "nulls", "faulty", cursor="uscc"),
                source(dept, "nobody", "faulty", user="nobody_there"),
                source(dept, "not-its", "faulty", department=OTHER),
                {**source(dept, "no-tls", "faulty"), "conninfo": "host=127.0.0.1 port=1 password=hunter2"}])

    def errors():
        return {s["name"]: s["error"] for s in pull.hub.http("GET", "/v1/sources").json["sources"]}

    until(lambda: errors() == {
        "faulty": "column_missing", "no-table": "table_missing", "no-cursor": "column_missing",
        "odd-cursor": "cursor_type", "nulls": "cursor_nullable", "nobody": "login_refused", "not-its": "not_yours",
        "no-tls": "unreachable"}, 30, errors)
    dept.sql("ALTER TABLE faulty RENAME money TO capital;")
    until(lambda: errors()["faulty"] == "permission", 30, errors)
    dept.sql(f"GRANT SELECT ON faulty TO {LOGIN};")

    pull.wait_for("faulty", 5)
    text = pull.hub.log.read_text() + json.dumps(pull.hub.http("GET", "/v1/sources").json)
    assert "hunter2" not in text and str(dept.folder) not in text


def test_a_hostile_table_does_no_harm(pull, dept):
    codes = codes_of(pull.hub, 40, 59)
    dept.sql(f"""CREATE SCHEMA "a.b; DROP"; CREATE TABLE "a.b; DROP"."select ""x"" '表" ("order" numeric NOT NULL,
        "group by" char(18), "the row" text, "o0" text, "line" bytea, "'; --" json, "c" point, capital text);
        GRANT USAGE ON SCHEMA "a.b; DROP" TO {LOGIN}; GRANT SELECT ON "a.b; DROP"."select ""x"" '表" TO {LOGIN};""")
    table = '"a.b; DROP"."select ""x"" \'表"'
    for i, code in enumerate(codes):
        dept.sql(f"INSERT INTO {table} VALUES ({i} + 0.5, '{code}', E'\\n\\u0001\\t\"\\\\', '', '\\x00', '{{}}', '(1,2)', '7万元')")
    dept.sql(f"UPDATE {table} SET \"o0\" = repeat('中', 60000000) WHERE \"order\" = 20.5")
    dept.sql(f"UPDATE {table} SET \"o0\" = repeat('x', 900000) WHERE \"order\" > 21")
    dept.make("plain2")
    dept.fill("plain2", lines(codes_of(pull.hub, 10, 60)))
    columns = {"uscc": "group by", "name": "the row", "capital": "capital", "a": "o0", "b": "line", "c": "'; --", "d": "c"}
    # A schema with a dot cannot be named; a view makes it plain.
    dept.sql(f"""CREATE VIEW "select ""x"" '表" AS SELECT * FROM {table}; GRANT SELECT ON "select ""x"" '表" TO {LOGIN};""")
    pull.start([{**source(dept, "odd", cursor="order", columns=columns), "table": "select \"x\" '表"},
                source(dept, "plain2")])
    pull.wait_for("odd", 40)
    pull.wait_for("plain2", 10)

    assert pull.hub.sql("SELECT line, rule FROM finding f JOIN feed_batch b ON b.number = f.batch"
                        " WHERE b.id LIKE 'odd:%' AND rule = 'row_broken'") == [["21", "row_broken"]]
    peak = int(next(line.split()[1] for line in pathlib.Path(f"/proc/{pull.hub.process.pid}/status").read_text()
                    .splitlines() if line.startswith("VmHWM")))
    assert peak < 256 << 10


def test_rows_that_cannot_be_told_apart_are_refused(pull, dept):
    dept.make("alike", cursor="number int NOT NULL DEFAULT 1")
    dept.fill("alike", lines(codes_of(pull.hub, 5, 61)))
    pull.start([source(dept, "alike"), source(dept, "alike-key", "alike", key=["uscc"])])
    until(lambda: pull.state("alike")["error"] == "cursor_not_unique", what=lambda: pull.state("alike"))

    until(lambda: pull.state("alike-key")["error"] == "cursor_nullable", what=lambda: pull.state("alike-key"))
    dept.sql("ALTER TABLE alike ALTER uscc SET NOT NULL;")

    pull.wait_for("alike-key", 5)
    assert pull.rows("alike") == 0


def test_a_place_is_of_one_table_in_one_order(pull, dept):
    dept.make("first")
    dept.make("second")
    dept.fill("first", lines(codes_of(pull.hub, 5, 62)))
    pull.start([source(dept, "one", "first")])
    pull.wait_for("one", 5)

    pull.start([source(dept, "one", "second")])

    until(lambda: pull.state("one")["error"] == "source_changed", what=lambda: pull.state("one"))


def test_a_held_batch_waits_and_the_rows_behind_it_do_not(pull, dept):
    codes = codes_of(pull.hub, 300, 63)
    dept.make("held")
    broken = [line.replace(",", ",X", 1) for line in lines(codes[:100])]
    dept.fill("held", broken + lines(codes[100:]))
    pull.start([source(dept, "held", rows=150)])
    pull.wait_for("held", 300)

    states = [r[0] for r in pull.hub.sql("SELECT state FROM feed_batch WHERE id LIKE 'held:%' ORDER BY number")]
    assert states == ["held", "committed"]
    batch = pull.ranges_are_whole("held")[0]
    done = pull.hub.http("POST", f"/v1/feeds/1/batches/{batch}/release?provider={DEPARTMENT}")
    assert done.status == 200 and done.json["accepted"] == 50
    assert set(pull.content()) == set(codes[100:])
    assert pull.rows("held") == 300


def test_two_sources_at_once_do_not_wait_for_each_other(pull, dept):
    codes = codes_of(pull.hub, 1200, 64)
    for i, table in enumerate(("left_one", "right_one")):
        dept.make(table)
        dept.fill(table, lines(codes[i * 600:i * 600 + 600]))
    slow = dept.session()
    slow("BEGIN; LOCK TABLE left_one IN ACCESS EXCLUSIVE MODE;")
    sources = [source(dept, n, rows=100, timeout_seconds=2, settle_seconds=1) for n in ("left-one", "right-one")]
    pull.start(sources)

    until(lambda: pull.state("left-one")["error"] == "timeout", what=lambda: pull.state("left-one"))
    assert pull.rows("left-one") == 0
    slow("COMMIT;")

    pull.wait_for("left-one", 600)
    pull.wait_for("right-one", 600)
    assert {c: v for t in ("left_one", "right_one") for c, v in content(dept, t).items()} == pull.content()
    pull.hub.chain_is_whole()


def test_a_file_of_sources_that_is_open_or_wrong_stops_the_start(pull):
    pull.hub.stop()
    for text, mode in (("[]", 0o644), ("{}", 0o600), ('[{"name":"x","conninfo":"password=hunter2"}]', 0o600)):
        pull.write(text, mode)
        done = subprocess.run([str(pull.hub.program()), "--config", str(pull.hub.folder / "hub.conf")], timeout=60,
                              capture_output=True, text=True)
        assert done.returncode == 1, (text, done.stderr)
        assert "exchange.json" in done.stderr and "hunter2" not in done.stderr
    pull.write([])
    pull.hub.start()
