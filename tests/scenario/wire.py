"""The bus as a stranger would write it from docs/PROTOCOL.md: CURVE sockets,
protobuf by hand, headers, digests.  Shares no code with the programs."""
import hashlib
import pathlib
import subprocess
import tempfile
import threading
import time
from collections import namedtuple

import zmq
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

HEADER_LEN = 132
Image = namedtuple("Image", "position pages chunks")
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


def element_of(record):
    """Of a packed record."""
    return element_digest(content_digest(record), first(record, 4, 0), first(record, 7, 0))


def element_sum(elements):
    """ChaCha20 (RFC 8439) with the element digest as key, from block 0 on; modulo 2^4096."""
    return sum(int.from_bytes(Cipher(algorithms.ChaCha20(e, bytes(16)), None).encryptor().update(bytes(512)), "little")
               for e in elements) % (1 << 4096)


def sum_digest(total):
    return hashlib.sha256(total.to_bytes(512, "little")).digest()


def state_digest(elements):
    return sum_digest(element_sum(elements))


def is_signed(key, sealed):
    """By this Ed25519 public key (hex), as everybody has it?"""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100" + key))
        (folder / "header").write_bytes(first(sealed, 1))
        (folder / "signature").write_bytes(first(sealed, 2))
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder / "key.der",
                               "-rawin", "-in", folder / "header", "-sigfile", folder / "signature"], capture_output=True)
        return done.returncode == 0


# --- snapshots: docs/PROTOCOL.md section 4 ---
Entry = namedtuple("Entry", "first_key sum records size")
PAGE = 4096


def key_of(record):
    return first(record, 2) + b"\0" + first(record, 1, 0).to_bytes(2, "big") + first(record, 3)


class Index:
    """All pages of a snapshot's index, checked."""

    def __init__(self, pages, batch_key):
        head = pages[0]
        self.stream, self.position = first(head, 1).decode(), first(head, 2, 0)
        self.sealed, self.chunks, self.records = first(head, 3), first(head, 4, 0), first(head, 5, 0)
        self.entries = [Entry(first(e, 1), int.from_bytes(first(e, 2), "little"), first(e, 3, 0), first(e, 4, 0))
                        for page in pages for n, e in fields(page) if n == 7]
        header = header_of(self.sealed)
        assert first(self.sealed, 4, None) is None, "the batch's body does not come along"
        assert (header.stream, header.last) == (self.stream, self.position)
        assert is_signed(batch_key, self.sealed)
        assert len(self.entries) == self.chunks and sum(e.records for e in self.entries) == self.records
        keys = [e.first_key for e in self.entries]
        assert keys == sorted(set(keys)), "first keys ascend"
        self.state = sum_digest(sum(e.sum for e in self.entries) % (1 << 4096))
        assert self.state == header.state, "the sums add up to what the hub signed"

    def open(self, number, chunk):
        """The packed records of a Chunk message, checked against the index."""
        entry, body = self.entries[number], first(chunk, 4)
        assert (first(chunk, 1).decode(), first(chunk, 2, 0), first(chunk, 3, 0)) == (self.stream, self.position, number)
        assert len(body) == entry.size
        raw = subprocess.run(["zstd", "-dc"], input=body, capture_output=True, check=True).stdout
        records = [v for _, v in fields(raw)]
        keys = [key_of(r) for r in records]
        assert len(records) == entry.records and keys == sorted(set(keys)) and keys[0] == entry.first_key
        assert number + 1 == self.chunks or keys[-1] < self.entries[number + 1].first_key
        assert element_sum(element_of(r) for r in records) == entry.sum
        return records


# --- sockets ---
def z85(path):
    return pathlib.Path(path).read_text().strip().encode()


def endpoint(text):
    return "tcp://127.0.0.1:" + text.rsplit(":", 1)[1]


class Child:
    """Speaks to a parent (hub or relay) with a node's CURVE key.  `waiting`:
    so many messages may wait here; the others stay with the parent."""

    def __init__(self, network, part, who, key_of, waiting=None):
        ready = network.ready(part)
        self.context = zmq.Context()
        self.ask = self.context.socket(zmq.DEALER)
        self.live = self.context.socket(zmq.SUB)
        for socket, place in ((self.ask, "fetch"), (self.live, "live")):
            socket.linger = 0
            if waiting is not None:
                socket.rcvhwm, socket.rcvbuf = waiting, 4096
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

    def fetch(self, stream, after=0):
        """Every sealed batch of a stream behind `after`, as it travels."""
        batches = []
        while True:
            after = header_of(batches[-1]).last if batches else after
            kind, reply = self.request(3, field(1, stream) + field(2, after) + field(3, 64))
            assert kind == 3, f"{stream}: reply {kind}"
            more = [v for n, v in fields(reply) if n == 2]
            batches += more
            if not more:
                return batches

    def ask_page(self, stream, position=0, page=0):
        """(7, bytes), or (6, why not)."""
        kind, reply = self.request(5, field(1, stream) + field(2, position) + field(3, page))
        return kind, first(reply, 1).decode() if kind == 6 else reply

    def ask_chunk(self, stream, position, number):
        kind, reply = self.request(6, field(1, stream) + field(2, position) + field(3, number))
        return kind, first(reply, 1).decode() if kind == 6 else reply

    def take_index(self, stream, batch_key, position=0, seconds=60):
        """Asks until the snapshot is there."""
        deadline = time.monotonic() + seconds
        while True:
            kind, reply = self.ask_page(stream, position)
            if (kind, reply) != (6, "preparing"):
                break
            assert time.monotonic() < deadline, "preparing"
            time.sleep(0.02)
        assert kind == 7, reply
        pages = [reply]
        for page in range(1, -(-first(reply, 4, 0) // PAGE)):
            pages.append(self.ask_page(stream, first(reply, 2, 0), page)[1])
        return Index(pages, batch_key)

    def take_chunk(self, index, number):
        kind, chunk = self.ask_chunk(index.stream, index.position, number)
        assert kind == 8, chunk
        return index.open(number, chunk)

    def take_snapshot(self, stream, batch_key, position=0):
        """Its index and all records, in order."""
        index = self.take_index(stream, batch_key, position)
        return index, [r for i in range(index.chunks) for r in self.take_chunk(index, i)]

    def image(self, stream):
        """A snapshot as it travels: its position, pages and chunks."""
        pages, chunks, position = [], [], 0
        while True:
            ask = field(1, stream) + field(2, position) + field(3, len(pages))
            kind, reply = self.request(5, ask)
            if kind == 6:
                assert first(reply, 1) == b"preparing", reply
                time.sleep(0.05)  # as a node does: the parent makes it meanwhile
                continue
            assert kind == 7, f"{stream}: reply {kind}"
            pages.append(reply)
            position = first(reply, 2, 0)
            if len(pages) * 4096 >= first(reply, 4, 0):
                break
        while len(chunks) < first(pages[0], 4, 0):
            kind, reply = self.request(6, field(1, stream) + field(2, position) + field(3, len(chunks)))
            assert kind == 8, f"{stream}: reply {kind}"
            chunks.append(reply)
        return Image(position, pages, chunks)

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
    `answer(stream, after)` says which batches a fetch gets, or from which
    position on there are some; `images` what a snapshot is."""

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
        self.images = {}  # stream → Image, or a refusal's reason
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
        if kind in (5, 6):
            return field(1, ticket) + self.image_reply(kind, body)
        stream, after = first(body, 1).decode(), first(body, 2, 0)
        self.asked.append((stream, after))
        answer = self.answer(stream, after)
        if isinstance(answer, int):
            return field(1, ticket) + field(4, field(1, stream) + field(2, answer))
        batches = b"".join(field(2, s) for s in answer)
        return field(1, ticket) + field(3, field(1, stream) + batches + field(3, self.newest.get(stream, 0)))

    def image_reply(self, kind, body):
        stream, position, number = first(body, 1).decode(), first(body, 2, 0), first(body, 3, 0)
        self.asked.append((stream, "page" if kind == 5 else "chunk", number))
        image = self.images.get(stream, "gone")
        if isinstance(image, str):
            return field(6, field(1, image))
        if position not in (0, image.position):
            return field(6, field(1, "gone"))
        return field(7, image.pages[number]) if kind == 5 else field(8, image.chunks[number])

    def say(self, topic, sealed=None, pulse=None):
        self.live.send_multipart([topic.encode(), field(1, sealed) if sealed is not None else field(2, pulse)])

    def close(self):
        if self.stopping.is_set():
            return
        self.stopping.set()
        self.thread.join()
        self.context.destroy(linger=0)
