"""What leaves the platform: the gradebook, feedback pages, and the sentence that explains a grade.

Every function settles grades first, so that what is published follows from what is stored now:
a mark, an extension or a moved deadline shows without a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from graders.core.clock import utc_now
from graders.core.config import Homework
from graders.core.errors import CourseError
from graders.core.messages import Messages
from graders.core.records import CaseStatus, FinalGrade, GradedWork, GradeStatus
from graders.exchange import GradebookRow, rows, write_csv, write_json, write_xlsx
from graders.feedback import PageContext, index_page, student_page
from graders.pipeline.book import counted_scores, settle
from graders.pipeline.decisions import known
from graders.pipeline.files import write_text
from graders.pipeline.grade import Clock, Graded, grade
from graders.pipeline.prepare import Preparation
from graders.pipeline.watch import Watch
from graders.pipeline.workspace import Workspace
from graders.policy import final_grade


def grade_homework(
    workspace: Workspace,
    homework: str,
    *,
    jobs: int,
    students: Sequence[str] | None,
    watch: Watch,
    clock: Clock = utc_now,
) -> Graded:
    """Run what has not been run, and settle the grades of a homework.

    Args:
        workspace: The open workspace.
        homework: Homework of the course.
        jobs: Submissions tested at one time.
        students: Ids on the class list; None for the whole class.
        watch: Is told what happens.
        clock: The present instant.

    Raises:
        CourseError: A student is not on the class list, or the homework has no assignment yet.
        InfraError: The host cannot run submissions safely, or the store failed.
    """
    _require_written(workspace, workspace.course.homework(homework))
    for one in students or ():
        known(workspace, one)
    chosen = students or [one.id for one in workspace.store.students()]
    preparation = Preparation(workspace, jobs, watch.waiting)
    return grade(workspace, homework, preparation, students=chosen, clock=clock, watch=watch)


def all_works(workspace: Workspace, homework: str | None = None) -> tuple[GradedWork, ...]:
    """Return the present grades of one homework, or of every homework that is written."""
    if homework is not None:
        chosen = [workspace.course.homework(homework)]
        _require_written(workspace, chosen[0])
    else:
        chosen = [h for h in workspace.course.homeworks if _is_written(workspace, h)]
    now = utc_now()
    return tuple(
        settle(workspace, student.id, one, now)
        for student in workspace.store.students()
        for one in chosen
    )


def gradebook_rows(workspace: Workspace, works: Iterable[GradedWork]) -> tuple[GradebookRow, ...]:
    """Return the gradebook's rows for works, with each student's final grade of the course."""
    words = course_words(workspace, workspace.course.language)
    return rows(
        tuple(works),
        {student.id: student.name for student in workspace.store.students()},
        finals(workspace),
        workspace.course.zone,
        words,
        reason_of,
    )


def finals(workspace: Workspace) -> dict[str, FinalGrade]:
    """Return every student's final grade of the course, from all homeworks there are."""
    course = workspace.course
    by_student: dict[str, list[GradedWork]] = {}
    for work in all_works(workspace):
        by_student.setdefault(work.student, []).append(work)
    return {
        student.id: final_grade(
            dict.fromkeys(course.weights) | dict(counted_scores(by_student.get(student.id, ()))),
            course.weights,
            course.rounding,
        )
        for student in workspace.store.students()
    }


def write_gradebook(workspace: Workspace, works: Sequence[GradedWork], out: Path) -> list[Path]:
    """Write `gradebook.csv`, `.json` and `.xlsx` into a folder; return what was written."""
    table = gradebook_rows(workspace, works)
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for write, name in (
        (write_csv, "gradebook.csv"),
        (write_json, "gradebook.json"),
        (write_xlsx, "gradebook.xlsx"),
    ):
        write(out / name, table)
        written.append(out / name)
    return written


def write_feedback(workspace: Workspace, works: Sequence[GradedWork], out: Path) -> int:
    """Write a page per student and language, and an index for the staff; return how many files.

    A page is `<student>/index.html` in the course's language, `<student>/index.<lang>.html` in
    the others.
    """
    course = workspace.course
    grades = finals(workspace)
    contexts = [
        PageContext(
            course,
            student,
            tuple(work for work in works if work.student == student.id),
            grades.get(student.id),
        )
        for student in workspace.store.students()
    ]
    links = {
        lang: "index.html" if lang == course.language else f"index.{lang}.html"
        for lang in course.languages
    }
    count = 0
    for lang in course.languages:
        words = course_words(workspace, lang)
        for context in contexts:
            folder = out / context.student.id
            write_text(folder / links[lang], student_page(context, words, links))
            count += 1
    write_text(out / "index.html", index_page(contexts, course_words(workspace, course.language)))
    return count + 1


def course_words(workspace: Workspace, lang: str) -> Messages:
    """Return the messages of the platform and of every assignment, in one language."""
    folders = [one.catalogues for one in workspace.course.assignments.values()]
    return Messages.load([folder for folder in folders if folder.is_dir()], lang)


def reason_of(work: GradedWork, words: Messages) -> str:
    """Return one line that says why a grade is what it is."""
    grade_ = work.grade
    if grade_.reason is not None:
        return words.text(grade_.reason.key, **grade_.reason.args)
    told = [words.text(work.why)]
    decision = work.decision
    if decision is not None and decision.extension_days:
        told.append(words.plural("reason.extension", decision.extension_days))
    if decision is not None and decision.days_late:
        told.append(words.plural("reason.late", decision.days_late, penalty=decision.penalty))
    short = sum(case.status in (CaseStatus.FAILED, CaseStatus.PARTIAL) for case in work.cases)
    if short:
        told.append(words.plural("reason.failed", short))
    if work.score is not None and work.score.provisional:
        waiting = sum(part.unscored for part in work.score.parts)
        told.append(words.text("reason.waiting", points=waiting))
    if grade_.status in (GradeStatus.PENDING, GradeStatus.NEEDS_ATTENTION):
        told.append(words.text(f"status.{grade_.status}"))
    if work.flags:
        told.append(words.plural("reason.flags", len(work.flags)))
    return "; ".join(told)


def _is_written(workspace: Workspace, homework: Homework) -> bool:
    return any(name in workspace.course.assignments for name in homework.assignments)


def _require_written(workspace: Workspace, homework: Homework) -> None:
    if not _is_written(workspace, homework):
        raise CourseError(
            f"{homework.id} is planned and not written yet",
            where=", ".join(str(workspace.course.root / name) for name in homework.assignments),
            todo="Write the assignment first.",
        )
