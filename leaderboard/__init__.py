"""Derived views of graded work: metrics, ranking and pages of the competition.

Nothing is imported here: a room is asked by its own name, and whoever needs only the records
does not wait for numerics.
"""
