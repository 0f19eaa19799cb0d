"""Make all tables of the first version, and the triggers that keep history append-only."""

import sqlalchemy as sa
from alembic import op

revision = "r0001_first_tables"
down_revision = None
branch_labels = None
depends_on = None

# Frozen here, and not the models' types: a migration must not change when the models do.
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
SHA256 = sa.String(64)
HISTORY = (
    "submissions",
    "submission_files",
    "runs",
    "cases",
    "marks",
    "extensions",
    "choices",
    "grades",
)


def upgrade() -> None:
    """Apply."""
    _make_people_and_work()
    _make_submissions()
    _make_runs()
    _make_what_persons_decide()
    _make_grades()
    _guard_history()


def _make_people_and_work() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "students",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=True),
        sa.Column("added", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_students"),
    )
    op.create_table(
        "leases",
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("expires", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_leases"),
    )
    op.create_table(
        "memo",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_memo"),
    )


def _make_submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("assignment", sa.Text, nullable=False),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("received", INSTANT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("digest", SHA256, nullable=False),
        sa.Column("receipt", SHA256, nullable=False),
        sa.Column("refusal_key", sa.Text, nullable=True),
        sa.Column("refusal_args", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
        sa.UniqueConstraint("receipt", name="uq_submissions_receipt"),
    )
    op.create_index("ix_submissions_assignment_student", "submissions", ["assignment", "student"])
    op.create_table(
        "submission_files",
        sa.Column("submission_id", ROW_ID, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("submission_id", "position", name="pk_submission_files"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_submission_files_submission_id"
        ),
    )


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.Column("seed", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("flags", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("started", INSTANT, nullable=False),
        sa.Column("finished", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_runs_submission_id"
        ),
    )
    op.create_index("ix_runs_submission_id_recipe", "runs", ["submission_id", "recipe"])
    op.create_table(
        "cases",
        sa.Column("run_id", ROW_ID, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("points", sa.Text, nullable=False),
        sa.Column("earned", sa.Text, nullable=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("args", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_cases"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_cases_run_id"),
    )


def _make_what_persons_decide() -> None:
    op.create_table(
        "marks",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("points", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_marks"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_marks_submission_id"
        ),
    )
    op.create_index("ix_marks_submission_id", "marks", ["submission_id"])
    op.create_table(
        "extensions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("homework", sa.Text, nullable=False),
        sa.Column("days", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_extensions"),
    )
    op.create_index("ix_extensions_student_homework", "extensions", ["student", "homework"])
    op.create_table(
        "choices",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("homework", sa.Text, nullable=False),
        sa.Column("assignment", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_choices"),
    )
    op.create_index("ix_choices_student_homework", "choices", ["student", "homework"])


def _make_grades() -> None:
    op.create_table(
        "grades",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("homework", sa.Text, nullable=False),
        sa.Column("submission_id", ROW_ID, nullable=True),
        sa.Column("run_id", ROW_ID, nullable=True),
        sa.Column("raw", sa.Text, nullable=False),
        sa.Column("days_late", sa.BigInteger, nullable=False),
        sa.Column("penalty", sa.Text, nullable=False),
        sa.Column("final", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason_key", sa.Text, nullable=True),
        sa.Column("reason_args", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grades"),
        sa.UniqueConstraint("student", "homework", "id", name="uq_grades_student"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_grades_submission_id"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_grades_run_id"),
    )
    op.create_table(
        "current_grades",
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("homework", sa.Text, nullable=False),
        sa.Column("grade_id", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("student", "homework", name="pk_current_grades"),
        sa.ForeignKeyConstraint(
            ["student", "homework", "grade_id"],
            ["grades.student", "grades.homework", "grades.id"],
            name="fk_current_grades_student",
        ),
    )


def _guard_history() -> None:
    """Refuse UPDATE, DELETE and TRUNCATE of history, whoever asks."""
    if op.get_bind().dialect.name == "sqlite":
        for table in HISTORY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION zachetka_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in HISTORY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION zachetka_append_only()"
        )
