"""HTTP/2 as RFC 9113 and RFC 7541 have it, written by hand so that a test can
say what no library would."""
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, ACK = 1, 4, 1
CALM, REFUSED = 11, 7


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value, bits, first=0):
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = bytearray([first | most]), value - most
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return number(len(value), 7) + value


def block(*fields):
    """Literal fields without indexing."""
    return b"".join(b"\x00" + text(name) + text(value) for name, value in fields)


def request(path="/healthz", method="GET", more=()):
    return block((":method", method), (":scheme", "https"), (":path", path), (":authority", "x"), *more)


def head(stream, fields, end=True):
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, fields)


class Link:
    """A connection that has greeted."""

    def __init__(self, link, settings=b""):
        self.link, self.buffer, self.broken = link, b"", False
        self.send(PREFACE + frame(SETTINGS, payload=settings))

    def send(self, data):
        try:
            self.link.sendall(data)
        except OSError:
            self.broken = True
        return self

    def read(self, seconds=20):
        """The next frame as (kind, flags, stream, payload); None at the end."""
        self.link.settimeout(seconds)
        while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
            try:
                piece = self.link.recv(65536)
            except socket.timeout:
                raise
            except OSError:
                piece = b""
            if not piece:
                return None
            self.buffer += piece
        size = int.from_bytes(self.buffer[:3], "big")
        kind, flags, stream = self.buffer[3], self.buffer[4], int.from_bytes(self.buffer[5:9], "big") & 0x7FFFFFFF
        payload, self.buffer = self.buffer[9:9 + size], self.buffer[9 + size:]
        if kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK))
        return kind, flags, stream, payload

    def frames(self, seconds=20):
        """Until the end."""
        while (got := self.read(seconds)) is not None:
            yield got

    def find(self, wanted, seconds=20):
        """The first frame that is wanted, or None."""
        return next((got for got in self.frames(seconds) if wanted(got)), None)

    def goodbye(self, seconds=20):
        """The code of the last GOAWAY; None when it just ended."""
        last = None
        for kind, _, _, payload in self.frames(seconds):
            if kind == GOAWAY:
                last = int.from_bytes(payload[4:8], "big")
        return last

    def answer(self, stream, seconds=20):
        """(first byte of the header block, body); a reset's code, None."""
        first, body = None, b""
        for kind, flags, at, payload in self.frames(seconds):
            if at != stream:
                continue
            if kind == RST:
                return int.from_bytes(payload, "big"), None
            if kind == HEADERS:
                first = payload[0]
            if kind == DATA:
                body += payload
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                return first, body
        return None, None
