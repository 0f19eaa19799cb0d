import pytest

from tests.support import reference


@pytest.fixture(scope="session")
def assembled(tmp_path_factory):
    return reference.assemble("hw1", tmp_path_factory.mktemp("reference") / "hw1")


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    with reference.started("hw1", tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture
def tried(engine, assembled, tmp_path):
    """Run some cases of HW1 on its reference."""
    return reference.runner(engine, assembled, tmp_path)
