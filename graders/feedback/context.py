"""What a page is made from."""

from __future__ import annotations

from dataclasses import dataclass

from graders.core.config import Course
from graders.core.records import FinalGrade, GradedWork, Student


@dataclass(frozen=True, slots=True)
class PageContext:
    """What is told of one student: `works` in any order, `final` None when not computed."""

    course: Course
    student: Student
    works: tuple[GradedWork, ...]
    final: FinalGrade | None

    def work(self, homework: str) -> GradedWork | None:
        """Return the student's work of a homework, None when there is none."""
        return next((work for work in self.works if work.homework == homework), None)

    def in_course_order(self) -> tuple[GradedWork, ...]:
        """Return the works in the order of the course's homeworks.

        Raises:
            CourseError: A work is of no homework of the course.
        """
        order = self.course.homeworks
        return tuple(
            sorted(self.works, key=lambda work: order.index(self.course.homework(work.homework)))
        )
