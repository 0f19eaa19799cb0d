"""What a student is told of a homework and of the course."""

from dataclasses import replace
from decimal import Decimal

import pytest

from graders.core.errors import CourseError
from graders.core.records import FinalGrade, GradeStatus
from graders.feedback import student_page
from tests.feedback import sample
from tests.feedback.conftest import LINKS
from tests.feedback.pagetext import Page

D = Decimal


def test_score_status_and_what_waits_stand_at_the_top(told):
    text = told(sample.graded())
    assert "ДЗ1: адаптация LLM под задачу 3,25 из 10 предварительная оценка" in text
    assert "Ещё не выставлено: до 4." in text


def test_every_part_has_its_points_and_a_bar_of_that_length(russian):
    page = student_page(sample.context(sample.graded()), russian, LINKS)
    text = Page(page).text
    assert "Данные 3,25 / 6" in text
    assert "Отчёт и код 0 / 4 ещё до 4" in text
    bars = [(attrs["class"], attrs["width"]) for tag, attrs in Page(page).tags if tag == "rect"]
    assert bars == [
        ("track", "100%"),
        ("open", "54.17%"),
        ("earned", "54.17%"),
        ("track", "100%"),
        ("open", "100.00%"),
        ("earned", "0.00%"),
    ]


def test_one_diagnosis_is_told_once_for_all_checks_that_it_explains(told):
    text = told(sample.graded())
    assert (
        "Дедупликация сохраняет порядок 0 из 1,5 Каждая строка остаётся один раз 0 из 0,5"
        " Функция deduplicate вернула строки не в исходном порядке." in text
    )
    assert text.count("Функция deduplicate") == 1


def test_partial_credit_is_told_with_its_points(told):
    text = told(sample.graded())
    assert "Точность на скрытых вопросах 1,25 из 2 Точность 0,782: засчитана часть." in text


def test_passed_checks_are_folded(russian):
    page = student_page(sample.context(sample.graded()), russian, LINKS)
    folded = page.split("<details>")[1].split("</details>")[0]
    assert "Пройдены 2 проверки" in folded
    assert "Группы не пересекают границу выборок" in folded
    assert "Дедупликация" not in folded


def test_a_part_of_which_there_is_nothing_to_tell_has_only_its_points(told):
    text = told(replace(sample.marked(), cases=()))
    assert text.count("Данные") == 1
    assert text.count("Отчёт и код") == 2


def test_rubric_items_without_a_mark_wait_for_the_instructor(told):
    text = told(sample.graded())
    assert "Выводы следуют из чисел до 2,5 Выставит преподаватель." in text
    assert "Код читается до 1,5 Выставит преподаватель." in text


def test_the_last_mark_of_an_item_is_told_with_comment_and_signature(told):
    text = told(sample.marked())
    assert (
        "Выводы следуют из чисел 2 из 2,5 Выводы 1–3 верны. Нет доверительного интервала у вывода"
        " 4. Поставлено: А. Преподаватель, 9 ноября 2026 г., 14:00 МСК" in text
    )
    assert "Код читается 1,5 из 1,5 Поставлено: Б. Ассистент" in text
    assert "Маловато" not in text
    assert "Выставит преподаватель" not in text


def test_a_check_that_waits_for_a_machine_is_open_with_its_reason(told):
    text = told(sample.waiting_for_machine())
    assert "Точность на скрытых вопросах до 2 Проверку повторим." in text
    assert "Данные 2 / 6 ещё до 2" in text
    assert "Ещё не выставлено: до 6." in text


def test_every_receipt_is_told_with_what_became_of_it(told):
    text = told(sample.resubmitted()).split("Что прислано")[1].split("Итог по курсу")[0]
    for receipt in (
        "18 октября 2026 г., 15:30:05 МСК Файл s01-v1.zip Решение заменена более поздней",
        "18 октября 2026 г., 17:30:05 МСК Файл s01-v2.zip Решение не принята:"
        " в архиве путь ../x ведёт наружу",
        "18 октября 2026 г., 22:30:05 МСК Файл s01-v3.zip Решение идёт в зачёт",
        "4 ноября 2026 г., 00:00:00 МСК Файл s01-v4.zip Решение не принята:"
        " получена после жёсткого дедлайна",
    ):
        assert receipt in text
    assert "Почему так: засчитана последняя работа, сданная до жёсткого дедлайна" in text


def test_of_two_receipts_in_one_instant_the_other_one_is_replaced(told):
    first, second = sample.receipt(1, sample.IN_TIME), sample.receipt(2, sample.IN_TIME)
    work = sample.graded(submissions=(first, second), counted=second, why="counted.last")
    text = told(work).split("Что прислано")[1]
    assert text.index("заменена более поздней") < text.index("идёт в зачёт")


def test_missing_work_says_so_and_scores_zero(told):
    text = told(sample.missing())
    assert "ДЗ1: адаптация LLM под задачу 0 из 10 не сдано" in text
    assert "Ничего не прислано." in text
    assert "Баллы по частям" not in text


def test_work_after_the_hard_deadline_is_not_accepted(told):
    text = told(sample.not_accepted())
    assert "0 из 10 не принято: сдано после жёсткого дедлайна" in text
    assert "4 ноября 2026 г., 00:00:00 МСК" in text
    assert "не принята: получена после жёсткого дедлайна" in text


def test_refused_work_is_told_its_reason(told):
    text = told(sample.refused())
    assert "не принято: присланное нельзя принять как работу" in text
    assert text.count("в архиве путь ../../etc[U+202E]/passwd ведёт наружу") == 2


@pytest.mark.parametrize("status", [GradeStatus.NEEDS_ATTENTION, GradeStatus.PENDING])
def test_a_score_that_is_not_known_yet_is_never_shown_as_zero(told, status):
    work = sample.held()
    text = told(replace(work, grade=replace(work.grade, status=status)))
    assert "ДЗ1: адаптация LLM под задачу — " in text
    assert "0 из 10" not in text.split("Итог по курсу")[0]


def test_the_course_grade_is_told_with_weights_and_what_is_missing(told):
    text = told(sample.marked()).split("Итог по курсу")[1]
    assert "2,7 из 10 ещё не окончательно" in text
    assert "0,4 × 6,75 = 2,7 Состояние окончательная оценка" in text
    assert "0,6 × 0 = 0 Состояние не сдано" in text
    assert "В ведомость: 3 (округление с шагом 1, половина вверх)." in text


def test_a_whole_course_is_final(told):
    other = replace(sample.marked(), homework="hw2", assignment="hw2a")
    whole = sample.context(sample.marked())
    final = FinalGrade(D("6.75"), D(7), ())
    text = told(replace(whole, works=(other, *whole.works), final=final)).split("Итог по курсу")[1]
    assert "6,75 из 10 Работа" in text
    assert "0,6 × 6,75 = 4,05" in text
    assert "не окончательно" not in text


def test_homeworks_stand_in_the_order_of_the_course(told):
    other = replace(sample.marked(), homework="hw2", assignment="hw2a")
    text = told(replace(sample.context(sample.marked()), works=(other, sample.marked())))
    assert text.index("ДЗ1") < text.index("ДЗ2")


def test_without_a_course_grade_there_is_no_section_of_it(told):
    assert "Итог по курсу" not in told(replace(sample.context(sample.graded()), final=None))


def test_a_homework_that_the_course_does_not_have_is_refused(told):
    stray = replace(sample.graded(), homework="hw9")
    context = replace(sample.context(stray), course=sample.course())
    with pytest.raises(CourseError, match="no homework 'hw9'"):
        told(context)
