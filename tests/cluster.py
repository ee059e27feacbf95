"""A database cluster with the hub's schema and nothing else in it, for hubs to begin with.

Making a cluster and bringing its schema up to date is most of what a hub's
first start costs.  So one run of the tests lets the hub do that once, with
keys that end it right after, and each hub of a test gets a copy."""
import fcntl
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("RX_BIN", ROOT / "build"))
RUN = os.environ.get("RX_TEST_FOLDER")  # of one run of the tests, for all its processes (conftest.py)
TEMPORARY = RUN or "/tmp"
CODE = "11100000MB0000019L"


def rongxin(*words):
    subprocess.run([str(BIN / "rongxin"), *map(str, words)], check=True, capture_output=True, timeout=300)


def make(folder):
    net, stem = folder / "net", folder / "hub"
    rongxin("key", "network", "--out", net, "--name", "test")
    rongxin("key", "member", "--network", net, "--out", stem, "--code", CODE, "--name", "hub", "--hosts", "localhost")
    shutil.copytree(ROOT / "sql", folder / "sql")
    shutil.copy(BIN / "rongxin-hub", folder)
    (folder / "hub.conf").write_text("\n".join([
        f"folder = {folder}/state", f"network = {net}/network.json", f"stem = {stem}", f"batch_key = {net}/none.key",
        f"receipt_key = {net}/receipt.key", f"witness_key = {net}/witness.key", f"journal_key = {net}/journal.key",
        f"curve = {net}/hub.curve", "listen = 127.0.0.1:0", "live = tcp://127.0.0.1:*", "fetch = tcp://127.0.0.1:*",
        f"sql_folder = {folder}/sql", ""]))
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "nobody:", folder], check=True)
    done = subprocess.run([folder / "rongxin-hub", "--config", folder / "hub.conf"], capture_output=True, text=True, timeout=180)
    last = sorted(path.name for path in (ROOT / "sql").glob("[0-9]*.sql"))[-1]
    assert f"migrate.apply file={last}" in done.stderr and f"{net}/none.key" in done.stderr, done.stderr
    assert not (folder / "state/pg/postmaster.pid").exists(), "its database has ended, too"
    return folder / "state/pg"


def template():
    """The folder to copy, or None."""
    if RUN is None:
        return None
    folder = pathlib.Path(RUN) / "cluster"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "made"
        if not made.exists():
            made.write_text(str(make(folder)))
        return pathlib.Path(made.read_text())


def copy_template(state):
    """Into a hub's own folder, unless it has one or there is no template."""
    pg, source = state / "pg", template()
    if source is None or pg.exists():
        return
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(state, source.owner(), source.group())
    subprocess.run(["cp", "-a", "--sparse=always", "--reflink=auto", source, pg], check=True, capture_output=True)
