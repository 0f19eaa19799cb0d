"""How all tests run: properties without deadlines, and each room's tests in one process."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Properties are about values: no example has a deadline, for a busy machine is no fault.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Keep a room's tests together when rooms are tested side by side (`--dist loadgroup`)."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(item.path.relative_to(TESTS).parts[0]))
