"""The backup drill of docs/OPERATING.md: a lost hub comes back and the network goes on with nothing lost; a lost node comes
back with its trail; a hub restored to an earlier day is noticed, named and mended."""
import hashlib
import os
import shutil
import signal
import subprocess

import pytest
from harness import ROOT, alive, until

BACKUP = ROOT / "deploy/backup.sh"


def backup(*words):
    done = subprocess.run([BACKUP, *map(str, words)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def feed(network, name, seed, rows=150):
    """Hands a batch in and gives (body, receipt)."""
    text = network.gen(1, rows, seed, "--division", "4401,4403")
    reply = network.submit(1, text, name)
    assert reply.status == 200, reply.body
    return text, reply.json


def all_agree(network):
    for part, prefix in (("gd", "44"), ("gz", "4401"), ("sz", "4403")):
        network.agree(part, prefix)


def lose(network, part):
    """The disk is gone."""
    network.kill(part)
    if part == "hub":
        server = int((network.run / "hub/pg/postmaster.pid").read_text().split()[0])
        if alive(server):
            os.kill(server, signal.SIGKILL)
        until(lambda: not alive(server), what="PostgreSQL is gone")
    folder = (network.run / part).resolve()
    ready = (folder / "ready").read_text()
    shutil.rmtree(folder)
    return ready


def restore(network, part, out, ready):
    folder = network.run.resolve() / part
    backup("restore", out, folder, "nobody")
    (folder / "ready").write_text(ready)  # the ports that the others know
    shutil.chown(folder / "ready", "nobody")
    network.start(part)


def alerts(network, rule):
    return network.http("hub", "GET", f"/v1/alerts?rule={rule}").json["alerts"]


@pytest.fixture(scope="module")
def history(network):
    """What was handed in before and after the first backup; the second backup has all."""
    if os.geteuid() != 0:
        pytest.skip("files of the daemons' user are put back by root")
    before = feed(network, "before", 1)
    all_agree(network)
    backup("hub", network.run / "hub.conf", network.folder / "early")
    after = feed(network, "after", 2)
    all_agree(network)
    code = next(line.split(",")[0] for line in before[0].splitlines()[1:])
    for _ in range(5):
        assert network.ask(code, items=[1]).status in (200, 404)
    until(lambda: (n := [n for n in network.http("hub", "GET", "/v1/nodes").json["nodes"] if n["trail_size"] == 5]) and n[0]["trail_counted"] == 5,
          what="the questions are told")
    backup("hub", network.run / "hub.conf", network.folder / "late")
    backup("node", network.run / "gz.conf", network.folder / "gz")
    return {"before": before, "after": after}


def test_a_backup_is_for_its_owner_and_has_the_keys(network, history):
    out = network.folder / "late"
    assert oct(out.stat().st_mode)[-3:] == "700"
    names = subprocess.run(["tar", "-tf", out / "keys.tar"], capture_output=True, text=True, check=True).stdout
    for key in ("batch.key", "receipt.key", "witness.key", "hub.curve", "hub.key", "network.json", "hub.conf"):
        assert f"/{key}\n" in names, key
    assert subprocess.run([BACKUP, "hub", network.run / "hub.conf", out], capture_output=True).returncode == 1, "nothing is overwritten"


def test_a_lost_hub_comes_back_and_nothing_is_lost(network, history):
    streams = network.streams("hub")
    ready = lose(network, "hub")
    restore(network, "hub", network.folder / "late", ready)

    assert network.streams("hub") == streams
    for name, (text, receipt) in history.items():
        assert network.submit(1, text, name).json == receipt, "the first receipt, again"
    feed(network, "goes-on", 3)
    all_agree(network)
    assert alerts(network, "node_ahead") == [] == alerts(network, "proof_unequal")
    assert network.http("hub", "GET", "/v1/alerts?state=all&rule=node_silent").json["alerts"] == [], "it was the hub that was away"
    assert "follow.ahead" not in (network.run / "log/gz.log").read_text()


def test_a_lost_node_comes_back_with_its_trail(network, history):
    entry = network.http("gz", "GET", "/v1/trail/entries/0").json
    mask = hashlib.sha256((network.run / "gz/mask.key").read_bytes()).digest()
    ready = lose(network, "gz")
    restore(network, "gz", network.folder / "gz", ready)

    network.agree("gz", "4401")
    assert network.http("gz", "GET", "/v1/trail/entries/0").json == entry
    assert hashlib.sha256((network.run / "gz/mask.key").read_bytes()).digest() == mask
    assert network.cli("trail", "verify", network.run / "gz/trail", "--member", f"{network.stem('gz')}.member.json").returncode == 0
    gz = next(n for n in network.http("hub", "GET", "/v1/nodes").json["nodes"] if n["trail_size"] >= 5)
    assert not gz["trail_short"] and not gz["trail_forked"]


def test_a_hub_restored_to_an_earlier_day_is_noticed_named_and_mended(network, history):
    ready = lose(network, "hub")
    restore(network, "hub", network.folder / "early", ready)
    network.http("hub", "POST", "/v1/alerts/rules/node_ahead", "operator", {"raise_seconds": 0, "close_seconds": 0})

    for part, streams in (("gd", 2), ("gz", 1), ("sz", 1)):
        until(lambda: f"rongxin_node_streams_ahead {streams}\n" in network.http(part, "GET", "/metrics").body.decode(), what=f"{part} says so")
        assert "follow.ahead" in (network.run / f"log/{part}.log").read_text()
    named = until(lambda: (found := alerts(network, "node_ahead")) and len(found) == 3 and found, what="the hub names them")
    assert {s["stream"] for s in named[0]["detail"]["streams"]} <= {"0000", "4401", "4403"}
    assert named[0]["severity"] == "critical"

    # The runbook: nodes begin anew, departments hand in again what came since.
    for part in ("sz", "gz", "gd"):
        network.stop(part)
        shutil.rmtree(network.run / part / "store")
    for part in ("gd", "gz", "sz"):
        network.start(part)
    text, receipt = history["after"]
    again = network.submit(1, text, "after").json
    assert (again["accepted"], again["rejected"]) == (receipt["accepted"], receipt["rejected"])
    all_agree(network)
    until(lambda: alerts(network, "node_ahead") == [], what="it is over")
    assert network.http("gz", "GET", "/v1/trail/entries/0").status == 200, "trails stay"
