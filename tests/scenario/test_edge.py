"""What a hostile client of the edge gets: sockets of its own making, TLS and
HTTP as they should not be.  After each trick the same process answers a good
client at once and has not grown."""
import os
import select
import signal
import socket
import ssl
import struct
import subprocess
import time

import pytest

import frames
from frames import (ACK, CALM, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PRIORITY, RST,
                    SETTINGS, WINDOW, frame, head, request)
from harness import BIN, Network, until

OK = 0x88       # the header block of a 200 begins so
PART = "gz"
PER_ADDRESS, HANDSHAKES = 60, 20
HEAD, IDLE = 1, 2  # seconds


@pytest.fixture(scope="module")
def network():
    net = Network()
    net.environment.update(RONGXIN_NODE_HEAD_SECONDS=str(HEAD), RONGXIN_NODE_IDLE_SECONDS=str(IDLE), RONGXIN_NODE_SLOW_BYTES="2000",
                           RONGXIN_NODE_CONNECTIONS_ADDRESS=str(PER_ADDRESS), RONGXIN_NODE_HANDSHAKES=str(HANDSHAKES))
    try:
        yield net.up()
    finally:
        net.down()


def memory(network):
    with open(f"/proc/{network.pid(PART)}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) // 1024


@pytest.fixture(autouse=True)
def alive_and_small(network, request):
    """Before and after each test; a sanitizer keeps freed memory for a while."""
    pid, before = network.pid(PART), memory(network)
    yield
    assert network.pid(PART) == pid or "stop" in request.node.name
    good(network)
    sanitized = b"__asan_init" in (BIN / "rongxin-node").read_bytes() or b"__tsan_init" in (BIN / "rongxin-node").read_bytes()
    assert memory(network) - before < (400 if sanitized else 30)


def good(network):
    began = time.monotonic()
    assert network.http(PART, "GET", "/healthz", "bank").status == 200
    assert time.monotonic() - began < 3


def where(network):
    host, port = network.ready(PART)["listen"].rsplit(":", 1)
    return host, int(port)


def client(network, who="bank", alpn=("http/1.1",)):
    context = ssl.create_default_context(cafile=str(network.run / "net" / "ca.crt"))
    if who is not None:
        context.load_cert_chain(f"{network.stem(who)}.crt", f"{network.stem(who)}.key")
    context.set_alpn_protocols(list(alpn))
    return context


def plain(network, source=None):
    return socket.create_connection(where(network), timeout=20, source_address=(source, 0) if source else None)


def link(network, alpn="http/1.1", source=None, **more):
    return client(network, alpn=(alpn,)).wrap_socket(plain(network, source), server_hostname="127.0.0.1", **more)


def h2(network, settings=b""):
    return frames.Link(link(network, "h2"), settings)


def rest(sock, seconds=20):
    """Everything until the other side ends, and how long that took."""
    began, back = time.monotonic(), b""
    sock.settimeout(seconds)
    try:
        while piece := sock.recv(65536):
            back += piece
    except socket.timeout:
        raise
    except OSError:
        pass
    return back, time.monotonic() - began


def cuts(network, why):
    text = network.http(PART, "GET", "/metrics", "bank").body.decode()
    return int(next(line for line in text.splitlines() if line.startswith(f'rongxin_http_cut_total{{why="{why}"}}')).split()[-1])


def statuses(answer):
    return [int(part.split(b" ", 1)[0]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def get(sock, path="/healthz", more=""):
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
    back = b""
    while b"\r\n\r\n" not in back or len(back.split(b"\r\n\r\n", 1)[1]) < int(back.lower().split(b"content-length: ")[1].split(b"\r\n")[0]):
        piece = sock.recv(65536)
        if not piece:
            break
        back += piece
    return back


# --- TLS ---
def test_only_tls_1_3_and_only_with_a_certificate_of_the_network(network):
    old = client(network)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        old.wrap_socket(plain(network), server_hostname="127.0.0.1")
    before = cuts(network, "denied")
    nobody = client(network, None).wrap_socket(plain(network), server_hostname="127.0.0.1")
    nobody.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    with pytest.raises(ssl.SSLError):
        nobody.recv(100)
    network.cli("key", "network", "--out", network.folder / "foreign", "--name", "foreign")
    network.cli("key", "member", "--network", network.folder / "foreign", "--out", network.folder / "foreign/bank",
                "--code", "91440101MA000RX19U", "--name", "x")
    foreign = client(network, None)
    foreign.load_cert_chain(network.folder / "foreign/bank.crt", network.folder / "foreign/bank.key")
    stranger = foreign.wrap_socket(plain(network), server_hostname="127.0.0.1")
    with pytest.raises(OSError):
        stranger.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stranger.recv(100) == b"", "a stranger's certificate was taken"
        raise OSError
    assert cuts(network, "denied") >= before + 2


def test_a_session_is_resumed_with_the_same_identity(network):
    context = client(network)
    first = context.wrap_socket(plain(network), server_hostname="127.0.0.1")
    assert statuses(get(first, "/v1/streams")) == [200] and not first.session_reused
    again = context.wrap_socket(plain(network), server_hostname="127.0.0.1", session=first.session)
    assert statuses(get(again, "/v1/streams")) == [200] and again.session_reused
    nobody = client(network, None)
    stolen = nobody.wrap_socket(plain(network), server_hostname="127.0.0.1")
    assert not stolen.session_reused


def test_a_renewed_certificate_is_used_by_new_connections_and_old_ones_go_on(network):
    def serial(sock):
        return sock.getpeercert()["serialNumber"]
    context = client(network)
    old = context.wrap_socket(plain(network), server_hostname="127.0.0.1")
    assert statuses(get(old)) == [200]
    session, was = old.session, serial(old)
    gz = network.stem(PART)
    network.cli("key", "member", "--network", network.run / "net", "--out", gz, "--code", "11440100MB0044011H",
                "--name", "广州市融资信用服务平台", "--hosts", "localhost,127.0.0.1")
    if os.geteuid() == 0:
        subprocess.run(["chown", "nobody:", f"{gz}.crt", f"{gz}.key"], check=True)
    os.kill(network.pid(PART), signal.SIGHUP)
    until(lambda: serial(link(network)) != was, 20, "the new certificate")
    assert statuses(get(old)) == [200]
    # A ticket of before opens nothing quickly, but its holder is let in.
    late = context.wrap_socket(plain(network), server_hostname="127.0.0.1", session=session)
    assert not late.session_reused and statuses(get(late)) == [200]


@pytest.mark.parametrize("bytes_", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\x01" * 70000, b"\x80" * 300000,
                                    b"\x15\x03\x03\x00\x02\x02\x28", frames.PREFACE], ids=["http", "hello", "noise", "alert", "preface"])
def test_what_is_no_handshake_is_cut(network, bytes_):
    sock = plain(network)
    try:
        sock.sendall(bytes_)
    except OSError:
        pass
    back, seconds = rest(sock)
    assert len(back) < 100 and seconds < 6


# --- how many, how slow ---
def test_one_address_has_so_many_connections_and_others_theirs(network):
    before = cuts(network, "address")
    mine = [link(network, source="127.0.0.2") for _ in range(PER_ADDRESS)]
    for _ in range(5):
        with pytest.raises(OSError):
            link(network, source="127.0.0.2")
    assert cuts(network, "address") == before + 5
    assert statuses(get(mine[7])) == [200]
    mine.pop().close()
    until(lambda: not failing(lambda: link(network, source="127.0.0.2")), 10, "room again")
    for sock in mine:
        sock.close()


def failing(call):
    try:
        call()
    except OSError:
        return True
    return False


def test_handshakes_that_stand_still_do_not_keep_others_out(network):
    before = cuts(network, "handshakes") + cuts(network, "slow")
    silent = [plain(network, f"127.0.0.{3 + i % 4}") for i in range(200)]
    for sock in silent[::3]:
        sock.sendall(b"\x16\x03\x01\x02\x00\x01")
    began = time.monotonic()
    good(network)
    assert time.monotonic() - began < 2
    for sock in silent:
        back, _ = rest(sock, 10)
        assert back == b""
    assert time.monotonic() - began < 8
    assert cuts(network, "handshakes") + cuts(network, "slow") == before + 200


def test_a_head_that_never_ends_is_cut(network):
    sock = link(network)
    began = time.monotonic()
    sock.sendall(b"GET /healthz HTTP/1.1\r\n")
    with pytest.raises(OSError):
        while time.monotonic() - began < 10:
            sock.sendall(b"X: y\r\n")
            sock.settimeout(0.2)
            try:
                if not sock.recv(100):
                    break
            except socket.timeout:
                pass
        raise OSError
    assert HEAD - 0.5 < time.monotonic() - began < HEAD + 3


def drip(links, most=12):
    """Send each its piece again and again, some times a second, until it is
    cut; after how many seconds that was."""
    began, pieces, ends = time.monotonic(), dict(links), []

    def end(sock):
        del pieces[sock]
        ends.append(time.monotonic() - began)
    while pieces and time.monotonic() - began < most:
        pause = time.monotonic() + 0.2
        for sock in list(pieces):
            try:
                sock.sendall(pieces[sock])
            except OSError:
                end(sock)
        while pieces and (left := pause - time.monotonic()) > 0:
            for sock in select.select(list(pieces), [], [], left)[0]:
                try:
                    if not sock.recv(65536):
                        end(sock)
                except OSError:
                    end(sock)
    return ends + [most] * len(pieces)


def test_a_body_that_drips_is_cut(network):
    sock, two = link(network), h2(network)
    sock.sendall(b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 16000\r\n\r\n{")
    two.send(head(1, request("/v1/reports", "POST"), end=False))
    ends = drip([(sock, b" "), (two.link, frame(DATA, 0, 1, b" "))])
    assert all(IDLE - 0.5 < end < 3 * IDLE + 1 for end in ends), ends


def test_a_body_that_is_refused_early_cannot_drip_on(network):
    sock, two = link(network), h2(network)
    sock.sendall(b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{")
    assert b" 404 " in sock.recv(1000)
    two.send(head(1, request("/nothing", "POST"), end=False))
    ends = drip([(sock, b" "), (two.link, frame(DATA, 0, 1, b" "))])
    assert all(end < 3 * IDLE + 1 for end in ends), ends


def test_pings_alone_keep_no_connection(network):
    two = h2(network)
    two.send(head(1, request()))
    assert two.answer(1)[0] == OK
    [end] = drip([(two.link, frame(PING, payload=b"12345678"))])
    assert IDLE - 0.5 < end < 3 * IDLE + 1


def test_who_does_not_read_gets_no_more_and_is_cut(network):
    sock = link(network)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    began, asked = time.monotonic(), b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50
    sock.settimeout(0.5)
    with pytest.raises(OSError):
        while time.monotonic() - began < 15:
            try:
                sock.sendall(asked)
            except socket.timeout:
                continue
    assert time.monotonic() - began < 12


def test_who_opens_no_window_gets_no_more_and_is_cut(network):
    two = h2(network, settings=struct.pack(">HI", 4, 0))
    refused = 0
    for stream in range(1, 400, 2):
        two.send(head(stream, request("/metrics")))
    for kind, _, _, payload in two.frames(12):
        refused += kind == RST and int.from_bytes(payload, "big") == frames.REFUSED
    assert refused > 50


# --- HTTP/1.1 ---
GET = b"GET /v1/streams HTTP/1.1\r\nHost: x\r\n\r\n"
TRICKS = {
    "cl-te": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "te-cl": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "te-space": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "te-tab": b"Transfer-Encoding:\tchunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "te-x": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "te-vt": b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "te-fold": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "te-twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "te-quoted": b"Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
    "te-gzip": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "te-last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "cl-twice": b"Content-Length: 0\r\nContent-Length: 37\r\n\r\n",
    "cl-list": b"Content-Length: 0, 37\r\n\r\n",
    "cl-plus": b"Content-Length: +0\r\n\r\n",
    "cl-hex": b"Content-Length: 0x0\r\n\r\n",
    "cl-minus": b"Content-Length: -1\r\n\r\n",
    "cl-empty": b"Content-Length:\r\n\r\n",
    "cl-huge": b"Content-Length: 18446744073709551616\r\n\r\n",
    "cl-nul": b"Content-Length: 0\x00\r\n\r\n",
    "cl-fold": b"Content-Length: 0\r\n 7\r\n\r\n",
    "chunk-plus": b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
    "chunk-hex": b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
    "chunk-minus": b"Transfer-Encoding: chunked\r\n\r\n-0\r\n\r\n",
    "chunk-huge": b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n\r\n",
    "chunk-lf": b"Transfer-Encoding: chunked\r\n\r\n0\n\n",
    "chunk-ext": b"Transfer-Encoding: chunked\r\n\r\n0;" + b"a" * 100000 + b"\r\n\r\n",
    "chunk-ext-lf": b"Transfer-Encoding: chunked\r\n\r\n0;a\n\r\n\r\n",
    "chunk-long": b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 100000 + b"\r\n\r\n",
    "chunk-overrun": b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "trailers": b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
    "bare-lf": b"X: y\nZ: w\r\n\r\n",
    "bare-cr": b"X: y\rContent-Length: 37\r\n\r\n",
    "cr-lf-cr": b"X: y\r\r\n\r\n",
    "nul": b"X: a\x00b\r\n\r\n",
    "name-space": b"X y: z\r\n\r\n",
    "name-empty": b": z\r\n\r\n",
    "name-high": b"X\xc2\xa0: z\r\n\r\n",
    "name-none": b"no colon at all\r\n\r\n",
    "first-space": b" X: y\r\n\r\n",
    "host-twice": b"Host: y\r\n\r\n",
    "expect": b"Expect: 200-maybe\r\n\r\n",
    "many": b"".join(b"X%d: y\r\n" % i for i in range(100)) + b"\r\n",
    "large": b"X: " + b"y" * 20000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_request_that_could_be_read_in_two_ways_is_refused_with_all_behind_it(network, trick):
    sock = link(network)
    try:
        sock.sendall(b"POST /v1/reports HTTP/1.1\r\nHost: x\r\n" + TRICKS[trick] + GET + GET)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    back, _ = rest(sock)
    assert len(statuses(back)) <= 1 and b"\"streams\"" not in back, back[:300]
    assert all(400 <= s < 600 for s in statuses(back)), back[:300]


LINES = {
    "none": b"GET /v1/streams HTTP/1.1\r\n\r\n",
    "empty-host": b"GET /v1/streams HTTP/1.1\r\nHost:\r\nHost:\r\n\r\n",
    "0.9": b"GET /v1/streams\r\n\r\n",
    "2.0": b"GET /v1/streams HTTP/2.0\r\nHost: x\r\n\r\n",
    "1.2": b"GET /v1/streams HTTP/1.10\r\nHost: x\r\n\r\n",
    "case": b"GET /v1/streams http/1.1\r\nHost: x\r\n\r\n",
    "preface": frames.PREFACE,
    "two-spaces": b"GET  /v1/streams HTTP/1.1\r\nHost: x\r\n\r\n",
    "tab": b"GET\t/v1/streams\tHTTP/1.1\r\nHost: x\r\n\r\n",
    "space-in-url": b"GET /v1/str eams HTTP/1.1\r\nHost: x\r\n\r\n",
    "fragment": b"GET /v1/streams#x HTTP/1.1\r\nHost: x\r\n\r\n",
    "high": b"GET /v1/streams\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "no-slash": b"GET v1/streams HTTP/1.1\r\nHost: x\r\n\r\n",
    "long-url": b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "long-method": b"G" * 20000 + b" / HTTP/1.1\r\nHost: x\r\n\r\n",
    "connect": b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "trace": b"TRACE /v1/streams HTTP/1.1\r\nHost: x\r\n\r\n",
    "lf": b"GET /v1/streams HTTP/1.1\nHost: x\n\n",
    "nul": b"GET /v1/streams\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_is_no_request_line_is_refused(network, line):
    sock = link(network)
    sock.sendall(LINES[line])
    sock.shutdown(socket.SHUT_WR)
    back, _ = rest(sock)
    assert len(statuses(back)) <= 1 and all(400 <= s < 600 for s in statuses(back)), back[:300]
    assert b"\"streams\"" not in back


def test_an_upgrade_is_not_heard(network):
    sock = link(network)
    back = get(sock, "/healthz", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n")
    assert statuses(back) == [200]


# --- HTTP/2 ---
def flood(two, pieces):
    for piece in list(pieces):  # all of it made first: what counts is how fast it comes
        two.send(piece)
        if two.broken:
            break
    return two.goodbye()


def test_a_good_request_by_hand_is_answered(network):
    two = h2(network)
    assert two.send(head(1, request())).answer(1) == (OK, b"alive\n")
    assert two.send(head(3, request())).answer(3) == (OK, b"alive\n")


STREAMS = range(1, 4001, 2)
FLOODS = {
    "rapid-reset": (head(s, request()) + frame(RST, 0, s, struct.pack(">I", 8)) for s in STREAMS),
    "reset-no-error": (head(s, request("/v1/reports", "POST"), end=False) + frame(RST, 0, s, struct.pack(">I", 0)) for s in STREAMS),
    "made-you-reset": (head(s, request("/v1/reports", "POST"), end=False) + frame(WINDOW, 0, s, struct.pack(">I", 0x7FFFFFFF)) for s in STREAMS),
    "bad-heads": (head(s, request(more=[("Upper", "x")])) for s in STREAMS),
    "large-heads": (head(s, request(more=[("x", "y" * 9000), ("z", "y" * 6900)])) for s in STREAMS),
    "settings": (frame(SETTINGS, payload=struct.pack(">HI", 3, i)) for i in range(3000)),
    "ping": (frame(PING, payload=b"12345678") for i in range(3000)),
    "ping-ack": (frame(PING, ACK, payload=b"12345678") for i in range(3000)),
    "priority": (frame(PRIORITY, 0, 1 + 2 * (i % 1000), b"\0\0\0\0\0") for i in range(3000)),
    "unknown": (frame(0xbb, 0, 0, b"") for i in range(3000)),
    "window": (frame(WINDOW, 0, 0, struct.pack(">I", 1)) for i in range(30000)),
    "empty-data": [head(1, request("/v1/reports", "POST"), end=False)] + [frame(DATA, 0, 1)] * 3000,
    "continuation": [frame(HEADERS, END_STREAM, 1, request())] + [frame(CONTINUATION, 0, 1, frames.block(("x", "y" * 1000)))] * 3000,
    "empty-continuation": [frame(HEADERS, END_STREAM, 1, request())] + [frame(CONTINUATION, 0, 1)] * 3000,
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_sent_away(network, name):
    before = cuts(network, "flood")
    two = h2(network)
    code = flood(two, FLOODS[name])
    assert code in (None, CALM) or "continuation" in name, code
    assert code == CALM or two.broken or "continuation" in name
    if "continuation" not in name:
        assert cuts(network, "flood") == before + 1


WRONG = {
    "upper-case": request(more=[("Host", "x")]),
    "connection": request(more=[("connection", "close")]),
    "te": request(more=[("te", "gzip")]),
    "transfer-encoding": request(more=[("transfer-encoding", "chunked")]),
    "crlf": request(more=[("x", "y\r\nContent-Length: 3")]),
    "nul": request(more=[("x", "y\0z")]),
    "name-space": request(more=[("x y", "z")]),
    "name-empty": request(more=[("", "z")]),
    "pseudo-late": request(more=[(":path", "/v1/streams")]),
    "pseudo-unknown": frames.block((":method", "GET"), (":scheme", "https"), (":path", "/"), (":x", "y")),
    "no-path": frames.block((":method", "GET"), (":scheme", "https"), (":authority", "x")),
    "empty-path": frames.block((":method", "GET"), (":scheme", "https"), (":path", ""), (":authority", "x")),
    "no-method": frames.block((":scheme", "https"), (":path", "/healthz"), (":authority", "x")),
    "path-crlf": frames.block((":method", "GET"), (":scheme", "https"), (":path", "/healthz HTTP/1.1\r\nX: y"), (":authority", "x")),
    "status": frames.block((":status", "200")),
    "length": request(method="POST", path="/v1/reports", more=[("content-length", "5")]),
    "length-twice": request(method="POST", path="/v1/reports", more=[("content-length", "0"), ("content-length", "0")]),
    "connect": frames.block((":method", "CONNECT"), (":authority", "x:443")),
    "many": request(more=[(f"x{i}", "y") for i in range(100)]),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_head_that_http_2_forbids_gets_no_answer(network, name):
    two = h2(network)
    first, body = two.send(head(1, WRONG[name])).answer(1)
    assert body is None or first != OK, (first, body)
    two.link.close()


BROKEN = {
    "even-stream": head(2, request()),
    "stream-0": head(0, request()),
    "data-idle": frame(DATA, 0, 7, b"x"),
    "too-long": frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\0" * 20000),
    "settings-ack": frame(SETTINGS, ACK) * 2,
    "settings-odd": frame(SETTINGS, payload=b"12345"),
    "settings-stream": frame(SETTINGS, 0, 1),
    "ping-short": frame(PING, payload=b"1"),
    "window-zero": frame(WINDOW, 0, 0, b"\0\0\0\0"),
    "window-over": frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff"),
    "push": frame(frames.PUSH, END_HEADERS, 1, struct.pack(">I", 2) + request()),
    "hpack": head(1, b"\xff\xff\xff\xff\xff\xff\xff\xff"),
    "hpack-index": head(1, b"\xff\x80\x80\x01"),
    "hpack-table": head(1, b"\x3f\xff\xff\xff\x0f" + request()),
    "interleaved": frame(HEADERS, END_STREAM, 1, request()) + frame(PING, payload=b"12345678"),
    "continuation-alone": frame(CONTINUATION, END_HEADERS, 1, request()),
    "padding": frame(HEADERS, END_HEADERS | END_STREAM | 8, 1, b"\xff" + request()),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_frame_ends_the_connection(network, name):
    two = h2(network)
    got = two.send(BROKEN[name]).find(lambda f: f[0] == GOAWAY and int.from_bytes(f[3][4:8], "big") != 0, IDLE / 2)
    assert got is not None or two.broken or two.read(IDLE / 2) is None


def test_no_preface_no_connection(network):
    sock = link(network, "h2")
    sock.sendall(b"GET /v1/streams HTTP/1.1\r\nHost: x\r\n\r\n")
    back, _ = rest(sock)
    assert b"\"streams\"" not in back and b"HTTP/1.1" not in back


def test_more_streams_than_allowed_are_refused_and_a_table_bomb_is_nothing(network):
    two = h2(network)
    for stream in range(1, 241, 2):
        two.send(head(stream, request("/v1/reports", "POST"), end=False))
    got = two.find(lambda f: f[0] in (RST, GOAWAY))
    assert got and got[0] == RST and int.from_bytes(got[3], "big") in (1, frames.REFUSED), got
    bomb = h2(network)
    entry = b"\x40" + frames.text("x") + frames.text("y" * 3000)
    bomb.send(head(1, request() + entry + b"\xbe" * 12000))
    first, body = bomb.answer(1)
    assert body is None or first != OK


# --- the end ---
def test_a_stop_lets_what_runs_finish_and_says_that_it_goes(network):
    one, idle, two, quiet = link(network), link(network), h2(network), h2(network)
    assert statuses(get(idle)) == [200]
    body = b'{"subject":"x"}'
    one.sendall(b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:3])
    two.send(head(1, request("/v1/reports", "POST"), end=False))
    assert two.find(lambda f: f[0] == SETTINGS and f[1] & ACK)
    quiet.send(head(1, request()))
    assert quiet.answer(1)[0] == OK
    os.kill(network.pid(PART), signal.SIGTERM)
    try:
        back, seconds = rest(idle)
        assert back == b"" and seconds < 3
        gone = two.find(lambda f: f[0] == GOAWAY)
        assert int.from_bytes(gone[3][:4], "big") == 0x7FFFFFFF and int.from_bytes(gone[3][4:8], "big") == 0
        two.send(head(3, request()))  # crossed the warning on its way
        assert two.answer(3)[0] == OK
        one.sendall(body[3:])
        back, _ = rest(one)
        assert statuses(back) == [400] and b"connection: close" in back
        two.send(frame(DATA, END_STREAM, 1, body))
        assert two.answer(1)[1] is not None
        assert two.goodbye() in (0, None) and quiet.goodbye() == 0
        with pytest.raises(OSError):
            plain(network)
    finally:
        network.stop(PART)
        network.start(PART)
