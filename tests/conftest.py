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

MEMORY = pathlib.Path("/dev/shm")
ROOM = 6 << 30


def base():
    """In memory, where there is room: disks are slow to make and remove the thousands of small files of databases,
    and no test keeps any.  RX_TEST_BASE chooses another place."""
    if "RX_TEST_BASE" in os.environ:
        return os.environ["RX_TEST_BASE"]
    if not MEMORY.is_dir():
        return "/tmp"
    room = os.statvfs(MEMORY)
    available = dict(line.split(":") for line in open("/proc/meminfo"))["MemAvailable"]
    fits = min(room.f_bavail * room.f_frsize, int(available.split()[0]) * 1024 // 2) >= ROOM
    return str(MEMORY) if fits and not room.f_flag & os.ST_NOEXEC else "/tmp"


OURS = None
if "RX_TEST_FOLDER" not in os.environ:  # the processes that xdist starts have it from here
    OURS = os.environ["RX_TEST_FOLDER"] = tempfile.mkdtemp(prefix="rx.", dir=base())
    os.chmod(OURS, 0o755)

REPORTS = pathlib.Path(tempfile.mkdtemp(prefix="rongxin-reports.", dir="/tmp"))
REPORTS.chmod(0o1777)  # daemons started by root are nobody

for kind in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"):
    given = os.environ.get(kind)
    os.environ[kind] = ":".join(filter(None, [given, f"log_path={REPORTS}/report"]))


def pytest_unconfigure():
    shutil.rmtree(REPORTS, ignore_errors=True)
    if OURS:
        shutil.rmtree(OURS, ignore_errors=True)


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


# Files that take longest begin first, so that no process is left with one of them at the end.
FIRST = ("image", "exchange", "pages", "crash", "roll", "stop", "outage", "history", "conflict", "full", "ledger", "ways", "hostile", "elsewhere", "fault", "submit",
         "powercut", "bounds", "conformance", "failures", "path", "crowd", "quality", "order")
# All that need a browser, and what makes it give up its requests: the weather changes network interfaces.
PAGES = ("accessible", "console", "dept", "my.py", "openapi", "weather")


def network_of(nodeid):
    """Tests of a file share a network, those of the console one for all its files: they belong to one process."""
    file = nodeid.split("::")[0]
    return "test_pages" if file.rpartition("test_")[2].startswith(PAGES) else file


def rank(item):
    name = network_of(item.nodeid).rpartition("test_")[2].removesuffix(".py")
    return FIRST.index(name) if name in FIRST else len(FIRST)


def pytest_collection_modifyitems(items):
    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadFileScheduling

    class ByNetwork(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return network_of(nodeid)

    return ByNetwork(config, log)
