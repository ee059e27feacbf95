"""Keys and certificates roll while records flow: nothing is lost, and what is
old is refused afterwards."""
import json
import os
import shutil
import signal
import ssl
import subprocess
import threading

import pytest
from harness import BIN, alive, until

pytest.importorskip("zmq", reason="python3-zmq is missing")
import wire  # noqa: E402
from test_burst import hub_key  # noqa: E402

CODES = {"gd": "11440000MB00004493", "gz": "11440100MB0044011H", "sz": "11440300MB0044038K"}


class Traffic:
    """Batches for both cities, one after the other, until it is closed."""

    def __init__(self, network):
        self.network, self.over, self.taken = network, threading.Event(), []
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.is_set():
            number = len(self.taken)
            text = self.network.gen(1, 20, 5000 + number, "--division", "4401,4403")
            try:
                status = self.network.submit(1, text, f"roll-{id(self)}-{number}").status
            except OSError:  # the hub is being started again
                continue
            if status != 503:  # it stops: the same batch again
                self.taken.append(status)

    def __enter__(self):
        self.thread.start()
        until(lambda: self.taken, 20, "records flow")
        return self

    def __exit__(self, *_):
        more = len(self.taken) + 2
        try:
            until(lambda: len(self.taken) >= more, 30, "records flow on")
        finally:
            self.over.set()
            self.thread.join()
        assert set(self.taken) == {200}


def all_agree(network):
    network.agree("gd", "44")
    network.agree("gz", "4401")
    network.agree("sz", "4403")


def start(network, part, **changes):
    """Start a node with its settings changed, as an operator would."""
    conf = network.run / f"{part}.conf"
    lines = [line for line in conf.read_text().splitlines() if line.split(" = ")[0] not in changes]
    conf.write_text("\n".join(lines + [f"{k} = {v}" for k, v in changes.items()]) + "\n")
    ready = network.run / part / "ready"
    ready.unlink(missing_ok=True)
    log = (network.run / "log" / f"{part}.log").open("a")
    process = subprocess.Popen([str(BIN / "rongxin-node"), "--config", str(conf)], stdout=log, stderr=log)
    threading.Thread(target=process.wait, daemon=True).start()
    (network.run / "pid" / f"{part}.pid").write_text(str(process.pid))
    until(lambda: ready.exists() and json.loads(ready.read_text())["pid"] == process.pid or not alive(process.pid), 60, f"{part} started")
    assert alive(process.pid), network.logs()


def own(network, *paths):
    """Files that root made belong to the daemons' user, as when installed."""
    if os.getuid() == 0:
        like = os.stat(f"{network.stem('gz')}.key")
        for path in paths:
            os.chown(path, like.st_uid, like.st_gid)


def key_roll(network, stem):
    network.cli("key", "roll", stem)
    own(network, f"{stem}.next.curve", f"{stem}.next.curve.pub")
    return open(f"{stem}.next.curve.pub").read().strip()


def test_a_nodes_key_rolls(network):
    stem = network.stem("sz")
    with Traffic(network):
        key_roll(network, stem)
        network.cli("member", "roll", CODES["sz"], "--key-file", f"{stem}.next.curve.pub", who="operator", part="hub")
        shutil.copy(f"{stem}.curve", f"{network.stem('old')}.curve")
        shutil.copy(f"{stem}.curve.pub", f"{network.stem('old')}.curve.pub")
        network.cli("key", "roll", stem, "--finish")
        network.stop("sz")
        network.start("sz")
    all_agree(network)
    hello = wire.field(1, 1) + wire.field(3, CODES["sz"])

    def gets_in(part, who):
        child = wire.Child(network, part, who, hub_key(network) if part == "hub" else f"{network.stem('gd')}.curve.pub")
        try:
            return child.request(2, hello, 2) is not None
        finally:
            child.close()
    assert gets_in("gd", "old"), "until the roll is finished"
    network.cli("member", "roll", CODES["sz"], "--finish", who="operator", part="hub")
    position = network.streams("hub")["0000"]["position"]
    until(lambda: network.streams("gd")["0000"]["position"] >= position, 10, "the province knows")
    for part in ("hub", "gd"):
        assert not gets_in(part, "old"), part
        assert gets_in(part, "sz"), part
    all_agree(network)


def test_a_provinces_key_rolls_under_its_cities(network):
    """Its cities are started again with the new key; what they missed they
    fetch.  Who has only the old key gets nothing."""
    stem = network.stem("gd")
    old = open(f"{stem}.curve.pub").read().strip()
    with Traffic(network):
        new = key_roll(network, stem)
        network.cli("member", "roll", CODES["gd"], "--key-file", f"{stem}.next.curve.pub", who="operator", part="hub")
        network.cli("key", "roll", stem, "--finish")
        network.stop("gd")
        network.start("gd")
        network.stop("sz")
        start(network, "sz", parent_key=new)
    network.cli("member", "roll", CODES["gd"], "--finish", who="operator", part="hub")
    network.agree("gd", "44")
    network.agree("sz", "4403")
    assert network.streams("gz")["4401"]["position"] < network.streams("hub")["4401"]["position"], "the old key is no key"
    assert f"parent_key = {old}" in (network.run / "gz.conf").read_text()
    network.stop("gz")
    start(network, "gz", parent_key=new)
    all_agree(network)


def test_the_hubs_key_rolls_under_its_province(network):
    stem = network.run / "net" / "hub"
    with Traffic(network):
        new = key_roll(network, stem)
        network.cli("key", "roll", stem, "--finish")
        network.stop("hub")
        network.start("hub")
        network.stop("gd")
        start(network, "gd", parent_key=new)
    all_agree(network)


def serial(network, part):
    link = network.link(part, "bank")
    try:
        link.connect()
        return ssl.DER_cert_to_PEM_cert(link.sock.getpeercert(True))
    finally:
        link.close()


@pytest.mark.parametrize("part", ["hub", "gz"])
def test_a_certificate_is_renewed_without_a_break(network, part):
    """A connection that is there goes on; the next one sees the new one."""
    name = {"hub": "11100000MB0000019L", "gz": CODES["gz"]}[part]
    before = serial(network, part)
    link = network.link(part, "bank")
    link.request("GET", "/healthz")
    assert link.getresponse().read()
    with Traffic(network):
        network.cli("key", "member", "--network", network.run / "net", "--out", network.stem(part), "--code", name,
                    "--name", part, "--hosts", "localhost,127.0.0.1", "--days", 99)
        own(network, f"{network.stem(part)}.crt")
        os.kill(network.pid(part), signal.SIGHUP)
        until(lambda: serial(network, part) != before, 10, "renewed")
        link.request("GET", "/healthz")
        assert link.getresponse().status == 200
    link.close()
    renewed = serial(network, part)
    certificate = f"{network.stem(part)}.crt"
    good = open(certificate).read()
    open(certificate, "w").write("garbage")
    os.kill(network.pid(part), signal.SIGHUP)
    log = network.run / "log" / f"{part}.log"
    until(lambda: [line for line in log.read_text().splitlines() if " error " in line and ".renewed" in line], 10, "said so")
    assert serial(network, part) == renewed, "what cannot be read changes nothing"
    open(certificate, "w").write(good)
    all_agree(network)
