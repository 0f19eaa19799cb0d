"""Column types that give back exactly what was put in, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from graders.core.records import Plain
from graders.store.encode import (
    instant_text,
    instant_value,
    plain_text,
    plain_value,
)

# SQLite numbers rows by itself only in a column declared INTEGER.
RowId = BigInteger().with_variant(Integer(), "sqlite")


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal as text: SQLite's NUMERIC is a float, and NUMERIC of both drops exponents."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write the canonical text."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Read it back."""
        return None if value is None else Decimal(value)


class Instant(TypeDecorator[datetime]):
    """An instant in UTC with microseconds: timestamptz, or sortable text in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write it in UTC."""
        if value is None:
            return None
        return instant_text(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read it back in UTC, whatever zone the session has."""
        if value is None:
            return None
        moment: datetime = instant_value(value) if dialect.name == "sqlite" else value
        return moment.astimezone(UTC)


class PlainJson(TypeDecorator[Plain]):
    """Plain data as canonical JSON text: JSONB would change numbers and refuse U+0000."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Plain | None, dialect: Dialect) -> str:
        """Write canonical JSON; None is the JSON null, not the absence of a value."""
        return plain_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Plain:
        """Read it back."""
        return None if value is None else plain_value(value)
