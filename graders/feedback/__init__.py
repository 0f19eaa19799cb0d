"""Grades to pages that students read."""
