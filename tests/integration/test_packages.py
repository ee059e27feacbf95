"""Packages built by `make deb` install into an empty root, and hub and node start from what they installed."""
import errno
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import subprocess
import tempfile
import time

import pytest
import rig
from rig import BIN, ROOT

NODE = "11440000MB00004493"
TOOLS = [t for t in ("dpkg-deb", "dpkg-shlibdeps", "strip") if shutil.which(t) is None]


def run(*words, **more):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def packages():
    rig.need_programs()
    if TOOLS:
        pytest.skip(f"missing: {TOOLS}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rongxin-deb.", dir="/tmp"))
    folder.chmod(0o755)
    try:
        built = run(ROOT / "deploy/deb/build.sh", BIN, folder / "deb").split()
        yield {pathlib.Path(p).name.split("_")[0]: pathlib.Path(p) for p in built}, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def installed(packages):
    """An empty root with all three installed by dpkg; what other packages give is this machine's."""
    if os.geteuid() != 0:
        pytest.skip("dpkg installs as root only")
    files, folder = packages
    root = folder / "root"
    for part in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log"):
        (root / part).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    dpkg(root, "--install", *files.values())
    return root


def dpkg(root, *words):
    return run("dpkg", f"--root={root}", "--force-script-chrootless", "--force-depends", *words)


def test_each_package_says_what_it_needs_and_has_nothing_foreign(packages):
    files, _ = packages
    assert set(files) == {"rongxin", "rongxin-hub", "rongxin-node"}
    for name, file in files.items():
        depends = run("dpkg-deb", "-f", file, "Depends")
        assert ("postgresql-15" in depends) == (name == "rongxin-hub")
        assert ("librocksdb" in depends) == (name == "rongxin-node")
        assert "libssl3" in depends and (name == "rongxin" or f"rongxin (= {run('dpkg-deb', '-f', file, 'Version').strip()})" in depends)
        for line in run("dpkg-deb", "-c", file).splitlines():
            mode, owner, *_, path = line.split()[:6]
            assert owner == "root/root" and re.match(r"\./($|usr/|lib/|etc/)", path), line
            assert mode[8] != "w" and "s" not in mode[:10].lower(), line


def test_what_was_installed_is_whole(installed):
    assert run(installed / "usr/bin/rongxin", "--version").startswith("rongxin 0.")
    assert dpkg(installed, "--verify", "rongxin", "rongxin-hub", "rongxin-node") == ""
    assert "ii  rongxin-hub" in dpkg(installed, "-l")
    for unit in ("hub", "node"):
        text = (installed / f"lib/systemd/system/rongxin-{unit}.service").read_text()
        program, _, conf = re.search(r"^ExecStart=(\S+) (\S+) (\S+)$", text, re.M).groups()
        assert (installed / program[1:]).exists() and (installed / conf[1:]).exists()
        assert (installed / conf[1:]).read_text() == (ROOT / f"deploy/rongxin-{unit}.conf").read_text()
    assert {p.name for p in (installed / "usr/share/rongxin/sql").glob("0*.sql")} == {p.name for p in (ROOT / "sql").glob("0*.sql")}
    assert oct((installed / "etc/rongxin").stat().st_mode)[-3:] == "750"


def locked(unit, folder):
    """Runs a program as its unit does: without memory that is both written and run (PR_SET_MDWE, where the kernel knows
    it), and with sockets of the families that RestrictAddressFamilies names only (a seccomp filter, as systemd's)."""
    text = (ROOT / f"deploy/systemd/rongxin-{unit}.service").read_text()
    families = [int(getattr(socket, name)) for name in re.search(r"^RestrictAddressFamilies=(.*)$", text, re.M).group(1).split()]
    call = {"x86_64": 41, "aarch64": 198}[platform.machine()]  # socket(2)
    rules = [(0x20, 0, 0, 0), (0x15, 0, len(families) + 2, call), (0x20, 0, 0, 16)]  # its number, then its first argument
    rules += [(0x15, len(families) - i, 0, family) for i, family in enumerate(families)]
    rules += [(0x06, 0, 0, 0x00050000 | errno.EAFNOSUPPORT), (0x06, 0, 0, 0x7fff0000)]
    script = folder / f"locked-{unit}.py"
    script.write_text(f"""import ctypes, os, struct, sys
rules = b"".join(struct.pack("HBBI", *rule) for rule in {rules})
libc, held = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(rules)
libc.prctl(65, 1, 0, 0, 0)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.create_string_buffer(struct.pack("HxxxxxxP", {len(rules)}, ctypes.addressof(held)))) == 0, ctypes.get_errno()
os.execv(sys.argv[1], sys.argv[1:])
""")
    script.chmod(0o644)
    return ["/usr/bin/python3", script]


class InstalledHub(rig.Hub):
    """The hub of the unpacked root, that finds its schema and pages beside itself."""
    begins_with_cluster = False

    def __init__(self, root):
        self.root = root
        super().__init__()
        conf = self.folder / "hub.conf"
        conf.write_text("".join(line for line in conf.read_text().splitlines(True) if not line.startswith("sql_folder")))

    def program(self):
        script = self.folder / "locked-hub"
        script.write_text(f"#!/bin/sh\nexec {' '.join(map(str, locked('hub', self.folder)))} {self.root}/usr/bin/rongxin-hub \"$@\"\n")
        script.chmod(0o755)
        return script

    def cli(self, *words):
        return run(self.root / "usr/bin/rongxin", *words)


def test_hub_and_node_start_from_what_was_installed(installed):
    hub = InstalledHub(installed)
    node = None
    try:
        hub.start()
        assert hub.http("GET", "/readyz").json == {"status": "ready"}
        ids = hub.folder / "id"
        hub.cli("key", "node", "--network", hub.folder / "net", "--out", ids / "gd", "--code", NODE, "--name", "广东", "--hosts", "localhost,127.0.0.1",
                "--divisions", "44")
        run("chown", "-R", "nobody:", hub.folder)
        where = ["--hub", "https://" + hub.ready["listen"], "--ca", hub.folder / "net/ca.crt", "--as", ids / "operator"]
        hub.cli("member", "admit", ids / "gd.member.json", *where)
        node = subprocess.Popen([*locked("node", hub.folder), installed / "usr/bin/rongxin-node", "--config", installed / "etc/rongxin/node.conf", "--folder", hub.folder / "gd",
                                 "--network", hub.folder / "net/network.json", "--stem", ids / "gd", "--listen", "127.0.0.1:0", "--live", "tcp://127.0.0.1:*", "--fetch", "tcp://127.0.0.1:*",
                                 "--parent_live", hub.ready["live"], "--parent_fetch", hub.ready["fetch"]],
                                stdout=subprocess.DEVNULL, stderr=(hub.folder / "gd.log").open("w"))
        deadline = time.monotonic() + 30
        while not json.loads(hub.cli("node", "list", "--json", *where))["nodes"]:
            assert node.poll() is None and time.monotonic() < deadline, (hub.folder / "gd.log").read_text()
            time.sleep(0.1)

        log = hub.state / "pg.log"
        rotates = (installed / "etc/logrotate.d/rongxin-hub").read_text()
        assert f"/var/lib/rongxin-hub/{log.name} {{" in rotates and "su rongxin rongxin" in rotates
        (hub.folder / "logrotate").write_text(rotates.replace("/var/lib/rongxin-hub", str(hub.state)).replace("su rongxin rongxin", "su nobody nogroup"))
        said = lambda name: subprocess.run(["psql", "-XAtq", "-d", hub.ready["pg"], "-c", f"SELECT {name}"], capture_output=True)  # noqa: E731
        said("before")
        run("/usr/sbin/logrotate", "-f", "-s", hub.folder / "logrotate.state", hub.folder / "logrotate")
        said("behind")
        text, old = log.read_bytes(), log.with_name("pg.log.1").read_bytes()
        assert b'"before"' in old and b'"before"' not in text and b'"behind"' in text
        assert b"\0" not in text, "it is appended to, so that it may be cut off any time"
        assert hub.stop() == 0
    finally:
        if node is not None:
            node.terminate()
            node.wait(30)
        hub.remove()


def test_removal_leaves_settings_keys_and_data(installed):
    (installed / "etc/rongxin/hub.key").write_text("secret")
    (installed / "var/lib/rongxin-hub").mkdir(parents=True)
    dpkg(installed, "--purge", "rongxin-hub")
    assert (installed / "etc/rongxin/hub.key").exists() and (installed / "var/lib/rongxin-hub").exists()
    assert not (installed / "usr/bin/rongxin-hub").exists() and (installed / "usr/bin/rongxin-node").exists()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")
@pytest.mark.parametrize("unit", ["hub", "node"])
def test_systemd_locks_the_daemons_in(unit):
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=15", ROOT / f"deploy/systemd/rongxin-{unit}.service"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and re.search(r"exposure level.*: [01]\.\d OK", done.stdout), done.stdout[-200:]
