"""Derived views of graded work: metrics, ranking and pages of the competition."""

from leaderboard.board import Board, Entry, Row, Score, build
from leaderboard.pages import write_board

__all__ = ["Board", "Entry", "Row", "Score", "build", "write_board"]
