"""Rendering: titles, languages, and what a template may not do."""

import pytest
from jinja2 import UndefinedError

from graders.feedback import student_page
from graders.feedback.html import language_name, render, titled
from tests.feedback import sample


def test_a_title_is_taken_in_the_language_else_in_the_courses_else_in_any():
    texts = {"ru": "Работа", "en": "Homework"}
    assert titled(texts, "en", "ru") == "Homework"
    assert titled(texts, "de", "ru") == "Работа"
    assert titled({"en": "Homework"}, "de", "ru") == "Homework"
    assert titled({}, "de", "ru") == ""


def test_a_language_is_called_what_it_calls_itself():
    assert [language_name(lang) for lang in ("ru", "en", "de")] == ["Русский", "English", "Deutsch"]


def test_a_number_that_is_not_worded_is_refused(russian):
    with pytest.raises(TypeError, match=r"0\.5 is written without its language's form"):
        student_page(sample.context(None, name=0.5), russian, {})


def test_a_template_cannot_use_what_it_was_not_given(russian):
    with pytest.raises(UndefinedError, match="student"):
        render("student.jinja", russian, {"course": "c"})
