"""Derived views of graded work: metrics, ranking and pages of the competition."""
