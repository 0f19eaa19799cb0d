"""The only SQL and the only blobs: what grading keeps, on SQLite or PostgreSQL.

Importing it imports SQLAlchemy; a command that needs no store should not.
"""

from graders.store.convert import digest
from graders.store.store import Store
from graders.store.work import Lease

__all__ = ["Lease", "Store", "digest"]
