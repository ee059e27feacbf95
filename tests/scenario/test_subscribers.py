"""Subscribers that read nothing, little or are gone cost the others nothing."""
import contextlib
import json
import multiprocessing
import os
import signal
import statistics
import threading
import time

import pytest
from harness import until

zmq = pytest.importorskip("zmq", reason="python3-zmq is missing")
import wire  # noqa: E402

GOOD, DEAD, SLOW = 20, 30, 5
CROWD = 31
JSON = {"Content-Type": "application/json"}
fork = multiprocessing.get_context("fork")


def hub_key(network):
    return network.folder / "hub.curve.pub"


@pytest.fixture(scope="module")
def peers(network):
    """Names of national nodes, as many as anybody needs."""
    known = json.loads((network.run / "net" / "network.json").read_text())
    hub_key(network).write_text(known["hub_curve_key"])
    names = [f"peer-{n}" for n in range(GOOD + DEAD + SLOW)]
    for name in names:
        public, secret = zmq.curve_keypair()
        network.stem(name).with_suffix(".curve").write_bytes(secret)
        network.stem(name).with_suffix(".curve.pub").write_bytes(public)
        member = {"code": name, "name": name, "kind": "platform", "divisions": [""], "curve_key": public.decode()}
        assert network.http("hub", "POST", "/v1/members", "operator", member, JSON).status == 200
    return names


def listen(network, names, **limits):
    """Children that hear a city's stream; all of them have heard something."""
    key = hub_key(network)
    children = [wire.Child(network, "hub", name, key, **limits) for name in names]
    for child in children:
        child.subscribe("4401", "pulse")
    for child in children:
        assert child.hear(20), "connected"
    return children


def memory_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def windows_closed(network):
    """Connections to whose other end the hub cannot send what it has."""
    port = int(network.ready("hub")["live"].rsplit(":", 1)[1])
    rows = [line.split() for table in ("tcp", "tcp6") for line in list(open(f"/proc/net/{table}"))[1:]]
    return sum(int(row[1].split(":")[1], 16) == port and int(row[4].split(":")[0], 16) > 0 for row in rows)


# --- the bad ones, in processes of their own ---
def be_bad(network, names, told, seconds_between):
    children = listen(network, names, waiting=1)
    told.put(True)
    while True:
        if seconds_between is None:
            signal.pause()
        time.sleep(seconds_between)
        for child in children:
            child.hear(0)


@contextlib.contextmanager
def bad_ones(network, names):
    """A third stands still as a whole, a third reads nothing more, a third is
    gone from one moment to the next; the slow read one message a second."""
    told = fork.Queue()
    third = DEAD // 3
    groups = [(names[:third], None), (names[third:2 * third], None), (names[2 * third:DEAD], None), (names[DEAD:], 1)]
    jobs = [fork.Process(target=be_bad, args=(network, group, told, pause), daemon=True) for group, pause in groups]
    try:
        for job in jobs:
            job.start()
        for _ in jobs:
            told.get(timeout=40)
        os.kill(jobs[0].pid, signal.SIGSTOP)
        os.kill(jobs[2].pid, signal.SIGKILL)
        yield
    finally:
        for job in jobs:
            if job.pid is not None:
                job.kill()
                job.join()


# --- the good ones ---
def hear_all(children, over, heard):
    """(delay in ms, child, first, last) of each batch; no pulses."""
    poller = zmq.Poller()
    owner = {}
    for number, child in enumerate(children):
        poller.register(child.live, zmq.POLLIN)
        owner[child.live] = number
    while not over.is_set():
        for socket, _ in poller.poll(100):
            topic, message = socket.recv_multipart()
            now_us = time.time() * 1e6
            kind, body = wire.fields(message)[0]
            if topic == b"4401" and kind == 1:
                header = wire.header_of(body)
                heard.append(((now_us - header.committed_us) / 1000, owner[socket], header.first, header.last))


def traffic(network, name, batches):
    """Every row is new, so every batch is news; the position it ends at."""
    last = 0
    for number, body in enumerate(batches):
        receipt = network.submit(1, body, f"{name}-{number}")
        assert receipt.status == 200, receipt.body
        last = receipt.json["streams"][0]["last"]
    return last


def measure(network, children, name, batches):
    before = network.streams("hub")["4401"]["position"]
    heard, over = [], threading.Event()
    ear = threading.Thread(target=hear_all, args=(children, over, heard))
    ear.start()
    try:
        last = traffic(network, name, batches)
        until(lambda: len({(who, end) for _, who, _, end in list(heard) if end == last}) == GOOD, 20, "all heard the last one")
    finally:
        over.set()
        ear.join()
    for who in range(GOOD):
        at = before
        for _, _, begin, end in [h for h in heard if h[1] == who]:
            assert begin == at + 1, f"child {who}: {begin} after {at}"
            at = end
        assert at == last
    delays = sorted(h[0] for h in heard)
    return statistics.median(delays), delays[len(delays) * 99 // 100]


def pieces(network, count, rows, seed):
    header, *lines = network.gen(1, count * rows, seed, "--division", "4401").splitlines()
    return ["\n".join([header, *lines[n * rows:(n + 1) * rows]]) + "\n" for n in range(count)]


def test_good_ones_do_not_wait_for_dead_and_slow_ones(network, peers):
    """Every good one hears every batch live, once, in order, as fast as
    before; the hub keeps a bounded heap of what the others do not take."""
    assert network.submit(1, pieces(network, 1, 20, 71)[0], "first").status == 200
    pid = network.pid("hub")
    children = listen(network, peers[:GOOD])
    try:
        alone = measure(network, children, "alone", pieces(network, 60, 200, 72))
        at_rest = memory_kib(pid)
        with bad_ones(network, peers[GOOD:]):
            traffic(network, "fill", pieces(network, 10, 2000, 73))
            for child in children:
                while child.hear(0.02):
                    pass
            assert windows_closed(network) >= 2 * DEAD // 3, "the bad ones are bad"
            beside = measure(network, children, "beside", pieces(network, 60, 200, 74))
            grown = memory_kib(pid) - at_rest
    finally:
        for child in children:
            child.close()
    print(f"commit to received by {GOOD}: alone p50 {alone[0]:.1f} ms, p99 {alone[1]:.1f} ms; "
          f"beside {DEAD} dead and {SLOW} slow p50 {beside[0]:.1f} ms, p99 {beside[1]:.1f} ms; hub +{grown} KiB")
    assert grown < 256 << 10
    assert beside[0] < 5 * alone[0] + 100 and beside[1] < 5 * alone[1] + 500


def fetch_all(network, name, wanted, start, over):
    """One node that has nothing: every stream from 0, then its time."""
    start.wait()
    began = time.monotonic()
    child = wire.Child(network, "hub", name, hub_key(network))
    try:
        for stream, newest in wanted.items():
            at = 0
            for header in map(wire.header_of, child.fetch(stream)):
                assert header.first == at + 1
                at = header.last
            assert at >= newest
    finally:
        child.close()
    over.put((name, time.monotonic() - began))


def longest(act, over):
    """The longest that `act` took, until `over`."""
    worst = 0.0
    while not over.is_set():
        began = time.monotonic()
        act()
        worst = max(worst, time.monotonic() - began)
        over.wait(0.02)
    return worst


def test_a_restarted_hub_that_all_ask_at_once_stays_responsive(network, peers):
    """31 nodes that hold nothing ask for some thousand batches the moment the
    hub is back; it answers others meanwhile, and all of them alike."""
    divisions = [f"{province}0{city}" for province in (32, 33, 34, 35, 36, 37, 41, 42, 43, 45) for city in range(1, 7)]
    for n in range(34):
        text = network.gen(1, 600, 100 + n, "--division", ",".join(divisions))
        assert network.submit(1, text, f"crowd-{n}").status == 200
    wanted = {s: v["position"] for s, v in network.streams("hub").items()}
    network.kill("hub")
    start, told, over = fork.Event(), fork.Queue(), threading.Event()
    jobs = [fork.Process(target=fetch_all, args=(network, name, wanted, start, told), daemon=True) for name in peers[:CROWD]]
    for job in jobs:
        job.start()
    waits = {}

    def ask():
        assert network.http("hub", "GET", "/healthz").status == 200

    def hand_in():
        text = network.gen(1, 5, int(time.monotonic() * 1000) % 10**9, "--division", "4401")
        assert network.submit(1, text, f"meanwhile-{time.monotonic()}").status == 200

    def watch(what, act):
        waits[what] = longest(act, over)
    watches = [threading.Thread(target=watch, args=pair) for pair in (("answer", ask), ("receipt", hand_in))]
    try:
        network.start("hub")
        start.set()
        for thread in watches:
            thread.start()
        times = dict(told.get(timeout=60) for _ in jobs)
    finally:
        over.set()
        for thread in watches:
            if thread.ident is not None:
                thread.join()
        for job in jobs:
            job.kill()
            job.join()
    batches = network_batches(network)
    fast, slow = min(times.values()), max(times.values())
    print(f"{CROWD} nodes, {batches} batches each: {fast:.1f} to {slow:.1f} s; meanwhile an answer took at most "
          f"{waits['answer']:.2f} s, a receipt {waits['receipt']:.2f} s")
    assert len(times) == CROWD and slow < 3 * fast + 2
    assert waits["answer"] < 5 and waits["receipt"] < 10


def network_batches(network):
    child = wire.Child(network, "hub", "peer-0", hub_key(network))
    try:
        return sum(len(child.fetch(s)) for s in network.streams("hub"))
    finally:
        child.close()
