"""A refusal that comes while the sender still sends reaches clients that look for it only at the end."""
import http.client
import json
import socket
import ssl
import time

MIB = 1 << 20
HEAD = {"Content-Type": "text/csv", "Idempotency-Key": "early"}


def link(hub, who):
    context = ssl.create_default_context(cafile=str(hub.folder / "net/ca.crt"))
    context.load_cert_chain(f"{hub.folder}/id/{who}.crt", f"{hub.folder}/id/{who}.key")
    host, port = hub.ready["listen"].rsplit(":", 1)
    return context.wrap_socket(socket.create_connection((host, int(port)), timeout=60), server_hostname=host)


def send_all(socket_, head, size, pause=0.0):
    """As simple clients do: everything first, then the answer."""
    socket_.sendall(head)
    for _ in range(0, size, MIB // 4):
        socket_.sendall(bytes(MIB // 4))
        time.sleep(pause)
    reply = http.client.HTTPResponse(socket_)
    reply.begin()
    return reply.status, json.loads(reply.read())["type"].rsplit(":", 1)[1]


def test_http_client_gets_the_refusal_of_200_megabytes(hub):
    reply = hub.http("POST", "/v1/feeds/1/batches", "stranger", bytes(200 * MIB), HEAD)

    assert (reply.status, reply.json["type"]) == (403, "urn:rongxin:problem:member_unknown")


def test_a_plain_socket_gets_the_refusal_of_an_upload(hub):
    size = 100 * MIB
    head = f"POST /v1/feeds/1/batches HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nIdempotency-Key: x\r\nContent-Length: {size}\r\n\r\n"

    with link(hub, "stranger") as socket_:
        assert send_all(socket_, head.encode(), size) == (403, "member_unknown")


def test_a_sender_slower_than_a_few_seconds_gets_it_too(hub):
    size = 16 * MIB
    head = ("PUT /v1/feeds/1/batches/x/content HTTP/1.1\r\nHost: x\r\nContent-Range: bytes 0-9/99999999999999\r\n"
            f"Content-Length: {size}\r\n\r\n")

    with link(hub, "dept") as socket_:
        assert send_all(socket_, head.encode(), size, pause=0.12) == (413, "too_large")
