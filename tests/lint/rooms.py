#!/usr/bin/python3
"""Rooms: no include against the direction of docs/ARCHITECTURE.md, and each
third-party library only in its home."""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "lib/base": {"base"},
    "lib/credit": {"base", "credit"},
    "lib/wire": {"base", "credit", "wire"},
    "hub": {"base", "credit", "wire", "hub"},
    "node": {"base", "credit", "wire", "node"},
    "cli": {"base", "credit", "wire", "cli"},
}
HOMES = {
    r"libpq-fe\.h|postgres_fe\.h": r"hub/pg\w*\.[ch]",
    r"rocksdb/c\.h": r"node/kv\w*\.[ch]",
    r"zmq\.h": r"lib/wire/bus\w*\.c",
    r".*\.pb-c\.h|protobuf-c/.*": r"lib/wire/pack\w*\.[ch]",
    r"zstd\.h": r"lib/wire/(seal|inflate)\.c",
    r"zlib\.h": r"lib/wire/inflate\.c",
    r"nghttp2/.*": r"lib/wire/http2\w*\.[ch]",
    r"llhttp\.h": r"lib/wire/http1\.[ch]",
    r"jansson\.h": r"lib/base/json\.c",
    r"curl/.*": r"cli/fetch\.c|lib/wire/(https\w*|errand)\.[ch]",
    r"openssl/.*": r"lib/base/(digest|setsum|sign|cert|jws)\w*\.[ch]|lib/wire/tls\.[ch]",
    r"(cairo|pango|fontconfig).*": r"node/typeset\.c",
    r"uv\.h": r"lib/base/(work|spool)\.c|lib/wire/(http|bus|tls)\w*\.[ch]|(hub|node)/main\.c",
}
PURE = re.compile(r"\b(fopen|open|read|write|socket|pthread_create|time|clock_gettime|printf|log_(info|warn|error|debug))\s*\(")


def room_of(path):
    for room in MAY_INCLUDE:
        if str(path).startswith(room + "/"):
            return room
    return None


def check(path, text):
    room = room_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        own = re.match(r'\s*#include "([^"]+)"', line)
        foreign = re.match(r"\s*#include [<\"]([^>\"]+)[>\"]", line)
        if own and not own.group(1).endswith(".pb-c.h"):
            first = own.group(1).split("/")[0]
            if "/" not in own.group(1) or first not in MAY_INCLUDE[room]:
                yield f"{path}:{number}: {room} may not include {own.group(1)}"
        if foreign:
            for library, home in HOMES.items():
                if re.fullmatch(library, foreign.group(1)) and not re.fullmatch(home, str(path)):
                    yield f"{path}:{number}: {foreign.group(1)} has its home in {home}"
        if room == "lib/credit" and path.suffix == ".c" and PURE.search(line):
            yield f"{path}:{number}: lib/credit is pure: {line.strip()}"


def main():
    files = [p for room in MAY_INCLUDE for p in sorted(pathlib.Path(room).glob("*.[ch]"))]
    faults = [fault for path in files for fault in check(path, path.read_text())]
    print("\n".join(faults) if faults else f"rooms: {len(files)} files, every include goes the right way")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
