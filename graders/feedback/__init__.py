"""Grades to pages that students read."""

from graders.feedback.context import PageContext
from graders.feedback.pages import index_page, student_page

__all__ = ["PageContext", "index_page", "student_page"]
