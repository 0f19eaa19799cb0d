"""Schemas: from nothing to the newest, once, by any number of openers, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from graders.core.errors import CourseError, InfraError
from graders.store import Store
from graders.store.engine import as_writer, connect, parsed
from graders.store.migrations import VERSION_TABLE, head, version
from graders.store.models import Base


@pytest.fixture
def engine(empty_place):
    made = connect(parsed(empty_place.url))
    yield made
    made.dispose()


def test_migrations_make_exactly_what_the_models_say(empty_place, engine):
    empty_place.open().close()
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []
        assert version(connection) == head()


def test_many_openers_of_an_empty_database_agree(empty_place):
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: empty_place.open(), range(6)))
    for store in stores:
        assert store.students() == ()
        store.close()


def test_a_database_of_another_program_is_left_alone(empty_place, engine):
    with as_writer(engine).begin() as connection:
        connection.execute(text("CREATE TABLE theirs (x integer)"))
    with pytest.raises(CourseError, match=r"another program.*'theirs'"):
        empty_place.open()


def test_a_newer_database_asks_for_a_newer_program(empty_place, engine):
    empty_place.open().close()
    with as_writer(engine).begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = 'r9999_later'"))
    with pytest.raises(CourseError, match=r"newer zachetka.*r9999_later"):
        empty_place.open()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("not a url", "not a URL"),
        ("mysql://u:secret@h/d", "does not work with mysql"),
        ("sqlite://", "names no database"),
        ("sqlite:///:memory:", "names no database"),
    ],
)
def test_a_wrong_url_is_explained_and_shows_no_password(tmp_path, url, said):
    with pytest.raises(CourseError, match=said) as caught:
        Store.open(url, tmp_path / "blobs")
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "course.db").write_bytes(b"Dear diary, " * 400)
    with pytest.raises(InfraError, match=r"course\.db.*not an SQLite database"):
        Store.open(f"sqlite:///{tmp_path}/course.db", tmp_path / "blobs")


def test_a_wrong_password_is_the_instructors_to_mend(postgres, tmp_path):
    with pytest.raises(CourseError, match="does not accept this user and password"):
        Store.open(postgres.url("postgres", password="wrong"), tmp_path / "blobs")


def test_a_server_that_is_not_there_is_the_machines_fault(tmp_path):
    url = f"postgresql+psycopg://u:secret@/d?host={tmp_path}"
    with pytest.raises(InfraError) as caught:
        Store.open(url, tmp_path / "blobs")
    assert "secret" not in str(caught.value)
