"""What Alembic runs around a migration: it uses the connection and transaction it is given."""

from alembic import context

from graders.store.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
