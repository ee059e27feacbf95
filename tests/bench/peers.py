"""Peers of a node: two PostgreSQL clusters with logical replication between
them, and a NATS JetStream server that keeps the newest message of a subject."""
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess

from harness import until

PG = pathlib.Path("/usr/lib/postgresql/15/bin")
NATS = shutil.which("nats-server", path="/usr/sbin:/usr/bin:/usr/local/bin")
WINDOW = 4000  # messages on their way to JetStream


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """PostgreSQL as initdb makes it, durable; a table with the ledger's columns and key."""

    COLUMNS = """stream text COLLATE "C", item integer, subject text COLLATE "C", key text COLLATE "C", version bigint,
        state smallint, digest bytea, fields jsonb, provider text, as_of timestamptz, known_from timestamptz, batch bigint,
        position bigint, PRIMARY KEY (stream, item, subject, key)"""

    def __init__(self, folder, options="-c wal_level=logical"):
        self.folder, self.port = folder, free_port()
        folder.mkdir(mode=0o755)
        self.as_user = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self.as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.run("initdb", "-D", folder / "data", "-U", "bench", "--auth", "trust", "-E", "UTF8", "--locale", "C")
        self.run("pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "start", "-o",
                 f"-p {self.port} -h 127.0.0.1 -k {folder} -c max_wal_size=4GB {options}")
        self.sql(f"CREATE TABLE record ({self.COLUMNS})")

    def run(self, program, *words):
        done = subprocess.run([PG / program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/", **self.as_user)
        assert done.returncode == 0, done.stderr

    @property
    def conninfo(self):
        return f"host=127.0.0.1 port={self.port} user=bench dbname=postgres"

    def sql(self, script):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.conninfo], input=script, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def pid(self):
        return int((self.folder / "data/postmaster.pid").read_text().split()[0])

    def remove(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")


class Replication:
    """One table from one cluster to the other; the subscriber commits durably before it says so."""

    def __init__(self, folder):
        self.source, self.target = Cluster(folder / "source"), Cluster(folder / "target")
        self.source.sql("CREATE PUBLICATION bench FOR TABLE record")
        self.target.sql(f"CREATE SUBSCRIPTION bench CONNECTION '{self.source.conninfo}' PUBLICATION bench"
                        " WITH (copy_data = false, synchronous_commit = on)")
        until(lambda: self.source.sql("SELECT active FROM pg_replication_slots") == "t", 30, "the subscriber follows")

    def pause(self):
        self.target.sql("ALTER SUBSCRIPTION bench DISABLE")
        until(lambda: self.source.sql("SELECT active FROM pg_replication_slots") == "f", 30, "the subscriber is away")

    def insert(self, rows):
        """In one transaction, which suits it best: one flush at its end."""
        self.source.sql(f"\\copy record from '{rows}'")

    def update(self, rows):
        self.source.sql(f"""CREATE TEMP TABLE next (LIKE record);
            \\copy next from '{rows}'
            UPDATE record r SET version = n.version, digest = n.digest, fields = n.fields, as_of = n.as_of, known_from = n.known_from,
                batch = n.batch, position = n.position FROM next n
                WHERE (r.stream, r.item, r.subject, r.key) = (n.stream, n.item, n.subject, n.key);""")

    def catch_up(self):
        """Until the subscriber has told that all of it is on its disk."""
        until_lsn = self.source.sql("SELECT pg_current_wal_lsn()")
        self.target.sql("ALTER SUBSCRIPTION bench ENABLE")
        until(lambda: self.source.sql(f"SELECT confirmed_flush_lsn >= '{until_lsn}' FROM pg_replication_slots") == "t", 600, "applied")

    def copy(self):
        """A new subscription that begins with all that is there."""
        self.target.sql("DROP SUBSCRIPTION bench")
        self.target.sql("TRUNCATE record")
        self.target.sql(f"CREATE SUBSCRIPTION bench CONNECTION '{self.source.conninfo}' PUBLICATION bench"
                        " WITH (copy_data = true, synchronous_commit = on)")
        until(lambda: self.target.sql("SELECT srsubstate FROM pg_subscription_rel") == "r", 600, "copied")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.target.remove()
        self.source.remove()


class JetStream:
    """File storage, the newest message of each subject.  Debian's 2.9 flushes to disk every two minutes and cannot be told
    to do it before it acknowledges, so it promises less than the others."""

    def __init__(self, folder):
        port = free_port()
        self.folder = folder
        folder.mkdir()
        self.process = subprocess.Popen([NATS, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.link = until(lambda: self.connect(port), 20, "nats-server listens")
        self.lines = self.link.makefile("rb")
        self.lines.readline()
        self.link.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB acks.> 1\r\n')
        stream = json.dumps({"name": "bench", "subjects": ["r.>"], "storage": "file", "max_msgs_per_subject": 1}).encode()
        self.link.sendall(b"PUB $JS.API.STREAM.CREATE.bench acks.made %d\r\n%s\r\n" % (len(stream), stream))
        answer = self.answer()
        assert b'"error"' not in answer, answer

    @staticmethod
    def connect(port):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            return None

    def answer(self):
        """The next message's body; pings are answered on the way."""
        while True:
            line = self.lines.readline()
            if line.startswith(b"PING"):
                self.link.sendall(b"PONG\r\n")
            elif line.startswith(b"MSG "):
                return self.lines.read(int(line.split()[-1]) + 2)
            else:
                assert line.startswith(b"PONG"), line

    def put(self, rows):
        """Each row of a file of COPY under its key; returns when all are acknowledged."""
        messages = []
        with open(rows, "rb") as source:
            for row in source:
                words = row.rstrip(b"\n").split(b"\t")
                body = b"\t".join(words[4:])
                messages.append(b"PUB r.%s.%s.%s acks.a %d\r\n%s\r\n" % (words[0], words[1], words[2], len(body), body))
        waiting = 0
        for start in range(0, len(messages), WINDOW // 2):
            block = messages[start:start + WINDOW // 2]
            self.link.sendall(b"".join(block))
            waiting += len(block)
            while waiting > WINDOW // 2 or (start + WINDOW // 2 >= len(messages) and waiting):
                assert b'"seq"' in self.answer()
                waiting -= 1
        return len(messages)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.link.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def jetstream(folder):
    """None where nats-server is not installed."""
    return JetStream(folder / "jetstream") if NATS else contextlib.nullcontext()
