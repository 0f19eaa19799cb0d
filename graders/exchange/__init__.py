"""What crosses the platform's border: submissions in, gradebooks out.

It does not judge what the submitted code does, and it does not load what was submitted: that is
the jail's side. Importing it is cheap, because a student's install packs with it.
"""

from graders.exchange.collect import already_received, collect
from graders.exchange.gradebook import GradebookRow, rows, rows_as_plain
from graders.exchange.pack import Packed, pack
from graders.exchange.tables import formula_safe, write_csv, write_json, write_xlsx

__all__ = [
    "GradebookRow",
    "Packed",
    "already_received",
    "collect",
    "formula_safe",
    "pack",
    "rows",
    "rows_as_plain",
    "write_csv",
    "write_json",
    "write_xlsx",
]
