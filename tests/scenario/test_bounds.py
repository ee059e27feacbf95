"""How soon a subject's word holds elsewhere, and how long a node goes on that
hears no more: measured from outside, and by the nodes themselves."""
import json
import os
import signal
import subprocess
import time

import pytest
from harness import BIN, alive, rows_of, until

REVOCATIONS = 100
LEASE = 2


@pytest.fixture(scope="module")
def subject(network):
    text = network.gen(1, 20, 71, "--division", "4401")
    for item in (1, 19):
        assert network.submit(item, network.gen(item, 60, 71, "--division", "4401"), f"bounds-{item}").status == 200
    network.agree("gz", "4401")
    network.agree("gd", "44")
    code = rows_of(text)[0]["uscc"]
    return code, network.subject_identity(code)


class Reader:
    """One connection, so that what is measured is the node and not a handshake."""

    def __init__(self, network, part, who, code):
        self.link, self.code = network.link(part, who), code

    def call(self, method, path, body=None):
        self.link.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        reply = self.link.getresponse()
        return reply.status, json.loads(reply.read())

    def ask(self, consent):
        """Why nothing protected is shown; None: it is."""
        status, report = self.call("POST", "/v1/reports", json.dumps(
            {"subject": self.code, "purpose": "pre_loan", "items": [19], "consent": consent}))
        if status == 503:  # the lease ended while the trail took the entry
            return "lease_stale"
        assert status == 200, report
        shown = [r for i in report["items"] for r in i["records"]]
        rule = next((w["rule"] for w in report["withheld"]), None)
        assert bool(shown) == (rule is None)
        return rule


def histogram(network, part, name, labels=""):
    """Cumulative counts by upper bound in seconds."""
    found = {}
    for line in network.http(part, "GET", "/metrics").body.decode().splitlines():
        if line.startswith(f"{name}_bucket{{") and labels in line:
            bound = line.split('le="')[1].split('"')[0]
            found[float("inf") if bound == "+Inf" else float(bound)] = int(line.split()[-1])
    return found


def count(buckets):
    return buckets.get(float("inf"), 0)


def quantile(buckets, share):
    return min(b for b, n in buckets.items() if n >= share * count(buckets))


def test_a_revocation_holds_at_the_province_soon(network, subject):
    code, who = subject
    bank, here = Reader(network, "gd", "bank", code), Reader(network, "gz", who, code)
    for i in range(REVOCATIONS):
        jws = network.sign_consent(who, consent_id=f"bound-{i}")
        assert here.call("POST", "/v1/consents", jws)[0] in (201, 202)
    until(lambda: bank.ask(f"bound-{REVOCATIONS - 1}") is None, 30, "all known at the province")
    before = histogram(network, "gd", "rongxin_node_order_delay_seconds", 'order="revocation"')

    times = []
    for i in range(REVOCATIONS):
        assert bank.ask(f"bound-{i}") is None, "shown before"
        began = time.monotonic()
        assert here.call("DELETE", f"/v1/consents/bound-{i}")[0] == 200
        while bank.ask(f"bound-{i}") != "consent_revoked":
            assert time.monotonic() - began < 30, "it never came"
        times.append(time.monotonic() - began)

    times.sort()
    after = histogram(network, "gd", "rongxin_node_order_delay_seconds", 'order="revocation"')
    own = {b: n - before.get(b, 0) for b, n in after.items()}
    print(f"revocation at a city to its effect at the province, {REVOCATIONS} of them: p50 {times[REVOCATIONS // 2] * 1000:.0f} ms, "
          f"p99 {times[int(REVOCATIONS * 0.99) - 1] * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms; "
          f"hub to province by the node's own measure: p99 under {quantile(own, 0.99) * 1000:.0f} ms")
    assert count(own) == REVOCATIONS, "each is measured once"
    assert quantile(own, 1.0) <= 10, "far from the promise of a second"
    assert times[-1] < 10


def start_with_lease(network, part):
    """The node with its settings as network.sh made them, and a lease of its own."""
    network.stop(part)
    conf = network.run / f"{part}.conf"
    conf.write_text(conf.read_text() + f"lease_seconds = {LEASE}\n")
    ready = network.run / part / "ready"
    ready.unlink(missing_ok=True)
    log = (network.run / "log" / f"{part}.log").open("a")
    process = subprocess.Popen([str(BIN / "rongxin-node"), "--config", str(conf)], stdout=log, stderr=log)
    (network.run / "pid" / f"{part}.pid").write_text(str(process.pid))
    until(lambda: ready.exists() and json.loads(ready.read_text())["pid"] == process.pid or not alive(process.pid), 60, "started")
    assert alive(process.pid), network.logs()


def test_a_node_that_is_cut_off_shows_nothing_past_its_lease(network, subject):
    """Its parent is frozen, so that no connection ends: silence is all it hears."""
    code, who = subject
    here = Reader(network, "gz", who, code)
    assert here.call("POST", "/v1/consents", network.sign_consent(who, consent_id="leased"))[0] in (201, 202)
    start_with_lease(network, "gz")
    bank = Reader(network, "gz", "bank", code)
    until(lambda: bank.ask("leased") is None, 30, "fresh and shown")

    parent, shown = network.pid("gd"), []
    os.kill(parent, signal.SIGSTOP)
    try:
        cut = time.monotonic()
        while time.monotonic() - cut < 2 * LEASE + 2:
            began = time.monotonic()
            if bank.ask("leased") is None:
                shown.append(began - cut)
            else:
                assert bank.ask("leased") == "lease_stale"
        public = network.ask(code, items=[1]).json
        assert public["level"] == "public" and public["items"][0]["records"], "what is public is served on"
    finally:
        os.kill(parent, signal.SIGCONT)
    print(f"lease of {LEASE} s: {len(shown)} answers after the cut, the last asked {max(shown) * 1000:.0f} ms behind it")
    assert shown, "a cut is not noticed before the lease ends"
    # Half a second for what was on its way when the parent froze.
    assert max(shown) <= LEASE + 0.5
    until(lambda: bank.ask("leased") is None, 30, "shown again when the parent is back")

    ages = histogram(network, "gz", "rongxin_node_shown_age_seconds")
    assert count(ages) >= len(shown)
    past = [n for bound, n in ages.items() if bound >= LEASE]
    assert min(past) == count(ages), "by its own measure nothing left past the lease"
