"""Images of streams: a node that is too far behind its parent's log, new, or
not what the hub signed, gets what it lacks and nothing else."""
import os
import random
import re
import shutil
import signal
import threading
import time

import pytest
from harness import Network, alive, rows_of, until

ROWS = 3000


@pytest.fixture(scope="module")
def network():
    """Nodes keep nothing of their logs but the newest batch of each stream."""
    os.environ["RONGXIN_NODE_LOG_BYTES"] = "0"
    net = Network()
    try:
        yield net.up()
    finally:
        del os.environ["RONGXIN_NODE_LOG_BYTES"]
        net.down()


def log_of(network, part, *events):
    lines = (network.run / "log" / f"{part}.log").read_text(errors="replace").splitlines()
    return [line for line in lines if any(f" {event} " in line for event in events)]


def fact(line, name):
    return int(re.search(rf"\b{name}=(\d+)", line).group(1))


def forget(network, part):
    """The node's store is gone, as after a new disk."""
    network.stop(part)
    shutil.rmtree((network.run / part / "store").resolve())


def trimmed(network, part, stream):
    """Its log begins behind position 1: it cannot be followed from there."""
    return network.streams(part)[stream]["position"] > 0


@pytest.fixture(scope="module")
def held(network):
    """Many batches, then changes, in both cities."""
    text = network.gen(1, ROWS, 71, "--division", "4401,4403")
    header, *lines = text.splitlines()
    for part in range(3):
        piece = "\n".join([header, *lines[part::3]]) + "\n"
        assert network.submit(1, piece, f"snapshot-{part}").status == 200
    for item in (11, 19):
        assert network.submit(item, network.gen(item, ROWS // 3, 71, "--division", "4401,4403"), f"snapshot-i{item}").status == 200
    network.agree("gz", "4401")
    network.agree("gd", "44")
    time.sleep(6)
    return rows_of(text)


def test_a_city_whose_store_is_gone_gets_an_image_from_its_province(network, held):
    forget(network, "gz")
    network.start("gz")
    network.agree("gz", "4401")
    loads = log_of(network, "gz", "load.done")
    assert {line.split("stream=")[1][:4] for line in loads} == {"0000", "4401"}
