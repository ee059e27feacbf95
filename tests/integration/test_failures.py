"""The database stopped and killed in the middle of a batch, and a sender that goes away: a clear
answer or none, nothing half done, and the same batch again works.

Full disks and cut uploads of whole networks: tests/scenario/test_hostile.py."""
import http.client
import os
import signal
import socket
import ssl
import threading
import time

import pytest


def positions(hub):
    return {name: stream["position"] for name, stream in hub.streams().items()}


def upload(hub, body, batch, replies):
    try:
        replies.append(hub.submit(1, body, batch))
    except (OSError, ssl.SSLError, http.client.HTTPException):
        replies.append(None)


def wait_for_merge(hub, seconds=30):
    """Until a connection works in a transaction of its own."""
    deadline = time.monotonic() + seconds
    while hub.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
                  " AND xact_start < clock_timestamp() - interval '50 ms'") == [["0"]]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_backend_that_is_killed_in_a_merge_is_503_and_the_retry_works(hub):
    body, before, replies = hub.gen(1, 40000, 601), positions(hub), []
    thread = threading.Thread(target=upload, args=(hub, body, "backend", replies))
    thread.start()
    wait_for_merge(hub)

    hub.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL")
    thread.join()

    assert replies[0] is not None and replies[0].status == 503, replies
    assert replies[0].json["type"] == "urn:rongxin:problem:not_ready"
    assert positions(hub) == before
    assert hub.submit(1, body, "backend").json["rows"] == 40000
    hub.chain_is_whole()


def test_connections_that_the_server_ended_while_idle_cost_no_batch(hub):
    hub.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()")

    replies = [hub.submit(1, hub.gen(1, 10, 610 + i), f"idle-{i}").status for i in range(4)]

    assert replies == [200] * 4
    assert hub.http("GET", "/readyz").status == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_database_that_goes_in_a_merge_leaves_nothing_half_done(hub, number):
    body, before, replies = hub.gen(1, 40000, 602 + number), positions(hub), []
    thread = threading.Thread(target=upload, args=(hub, body, f"server-{number}", replies))
    thread.start()
    wait_for_merge(hub)

    os.kill(int((hub.state / "pg/postmaster.pid").read_text().splitlines()[0]), number)
    assert hub.process.wait(60) == 1
    thread.join()
    hub.process = None
    hub.start()

    assert replies[0] is None or replies[0].status == 503
    assert positions(hub) == before
    assert hub.submit(1, body, f"server-{number}").json["rows"] == 40000
    hub.chain_is_whole()
    assert {n: s["state"] for n, s in hub.streams().items()} == hub.state_digests()


def test_a_sender_that_goes_before_its_receipt_finds_it_later(hub):
    """The whole body was sent, so the batch is merged; the answer waits for whoever asks."""
    body = hub.gen(1, 20000, 605).encode()
    host, port = hub.ready["listen"].rsplit(":", 1)
    context = ssl.create_default_context(cafile=str(hub.folder / "net/ca.crt"))
    context.load_cert_chain(f"{hub.folder}/id/dept.crt", f"{hub.folder}/id/dept.key")
    with context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host) as link:
        link.sendall(f"POST /v1/feeds/1/batches HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n"
                     f"Idempotency-Key: gone\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    again = hub.submit(1, body, "gone")

    assert again.status == 200 and again.json["rows"] == 20000
    assert hub.http("GET", "/v1/feeds/1/batches/gone", "dept").body == again.body
    assert hub.sql("SELECT count(*) FROM feed_batch WHERE id = 'gone'") == [["1"]]
    hub.chain_is_whole()
