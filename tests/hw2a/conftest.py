import pytest

from tests.support import reference


@pytest.fixture(scope="session")
def assembled_hw2a(tmp_path_factory):
    return reference.assemble("hw2a", tmp_path_factory.mktemp("reference") / "hw2a")


@pytest.fixture(scope="session")
def engine_hw2a(tmp_path_factory):
    with reference.started("hw2a", tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture
def tried(engine_hw2a, assembled_hw2a, tmp_path):
    """Run some cases of HW2A on its reference."""
    return reference.runner(engine_hw2a, assembled_hw2a, tmp_path)
