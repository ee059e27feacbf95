"""Images straight from the hub, whose log is trimmed; and a province that
finds its own records wrong when it makes one."""
import os
import shutil
import subprocess

import pytest
from harness import Network, rows_of, until

pytest.importorskip("zmq", reason="python3-zmq is missing")
from rocks import Store  # noqa: E402

ROWS = 2000


@pytest.fixture(scope="module")
def network():
    os.environ["RONGXIN_NODE_LOG_BYTES"] = "1"
    net = Network()
    try:
        yield net.up()
    finally:
        del os.environ["RONGXIN_NODE_LOG_BYTES"]
        net.down()


def log_of(network, part, event):
    lines = (network.run / "log" / f"{part}.log").read_text(errors="replace").splitlines()
    return [line for line in lines if f" {event} " in line]


@pytest.fixture(scope="module")
def held(network):
    text = network.gen(1, ROWS, 81, "--division", "4401,4403")
    header, *lines = text.splitlines()
    for part in range(3):
        piece = "\n".join([header, *lines[part::3]]) + "\n"
        assert network.submit(1, piece, f"hub-image-{part}").status == 200
    network.agree("gd", "44")
    network.agree("gz", "4401")
    return [r["uscc"] for r in rows_of(text)]


def trim(network):
    """As the hub's own trimming does it: the newest batch of a stream stays."""
    conninfo = (network.run / "hub" / "pg.conninfo").read_text().strip()
    subprocess.run(["psql", "-XAtq", conninfo, "-c",
                    "DELETE FROM change_log c USING stream_state s WHERE s.stream = c.stream AND c.last < s.position"], check=True)


def test_a_new_province_gets_images_of_everything_from_the_hub(network, held):
    network.stop("gd")
    shutil.rmtree(network.run / "gd" / "store")
    trim(network)
    network.start("gd")
    network.agree("gd", "44")

    def loaded():
        return {line.split("stream=")[1][:4] for line in log_of(network, "gd", "load.done")}
    until(lambda: loaded() >= {"0000", "4401", "4403"}, 10, "it says so of each stream")
    network.agree("gz", "4401")


def test_a_province_that_finds_its_own_records_wrong_mends_them_before_it_passes_them_on(network, held):
    """The image that the hub made before is too old for it by now."""
    text = network.gen(1, ROWS, 81, "--division", "4401,4403").replace("有限公司", "有限公司二代")
    assert network.submit(1, "\n".join(text.splitlines()[:9]) + "\n", "hub-image-newer").status == 200
    network.agree("gd", "44")
    network.stop("gz")
    network.stop("gd")
    store = Store(network.run / "gd" / "store")
    key, value = next(row for row in store.rows("records", b"91") if b"4401" in row[0] and "有限公司".encode() in row[1])
    store.put("records", key, value.replace("有限公司".encode(), "无限公司".encode()))
    store.close()
    shutil.rmtree(network.run / "gz" / "store")
    network.start("gd")
    network.start("gz")
    network.agree("gz", "4401")
    network.agree("gd", "44")
    assert any("stream=4401" in line for line in log_of(network, "gd", "follow.doubt"))
    done = until(lambda: [line for line in log_of(network, "gd", "load.done") if "repaired=1" in line], 10, "it says so")
    assert len(done) == 1 and "stream=4401" in done[0] and "records=1 " in done[0] + " "
    until(lambda: network.streams("gd")["4401"]["agreed"], 10, "the province agrees")


def test_a_city_that_was_away_for_longer_than_the_log_is_told_so_on_its_detour(network, held):
    """The province is away too, so it asks the hub for stream 0000, whose log begins later by now; it serves what it has,
    and takes an image when the province is back."""
    network.stop("gz")
    left = network.streams("hub")["0000"]["position"]
    for port in (1, 2, 3):
        network.cli("member", "set-url", "11440300MB0044038K", f"https://127.0.0.1:{port}", who="operator", part="hub")
    newest = network.streams("hub")["0000"]["position"]
    network.agree("gd", "44")
    network.stop("gd")
    trim(network)
    network.environment["RONGXIN_NODE_PARENT_URL"] = network.url("hub")
    network.start("gz")
    del network.environment["RONGXIN_NODE_PARENT_URL"]
    line = until(lambda: log_of(network, "gz", "detour.too_old"), 30, "it is told")[0]
    assert newest == left + 3 and f"oldest={newest}" in line, line
    assert network.streams("gz")["0000"]["position"] == left and not log_of(network, "gz", "detour.taken")
    network.start("gd")
    network.agree("gz", "4401")
    assert any("stream=0000" in line for line in log_of(network, "gz", "load.done"))
