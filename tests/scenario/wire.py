"""The bus as a stranger would write it from docs/PROTOCOL.md: CURVE sockets,
protobuf by hand, headers, digests.  Shares no code with the programs."""
import hashlib
import pathlib
import threading
from collections import namedtuple

import zmq

HEADER_LEN = 132
Header = namedtuple("Header", "stream first last previous body raw_size committed_us state raw")


# --- protobuf: only what proto/*.proto uses ---
def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Every field of a message: (number, int or bytes)."""
    at, found = 0, []
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        else:
            assert tag & 7 == 2, "no other wire type is used"
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        found.append((tag >> 3, value))
    return found


def first(data, number, default=b""):
    return next((v for n, v in fields(data) if n == number), default)


# --- sealed batches ---
def header_of(sealed):
    raw = first(sealed, 1)
    assert len(raw) == HEADER_LEN and raw[:4] == b"RXB1"

    def number(start, size):
        return int.from_bytes(raw[start:start + size], "big")
    return Header(raw[4:8].decode(), number(8, 8), number(16, 8), raw[24:56], raw[56:88], number(88, 4), number(92, 8), raw[100:132], raw)


def with_field(sealed, number, value):
    """The same batch with one part put in another's place."""
    return b"".join(field(n, value if n == number else v) for n, v in fields(sealed))


def content_digest(record):
    def text(value):
        return len(value).to_bytes(4, "big") + value
    values = [(first(f, 1, 0), first(f, 2)) for n, f in fields(record) if n == 8]
    data = b"RXC1" + first(record, 1, 0).to_bytes(4, "big") + text(first(record, 2)) + text(first(record, 3))
    data += first(record, 5, 0).to_bytes(4, "big") + text(first(record, 6)) + len(values).to_bytes(4, "big")
    data += b"".join(number.to_bytes(4, "big") + text(value) for number, value in values)
    return hashlib.sha256(data).digest()


def element_digest(content, version, as_of_us):
    return hashlib.sha256(b"RXE2" + content + version.to_bytes(8, "big") + as_of_us.to_bytes(8, "big", signed=True)).digest()


def state_digest(elements):
    total = sum(int.from_bytes(hashlib.shake_128(e).digest(512), "little") for e in elements) % (1 << 4096)
    return hashlib.sha256(total.to_bytes(512, "little")).digest()


# --- sockets ---
def z85(path):
    return pathlib.Path(path).read_text().strip().encode()


def endpoint(text):
    return "tcp://127.0.0.1:" + text.rsplit(":", 1)[1]


class Child:
    """Speaks to a parent (hub or relay) with a node's CURVE key."""

    def __init__(self, network, part, who, key_of):
        ready = network.ready(part)
        self.context = zmq.Context()
        self.ask = self.context.socket(zmq.DEALER)
        self.live = self.context.socket(zmq.SUB)
        for socket, place in ((self.ask, "fetch"), (self.live, "live")):
            socket.linger = 0
            socket.curve_secretkey = z85(f"{network.stem(who)}.curve")
            socket.curve_publickey = z85(f"{network.stem(who)}.curve.pub")
            socket.curve_serverkey = z85(key_of)
            socket.connect(endpoint(ready[place]))
        self.ticket = 0

    def request(self, number, body, seconds=10):
        """A request and its reply: (kind, bytes); None when nobody answers."""
        self.ticket += 1
        self.ask.send(field(1, self.ticket) + field(number, body))
        while self.ask.poll(int(seconds * 1000)):
            reply = self.ask.recv()
            if first(reply, 1, 0) == self.ticket:
                return next((n, v) for n, v in fields(reply) if n != 1)
        return None

    def fetch(self, stream):
        """Every sealed batch of a stream, as it travels."""
        batches = []
        while True:
            after = header_of(batches[-1]).last if batches else 0
            kind, reply = self.request(3, field(1, stream) + field(2, after) + field(3, 64))
            assert kind == 3, f"{stream}: reply {kind}"
            more = [v for n, v in fields(reply) if n == 2]
            batches += more
            if not more:
                return batches

    def subscribe(self, *topics):
        for topic in topics:
            self.live.subscribe(topic)

    def hear(self, seconds):
        """The next live message: topic, kind (1 sealed, 2 pulse), bytes; or None."""
        if not self.live.poll(int(seconds * 1000)):
            return None
        topic, message = self.live.recv_multipart()
        kind, body = fields(message)[0]
        return topic.decode(), kind, body

    def close(self):
        self.context.destroy(linger=0)


class Parent:
    """Serves children in a real node's place, with its key, at its ports.
    `answer(stream, after)` says which batches a fetch gets; `taken` says
    whether upward messages are acknowledged."""

    def __init__(self, live, fetch, secret_key):
        self.context = zmq.Context()
        self.live = self.context.socket(zmq.PUB)
        self.fetch = self.context.socket(zmq.ROUTER)
        for socket, place in ((self.live, live), (self.fetch, fetch)):
            socket.linger = 0
            socket.curve_server = True
            socket.curve_secretkey = z85(secret_key)
            socket.bind(endpoint(place))
        self.answer = lambda stream, after: []
        self.newest = {}
        self.asked = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while not self.stopping.is_set():
            if self.fetch.poll(20):
                child, message = self.fetch.recv_multipart()
                self.fetch.send_multipart([child, self.reply(message)])

    def reply(self, message):
        ticket, (kind, body) = first(message, 1, 0), next((n, v) for n, v in fields(message) if n != 1)
        if kind == 2:
            return field(1, ticket) + field(2, field(1, 1) + field(2, "liar") + field(3, "11440000MB00004493"))
        if kind == 4:
            return field(1, ticket) + field(5, 1)
        stream, after = first(body, 1).decode(), first(body, 2, 0)
        self.asked.append((stream, after))
        batches = b"".join(field(2, s) for s in self.answer(stream, after))
        return field(1, ticket) + field(3, field(1, stream) + batches + field(3, self.newest.get(stream, 0)))

    def say(self, topic, sealed=None, pulse=None):
        self.live.send_multipart([topic.encode(), field(1, sealed) if sealed is not None else field(2, pulse)])

    def close(self):
        if self.stopping.is_set():
            return
        self.stopping.set()
        self.thread.join()
        self.context.destroy(linger=0)
