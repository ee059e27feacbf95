"""push: from a commit at the hub, through province and city, to the bank.

The time of the commit is the hub's, that of the arrival the reader's; both are this machine's clock."""
import http.client
import json
import os
import subprocess
import threading
import time
from datetime import datetime
from types import SimpleNamespace

import bench_answers
import bench_path
from harness import BIN, Network, rows_of, until
from receiver import Receiver

BATCHES = 200
JOB_ROWS = int(os.environ.get("RX_BENCH_JOB", 20000))
JOB_ITEMS = os.environ.get("RX_BENCH_JOB_ITEMS", "")   # 1,19; all
QUESTIONS = 5000


def run():
    network = Network()
    network.patience = 120 + JOB_ROWS / 1000
    network.environment = {"RONGXIN_NODE_HOOK_CA": f"{network.run}/net/ca.crt", "RONGXIN_NODE_HOOK_PRIVATE": "1"}
    try:
        network.up()
        bench_answers.Bench.lift_limits(SimpleNamespace(network=network, folder=network.folder))
        yield from push(network)
        yield from jobs(network)
    finally:
        network.down()


def listen(network, arrived):
    link = network.link("gz", "bank")
    link.request("GET", "/v1/events", headers={"Accept": "text/event-stream"})
    reply = link.getresponse()
    while True:
        try:
            line = reply.readline()
        except (OSError, ValueError, http.client.HTTPException):
            return
        if not line:
            return
        if line.startswith(b"data: ") and b'"number"' in line:
            arrived.append((time.time(), json.loads(line[6:])))


def follow(network, arrived):
    """`rongxin events --follow`, as a bank's script has it."""
    words = [BIN / "rongxin", "events", "--follow", "--node", network.url("gz"), "--ca", network.run / "net/ca.crt",
             "--as", network.stem("bank")]
    process = subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE)

    def read():
        for line in process.stdout:
            arrived.append((time.time(), json.loads(line)))
    threading.Thread(target=read, daemon=True).start()
    return process


def post(network, method, path, body):
    reply = network.http("gz", method, path, "bank", body, {"Content-Type": "application/json"})
    assert reply.status in (200, 201), reply.body


def delays(pairs):
    """Milliseconds, ascending."""
    return sorted((at - datetime.fromisoformat(event["committed"].replace("Z", "+00:00")).timestamp()) * 1000 for at, event in pairs)


def push(network):
    text = network.gen(11, BATCHES * 2, 71, "--division", "4401")
    header, *lines = text.splitlines()
    subjects = sorted({row["uscc"] for row in rows_of(text)})
    stem = network.folder / "receiver"
    network.cli("key", "member", "--network", network.run / "net", "--out", stem, "--code", "91440101MA000RX19U", "--name", "bank",
                "--hosts", "127.0.0.1")
    receiver = Receiver(f"{stem}.crt", f"{stem}.key", bytes(32))
    assert network.submit(11, "\n".join([header, lines[0]]) + "\n", "push-first").status == 200
    network.agree("gz", "4401")
    post(network, "POST", "/v1/watches", {"id": "all", "subjects": subjects})
    post(network, "PUT", "/v1/webhook", {"url": receiver.url, "secret": receiver.text})
    streamed = []
    threading.Thread(target=listen, args=(network, streamed), daemon=True).start()
    shown = []
    follower = follow(network, shown)
    for i in range(1, BATCHES + 1):
        assert network.submit(11, "\n".join([header, lines[i]]) + "\n", f"push-{i}").status == 200
    count = network.http("gz", "GET", "/v1/events?limit=1000", "bank")
    until(lambda: len(streamed) >= BATCHES and len(receiver.events) >= BATCHES and len(shown) >= BATCHES, 60, f"{count.body[-200:]}")
    hooked = [(at, event) for at, page in zip(receiver.times, receiver.pages) for event in page["events"]]
    for name, pairs in (("event stream", streamed), ("webhook", hooked), ("CLI", shown)):
        sorted_ms = delays(pairs)
        for case, share in (("p50", 0.5), ("p99", 0.99)):
            yield f"commit to bank, {name}, {case}", sorted_ms[int(len(sorted_ms) * share)], "ms", "", None
    receiver.close()
    follower.kill()
    follower.wait()


def memory(network, field):
    """Of the node, in MiB."""
    with open(f"/proc/{network.pid('gz')}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))


def jobs(network):
    """One bank asks for reports one after the other, alone and beside a job of its own."""
    text = network.gen(1, JOB_ROWS, 72, "--division", "4401")
    assert network.submit(1, text, "job-rows").status == 200
    network.agree("gz", "4401", 900)
    codes = [line.split(",", 1)[0] for line in text.splitlines()[1:]]
    del text
    question = network.folder / "question.json"
    question.write_text(json.dumps({"subject": codes[0], "purpose": "pre_loan"}))
    _, _, alone, failures, *_ = bench_path.load(network, "gz", "bank2", "/v1/reports", question, 8, QUESTIONS)
    assert failures == 0
    before = memory(network, "VmRSS")
    began = time.monotonic()
    job = network.http("gz", "POST", "/v1/report-jobs?purpose=post_loan" + (JOB_ITEMS and f"&items={JOB_ITEMS}"), "bank", "\n".join(codes), {"Content-Type": "text/csv"}).json["id"]
    _, _, beside, failures, *_ = bench_path.load(network, "gz", "bank2", "/v1/reports", question, 8, QUESTIONS)
    assert failures == 0
    status = network.http("gz", "GET", f"/v1/report-jobs/{job}", "bank").json
    assert status["done"] < JOB_ROWS, "the job was still running"

    def finished():
        return network.http("gz", "GET", f"/v1/report-jobs/{job}", "bank").json["state"] == "finished"
    until(finished, 300 + JOB_ROWS / 500, "finished")
    yield f"job, {JOB_ROWS:,} of items {JOB_ITEMS or 'all'}", JOB_ROWS / (time.monotonic() - began), "subjects/s", "", None
    yield "questions beside a job, p99", beside / 1000, "ms", "the same without the job", alone / 1000
    yield "node's memory in the job, at most", memory(network, "VmHWM"), "MiB", "before it", before
