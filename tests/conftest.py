"""What all files of tests share.

What a sanitizer says fails the tests of that file: every process of a test
(daemons killed at random moments, too) writes its reports to one folder,
whatever becomes of its output and its exit code.

Files that count by day ask for `one_day`."""
import os
import pathlib
import shutil
import tempfile
import time

import pytest

REPORTS = pathlib.Path(tempfile.mkdtemp(prefix="rongxin-reports.", dir="/tmp"))
REPORTS.chmod(0o1777)  # daemons started by root are nobody

for kind in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"):
    given = os.environ.get(kind)
    os.environ[kind] = ":".join(filter(None, [given, f"log_path={REPORTS}/report"]))


def pytest_unconfigure():
    shutil.rmtree(REPORTS, ignore_errors=True)


@pytest.fixture(scope="module", autouse=True)
def no_sanitizer_reports():
    """Made before and so ended after the network of a file: stopping counts."""
    yield
    said = []
    for report in sorted(REPORTS.iterdir()):
        said.append(report.read_text(errors="replace"))
        report.unlink()
    assert not said, "a sanitizer reports:\n" + "\n".join(said)


DAY = 86400
ENDING = 180  # seconds that such a file may need


def seconds_left():
    """Of the day, in the network (UTC+8) and in UTC."""
    now = time.time()
    return min(DAY - now % DAY, DAY - (now + 8 * 3600) % DAY)


@pytest.fixture(scope="module")
def one_day():
    """The day does not end within this file, nor does the month."""
    while seconds_left() < ENDING:
        time.sleep(0.5)
