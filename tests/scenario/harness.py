"""A whole network of real processes for scenario tests.

Everything lives in one temporary folder; processes are started and stopped by
deploy/network.sh, which is what `make demo` uses."""
import csv
import http.client
import io
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
from urllib.parse import urlsplit

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from cluster import TEMPORARY, template  # noqa: E402

BIN = pathlib.Path(os.environ.get("RX_BIN", ROOT / "build"))
SHARED = pathlib.Path(os.environ.get("RX_SHARED_DATA", ROOT.parent / "shared" / "data"))
SCRIPT = ROOT / "deploy" / "network.sh"

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]


def uscc_is_right(code):
    """GB 32100-2015 §5.6, written independently of the C code."""
    if len(code) != 18 or any(c not in ALPHABET for c in code):
        return False
    total = sum(ALPHABET.index(c) * w for c, w in zip(code, WEIGHTS))
    return ALPHABET[(31 - total % 31) % 31] == code[17]


def until(condition, seconds=60, what="condition"):
    """Wait for a condition, not for a time: the value it returns, or a failure."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Network:
    """hub, province gd (44), cities gz (4401) and sz (4403)."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rongxin-test.", dir=TEMPORARY))
        self.folder.chmod(0o755)
        self.run = self.folder / "run"
        self.patience = 120     # seconds for an answer
        # For deploy/network.sh; no record leaves because of the hour at which a test runs.
        self.environment = {"RX_NETWORK_CATALOGUE": str(self.catalogue()), "RX_RETENTION_HOUR": "-1"}

    def catalogue(self, limits=None, alerts=None):
        """This checkout's, with other limits: tests and benches ask more than a bank does."""
        document = json.loads((ROOT / "deploy/catalogue/catalogue.json").read_text())
        document["limits"], document["alerts"] = limits or [], alerts or {}
        path = self.folder / "catalogue.json"
        path.write_text(json.dumps(document, ensure_ascii=False))
        return path

    def script(self, *words):
        done = subprocess.run([str(SCRIPT), *words], capture_output=True, text=True, timeout=180,
                              env={**os.environ, "RX_BIN": str(BIN), **self.environment})
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}{self.logs()}"
        return done.stdout

    def up(self):
        self.environment["RX_NETWORK_CLUSTER"] = str(template() or "")
        self.script("up", str(self.run))
        until(self.members_are_known, 60, "every node knows the members")
        return self

    def members_are_known(self):
        """Has what the hub said of members and catalogue come to all nodes?"""
        wanted = self.streams("hub")["0000"]["position"]
        return all(self.streams(part).get("0000", {}).get("position", 0) >= wanted for part in ("gd", "gz", "sz"))

    def down(self):
        subprocess.run([str(SCRIPT), "down", str(self.run)], capture_output=True, timeout=180)
        real = self.run.resolve()
        shutil.rmtree(self.folder, ignore_errors=True)
        if real.parent != self.folder:
            shutil.rmtree(real, ignore_errors=True)

    def logs(self):
        lines = []
        for log in sorted((self.run / "log").glob("*.log")):
            lines.append(f"--- {log.name}")
            lines += log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join(lines)

    def ready(self, part):
        return json.loads((self.run / part / "ready").read_text())

    def url(self, part):
        return "https://" + self.ready(part)["listen"]

    def pid(self, part):
        return int((self.run / "pid" / f"{part}.pid").read_text())

    def kill(self, part):
        """kill -9, and wait until it is gone."""
        pid = self.pid(part)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(pid), 30, f"{part} is dead")

    def start(self, part):
        self.script("start", str(self.run), part)

    def stop(self, part):
        self.script("stop", str(self.run), part)

    def stem(self, who):
        return self.run / "id" / who

    # --- HTTP with a client certificate, independent of the CLI ---
    def link(self, part, who):
        where = urlsplit(self.url(part))
        context = ssl.create_default_context(cafile=str(self.run / "net" / "ca.crt"))
        if who is not None:
            context.load_cert_chain(f"{self.stem(who)}.crt", f"{self.stem(who)}.key")
        return http.client.HTTPSConnection(where.hostname, where.port, context=context, timeout=self.patience)

    def http(self, part, method, path, who="operator", body=None, headers=None):
        link = self.link(part, who)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
            link.request(method, path, body=body, headers=headers or {})
            reply = link.getresponse()
            return Reply(reply.status, reply.headers, reply.read())
        finally:
            link.close()

    def submit(self, item, body, batch, who="dept", content_type="text/csv", part="hub"):
        return self.http(part, "POST", f"/v1/feeds/{item}/batches", who, body,
                         {"Content-Type": content_type, "Idempotency-Key": batch})

    def ask(self, subject, part="gz", who="bank", purpose="pre_loan", **more):
        return self.http(part, "POST", "/v1/reports", who,
                         {"subject": subject, "purpose": purpose, **more},
                         {"Content-Type": "application/json"})

    def streams(self, part, link=None):
        """`link`: one to it that stays open, for who asks again and again."""
        once = link or self.link(part, "operator")
        try:
            once.request("GET", "/v1/streams")
            reply = once.getresponse()
            body = reply.read()
        finally:
            if link is None:
                once.close()
        assert reply.status == 200, body
        return {s["stream"]: s for s in json.loads(body)["streams"]}

    def agree(self, part, prefix, seconds=120):
        """Wait until a node holds exactly what the hub holds of its divisions."""
        links = {}

        def ask(who):
            if who not in links:
                links[who] = self.link(who, "operator")
            try:
                return self.streams(who, links[who])
            except (OSError, http.client.HTTPException):
                links.pop(who).close()  # it may come back with another address
                raise

        def equal():
            try:
                hub, node = ask("hub"), ask(part)
            except (OSError, http.client.HTTPException):
                return False
            wanted = {s: (v["position"], v["head"], v["state"]) for s, v in hub.items()
                      if s.startswith(prefix) or s == "0000"}
            held = {s: (v["position"], v["head"], v["state"]) for s, v in node.items()}
            return wanted == held and bool(wanted)
        try:
            return until(equal, seconds, f"{part} agrees with the hub\n{self.logs()}")
        finally:
            for link in links.values():
                link.close()

    def cli(self, *words, who=None, part=None, check=True, stdin=None):
        command = [str(BIN / "rongxin"), *map(str, words)]
        if part:
            command += ["--hub" if part == "hub" else "--node", self.url(part)]
        if who:
            command += ["--ca", self.run / "net" / "ca.crt", "--cert", f"{self.stem(who)}.crt",
                        "--key", f"{self.stem(who)}.key"]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, input=stdin)
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}{self.logs()}"
        return done

    def gen(self, item, rows, seed=1, *more):
        return self.cli("gen", "--item", item, "--rows", rows, "--seed", seed,
                        "--catalogue", ROOT / "deploy/catalogue/catalogue.json", *more).stdout

    def subject_identity(self, code, name="演示企业"):
        """A certificate for a subject, admitted as member; returns its name for `who`."""
        who = f"subject-{code}"
        if not self.stem(who).with_suffix(".crt").exists():
            self.cli("key", "member", "--network", self.run / "net", "--out", self.stem(who),
                     "--code", code, "--name", name)
            reply = self.http("hub", "POST", "/v1/members", "operator",
                              {"code": code, "name": name, "kind": "subject"},
                              {"Content-Type": "application/json"})
            assert reply.status in (200, 201), reply.body
        return who

    def sign_consent(self, subject_who, grantee="bank", purpose="pre_loan", items="19", days=30, consent_id=None, **more):
        code = {"bank": "91440101MA000RX19U", "bank2": "91440300MA000RX27J"}[grantee]
        words = ["consent", "sign", "--stem", self.stem(subject_who), "--grantee", code,
                 "--purpose", purpose, "--items", items, "--days", days]
        if consent_id:
            words += ["--id", consent_id]
        for name, value in more.items():
            words += [f"--{name}", value]
        return self.cli(*words).stdout.strip()


def alive(pid):
    """Until its last thread is gone: the first may be a zombie before that."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            is_zombie = stat.read().rsplit(")", 1)[1].split()[0] == "Z"
        return not is_zombie or len(os.listdir(f"/proc/{pid}/task")) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))
