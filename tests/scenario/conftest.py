import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from harness import Network  # noqa: E402


@pytest.fixture(scope="module")
def network():
    """One running network for the tests of a file."""
    net = Network()
    try:
        yield net.up()
    finally:
        net.down()
