"""Fixtures of the integration tests; rig.py has the hub they run."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from rig import DEPARTMENT, OTHER, SHARED, Hub, need_programs  # noqa: E402


@pytest.fixture(scope="module")
def hub():
    need_programs()
    box = Hub()
    try:
        box.start()
        box.admit(DEPARTMENT, "department", items=list(range(1, 38)))
        box.admit(OTHER, "department", items=[2])
        yield box
    finally:
        box.remove()


@pytest.fixture
def hub_with():
    """Makes more hubs, each alone: hub_with(state=…, settings=…)."""
    need_programs()
    boxes = []

    def make(**how):
        boxes.append(Hub(**how))
        return boxes[-1].start()

    yield make
    for box in boxes:
        box.remove()


@pytest.fixture(scope="session")
def registrations():
    path = SHARED / "registrations_5k.csv"
    if not path.exists():
        pytest.skip("shared data is absent: registrations_5k.csv")
    return path.read_bytes()
