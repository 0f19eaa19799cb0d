"""Pages from graded work: one per student and language, and an index for staff.

Rendering is pure: the same records give the same bytes, and no page tells when it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graders.core.messages import Messages
from graders.feedback.context import PageContext
from graders.feedback.final import final_view
from graders.feedback.html import render, titled
from graders.feedback.index import index_view
from graders.feedback.links import other_languages
from graders.feedback.work import work_view


def student_page(context: PageContext, words: Messages, links: Mapping[str, str]) -> str:
    """Return a student's page.

    Args:
        context: What is told of the student.
        words: Texts of the page's language: the platform's and the assignments' catalogues.
        links: Where the page is in other languages, by language.

    Raises:
        CourseError: A work is of no homework of the course, or was graded by another late rule.
    """
    course = context.course
    return render(
        "student.jinja",
        words,
        {
            "course": titled(course.title, words.lang, course.language),
            "scale": course.scale,
            "student": context.student,
            "works": [work_view(work, course, words) for work in context.in_course_order()],
            "final": final_view(context, words),
            "links": other_languages(links, words.lang),
        },
    )


def index_page(contexts: Sequence[PageContext], words: Messages) -> str:
    """Return the staff's index of the students' pages.

    Args:
        contexts: Students of one course, in the order of the lines.
        words: Texts of the page's language: the platform's and the assignments' catalogues.
    """
    course = contexts[0].course if contexts else None
    title = titled(course.title, words.lang, course.language) if course else ""
    return render("index.jinja", words, {"course": title, "index": index_view(contexts, words)})
