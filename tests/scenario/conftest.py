import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from harness import Network  # noqa: E402

SHARED = []  # the country of the console's files, while there is one


@pytest.fixture(scope="module")
def network():
    """One running network for the tests of a file."""
    net = Network()
    try:
        yield net.up()
    finally:
        net.down()


@pytest.fixture
def shared(one_day):
    """One country and one browser for all files that look at the console, and for a day: they count what came today."""
    from console import Shared, today
    if SHARED and SHARED[0].day != today():
        SHARED.pop().close()
    if not SHARED:
        SHARED.append(Shared())
    return SHARED[0].look()


@pytest.fixture
def two_persons():
    """What a test names that wants a hub at which two operators have to agree."""


@pytest.fixture
def country(request, shared):
    shared.need_persons(2 if "two_persons" in request.fixturenames else 1)
    return shared.country


@pytest.fixture
def browser(shared):
    return shared.browser


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(nextitem):
    """It ends before the first test that needs none, so that what it said counts for the last that did."""
    if SHARED and "shared" not in getattr(nextitem, "fixturenames", ()):
        SHARED.pop().close()
