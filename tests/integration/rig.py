"""A real hub with its private PostgreSQL cluster, alone, for integration tests.

Everything lives in one temporary folder of its own, on free ports."""
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from cluster import TEMPORARY, copy_template  # noqa: E402

BIN = pathlib.Path(os.environ.get("RX_BIN", ROOT / "build"))
SHARED = pathlib.Path(os.environ.get("RX_SHARED_DATA", ROOT.parent / "shared" / "data"))
CATALOGUE = ROOT / "deploy/catalogue/catalogue.json"

OPERATOR = "11100000MB0000019L"
DEPARTMENT = "11100000MB00000510"
OTHER = "11440000MB00004493"


def stretched(element):
    """4096 bits of ChaCha20 (RFC 8439) with the element digest as key, from block 0 on."""
    return Cipher(algorithms.ChaCha20(element, bytes(16)), None).encryptor().update(bytes(512))


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Hub:
    begins_with_cluster = True

    def __init__(self, state="hub", settings=()):
        """`state`: the hub's own folder below ours; `settings`: more lines of hub.conf."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rongxin-hub.", dir=TEMPORARY))
        self.state = self.folder / state
        self.settings = list(settings)
        self.folder.chmod(0o755)
        self.log = self.folder / "hub.log"
        self.process = None
        self.make_keys()

    def cli(self, *words):
        done = subprocess.run([str(BIN / "rongxin"), *map(str, words)], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def make_keys(self):
        net, ids = self.folder / "net", self.folder / "id"
        ids.mkdir()
        self.cli("key", "network", "--out", net, "--name", "test")
        for who, code, hosts in (("operator", OPERATOR, None), ("dept", DEPARTMENT, None), ("other", OTHER, None),
                                 ("stranger", "91440101MA000RX19U", None), ("hub", OPERATOR, "localhost,127.0.0.1")):
            more = ["--hosts", hosts] if hosts else []
            self.cli("key", "member", "--network", net, "--out", ids / who, "--code", code, "--name", who, *more)
        (ids / "operator.member.json").write_text(
            json.dumps({"code": OPERATOR, "name": "operator", "kind": "operator"}))
        (net / "catalogue.jws").write_text(self.cli("catalogue", "sign", CATALOGUE, "--key", net / "catalogue.key"))
        (self.folder / "hub.conf").write_text("\n".join([
            f"folder = {self.state}", f"network = {net}/network.json", f"stem = {ids}/hub",
            f"batch_key = {net}/batch.key", f"receipt_key = {net}/receipt.key",
            f"witness_key = {net}/witness.key", f"journal_key = {net}/journal.key", f"curve = {net}/hub.curve", "listen = 127.0.0.1:0",
            "live = tcp://127.0.0.1:*", "fetch = tcp://127.0.0.1:*", f"sql_folder = {self.folder}/sql", f"console_folder = {self.folder}/console",
            f"catalogue = {net}/catalogue.jws", f"operator_member = {ids}/operator.member.json",
            f"ready_file = {self.folder}/ready",
            *self.settings, *([] if any(line.startswith("retention_hour") for line in self.settings) else ["retention_hour = -1"]), ""]))
        shutil.copytree(ROOT / "sql", self.folder / "sql")
        shutil.copytree(ROOT / "build/console", self.folder / "console")
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "nobody:", str(self.folder)], check=True)

    def start(self):
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        if self.begins_with_cluster and not any(line.startswith("database") for line in self.settings):
            copy_template(self.state)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(self.program()), "--config", str(self.folder / "hub.conf")],
                                            stdout=log, stderr=log)
        deadline = time.monotonic() + 90
        while not ready.exists():
            assert self.process.poll() is None and time.monotonic() < deadline, self.logs()
            time.sleep(0.02)
        self.ready = json.loads(ready.read_text())
        return self

    def program(self):
        """Started by root the hub becomes nobody, who must be able to run it."""
        program = self.folder / "rongxin-hub"
        if not program.exists():
            shutil.copy(BIN / "rongxin-hub", program)
        return program

    def admit(self, code, kind, **more):
        reply = self.http("POST", "/v1/members", "operator", json.dumps(
            {"code": code, "name": kind, "kind": kind, **more}))
        assert reply.status == 200, reply.body
        return reply

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return None
        self.process.send_signal(number)
        status = self.process.wait(90)
        self.process = None
        return status

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self):
        text = self.log.read_text(errors="replace").splitlines()[-40:]
        server = self.state / "pg.log"
        if server.exists():
            text += ["--- pg.log"] + server.read_text(errors="replace").splitlines()[-20:]
        return "\n".join(text)

    def http(self, method, path, who="operator", body=None, headers=None):
        context = ssl.create_default_context(cafile=str(self.folder / "net/ca.crt"))
        stem = self.folder / "id" / who
        context.load_cert_chain(f"{stem}.crt", f"{stem}.key")
        host, port = self.ready["listen"].rsplit(":", 1)
        link = http.client.HTTPSConnection(host, int(port), context=context, timeout=300)
        try:
            link.request(method, path, body.encode() if isinstance(body, str) else body, headers or {})
            reply = link.getresponse()
            return Reply(reply.status, reply.headers, reply.read())
        finally:
            link.close()

    def submit(self, item, body, batch, who="dept", content_type="text/csv", query=""):
        headers = {"Content-Type": content_type}
        if batch is not None:
            headers["Idempotency-Key"] = batch
        return self.http("POST", f"/v1/feeds/{item}/batches{query}", who, body, headers)

    def sql(self, statement):
        done = subprocess.run(["psql", "-XAtq", "-F", "|", "-d", self.ready["pg"], "-c", statement],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr + self.logs()
        return [line.split("|") for line in done.stdout.splitlines()]

    def gen(self, item, rows, seed=1, *more):
        return self.cli("gen", "--item", item, "--rows", rows, "--seed", seed, "--catalogue", CATALOGUE, *more)

    def chain_is_whole(self, trimmed=False):
        """Positions without gaps, hashes without a break, heads as the log says; a trimmed log may begin anywhere."""
        broken = self.sql("""
            SELECT stream, first FROM (SELECT stream, first, last, header, sealed,
                lag(last) OVER w AS before, lag(sha256(header)) OVER w AS hash FROM change_log
                WINDOW w AS (PARTITION BY stream ORDER BY first)) x
            WHERE last < first OR substring(sealed FROM position(header IN sealed) FOR 132) <> header
               OR ((before IS NOT NULL OR NOT %s) AND (first <> coalesce(before, 0) + 1
               OR substring(header FROM 25 FOR 32) <> coalesce(hash, decode(repeat('00', 32), 'hex'))))""" % trimmed)
        assert broken == [], broken
        off = self.sql("""
            SELECT s.stream FROM stream_state s LEFT JOIN LATERAL (SELECT last, header FROM change_log c
                WHERE c.stream = s.stream ORDER BY first DESC LIMIT 1) c ON true
            WHERE s.position <> coalesce(c.last, 0)
               OR (c.last IS NOT NULL AND s.head <> sha256(c.header))
               OR s.records <> (SELECT count(*) FROM record r WHERE r.stream = s.stream)
               OR s.position <> (SELECT coalesce(sum(version), 0) FROM record r WHERE r.stream = s.stream)""")
        assert off == [], off

    def state_digests(self):
        """Every stream's state digest by docs/PROTOCOL.md §2, independent of the C code."""
        sums = {}
        for stream, digest, version, as_of_us in self.sql(
                "SELECT stream, encode(digest, 'hex'), version, (extract(epoch FROM as_of) * 1000000)::bigint FROM record"):
            element = hashlib.sha256(b"RXE2" + bytes.fromhex(digest) + int(version).to_bytes(8, "big")
                                     + int(as_of_us).to_bytes(8, "big", signed=True)).digest()
            number = int.from_bytes(stretched(element), "little")
            sums[stream] = (sums.get(stream, 0) + number) % (1 << 4096)
        return {s: hashlib.sha256(n.to_bytes(512, "little")).hexdigest() for s, n in sums.items()}

    def streams(self):
        reply = self.http("GET", "/v1/streams")
        assert reply.status == 200, reply.body
        return {s["stream"]: s for s in reply.json["streams"]}


def need_programs():
    if not (BIN / "rongxin-hub").exists() or not (BIN / "rongxin").exists():
        pytest.skip(f"no programs in {BIN}")
