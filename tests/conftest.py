"""How all tests run: properties without deadlines, and each room's tests in one process."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Properties are about values: no example has a deadline, for a busy machine is no fault.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

TESTS = Path(__file__).parent
LONGEST = ("demo", "attacks", "browser", "cli", "sandbox", "hw1", "hw2a")


def _room(item):
    return item.path.relative_to(TESTS).parts[0]


def pytest_collection_modifyitems(items):
    """Begin with the rooms that take longest, so that two processes end together."""
    items.sort(key=lambda item: LONGEST.index(r) if (r := _room(item)) in LONGEST else 99)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep a room's tests together when rooms are tested side by side (`-n 2`).

    What a room sets up for all of its tests (a played demo, a warm process) is then set up once.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Rooms(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return Path(nodeid.partition("::")[0]).parts[1]

    config.option.loadscopereorder = False
    return Rooms(config, log)
