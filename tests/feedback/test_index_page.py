"""What staff see of the whole group."""

from graders.feedback import index_page
from tests.feedback import sample
from tests.feedback.pagetext import Page


def text_of(contexts, words):
    return Page(index_page(contexts, words)).text


def test_a_line_has_grade_penalty_status_flags_and_course_grade(russian):
    line = text_of([sample.context(sample.late(1, 1, "2.25"))], russian)
    assert (
        "Алиса Ветрова s01 ДЗ1: адаптация LLM под задачу 2,25 3,25 − 1 предварительная оценка:"
        " часть баллов выставит преподаватель Потеря подозрительно мала: 0,001" in line
    )
    assert "Итог по курсу 0,9" in line


def test_work_is_counted_by_status_and_by_flags(russian):
    text = text_of(list(sample.sample().values()), russian)
    assert "окончательная оценка 1" in text
    assert "не сдано 1" in text
    assert "стоит посмотреть 10" in text


def test_a_homework_that_nobody_has_is_no_column(russian):
    assert "ДЗ2" not in text_of(list(sample.sample().values()), russian)


def test_a_held_grade_is_no_zero(russian):
    assert "задачу — проверка отложена" in text_of([sample.context(sample.held())], russian)


def test_an_empty_class_list_is_said(russian):
    assert "В списке группы никого нет." in text_of([], russian)
