"""snapshot: a stream of the ledger becomes a snapshot, and all of it is sent to a child, beside what an operator
would do by hand: COPY of the same rows in the same order through zstd.  RX_BENCH_ROWS scales it (1,000,000)."""
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = int(os.environ.get("RX_BENCH_ROWS", "1000000"))
sys.path.insert(0, str(ROOT / "tests/integration"))
from place import Place  # noqa: E402


def wait_for_index(child, place):
    while child.ask_page("4401")[0] != 7:
        time.sleep(0.01)
    return child.take_index("4401", place.batch_key)


def run():
    place = Place()
    try:
        place.start().admit_all()
        place.hand_in(place.gen(1, ROWS, 101, "--division", "4401"), "bench")
        child = place.child()
        began = time.monotonic()
        index = wait_for_index(child, place)
        made = time.monotonic() - began
        began = time.monotonic()
        size = sum(len(child.ask_chunk("4401", index.position, i)[1]) for i in range(index.chunks))
        sent = time.monotonic() - began
        child.close()
        began = time.monotonic()
        subprocess.run(f"psql -XAtq -d '{place.ready['pg']}' -c \"COPY (SELECT * FROM record WHERE stream = '4401'"
                       " ORDER BY subject, item, key) TO STDOUT\" | zstd -3 -q > /dev/null", shell=True, check=True)
        plain = time.monotonic() - began
        yield "made", index.records / made, "rows/s", "COPY … ORDER BY | zstd", index.records / plain
        yield "sent, one child", index.records / sent, "rows/s", "", 0
        yield "sent, one child", size / sent / 1e6, "MB/s", "", 0
        yield "bytes a row, compressed", size / index.records, "bytes", "", 0
    finally:
        place.remove()
