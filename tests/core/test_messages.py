"""Message catalogues: loading, filling, plural forms and the language's numbers and dates."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from graders.core.catalogues import catalogue_problems
from graders.core.errors import CourseError
from graders.core.messages import PLATFORM_LOCALE, Messages, available_languages
from graders.core.records import GradeStatus

ROOT = Path(__file__).resolve().parents[2]
HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
MOSCOW = ZoneInfo("Europe/Moscow")
ASSIGNMENT_LOCALES = sorted(ROOT.glob("assignments/*/locale"))


def write(path, body):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + body, "utf-8")
    return path


def entry(key, text):
    return f'msgid "{key}"\nmsgstr "{text}"\n\n'


def test_platform_speaks_russian_and_english():
    assert available_languages() == ("en", "ru")


def test_platform_catalogues_have_no_problems():
    assert catalogue_problems([PLATFORM_LOCALE], ["ru", "en"]) == []


@pytest.mark.parametrize("folder", ASSIGNMENT_LOCALES, ids=lambda path: path.parent.name)
def test_assignment_catalogues_have_no_problems_beside_the_platform(folder):
    assert catalogue_problems([PLATFORM_LOCALE, folder], ["ru", "en"]) == []


@pytest.mark.parametrize("lang", ["ru", "en"])
@pytest.mark.parametrize("status", list(GradeStatus))
def test_every_grade_status_has_a_text(lang, status):
    assert Messages.load(lang=lang, strict=True).text(f"status.{status}")


def test_assignment_folder_adds_its_own_keys(tmp_path):
    write(tmp_path / "ru.po", entry("hw.case", "Порядок: {n}"))
    write(tmp_path / "en.po", entry("hw.case", "Order: {n}"))
    assert Messages.load([tmp_path], "ru").text("hw.case", n=3) == "Порядок: 3"
    assert Messages.load([tmp_path], "en").text("hw.case", n=3) == "Order: 3"
    assert Messages.load([tmp_path], "en").has("status.final")


def test_an_edited_catalogue_is_read_again(tmp_path):
    file = write(tmp_path / "en.po", entry("hw.case", "before"))
    assert Messages.load([tmp_path], "en").text("hw.case") == "before"
    write(file, entry("hw.case", "and after"))
    assert Messages.load([tmp_path], "en").text("hw.case") == "and after"


def test_unknown_key_gives_students_a_neutral_sentence_and_tests_an_error():
    kind = Messages.load(lang="en")
    assert kind.text("no.such.key") == kind.text("core.generic")
    assert kind.text("") == kind.text("core.generic")
    with pytest.raises(CourseError, match=r"no\.such\.key"):
        Messages.load(lang="en", strict=True).text("no.such.key")


def test_missing_argument_is_never_shown_as_a_traceback(tmp_path):
    write(tmp_path / "en.po", entry("hw.case", "Order: {n}"))
    kind = Messages.load([tmp_path], "en")
    assert kind.text("hw.case") == kind.text("core.generic")
    with pytest.raises(CourseError, match=r"hw\.case"):
        Messages.load([tmp_path], "en", strict=True).text("hw.case")


def test_braces_in_an_argument_are_text(tmp_path):
    write(tmp_path / "en.po", entry("hw.case", "Got {value}"))
    shown = Messages.load([tmp_path], "en", strict=True).text("hw.case", value="{0.__class__}")
    assert shown == "Got {0.__class__}"


@pytest.mark.parametrize(
    ("n", "ru", "en"),
    [
        (0, "0 дней", "0 days"),
        (1, "1 день", "1 day"),
        (2, "2 дня", "2 days"),
        (5, "5 дней", "5 days"),
        (11, "11 дней", "11 days"),
        (21, "21 день", "21 days"),
    ],
)
def test_plural_forms_follow_the_language(n, ru, en):
    assert Messages.load(lang="ru", strict=True).plural("core.days", n) == ru
    assert Messages.load(lang="en", strict=True).plural("core.days", n) == en


def test_decimals_are_written_exactly_and_as_the_language_does(tmp_path):
    write(tmp_path / "ru.po", entry("hw.score", "Балл {x}, доля {y}"))
    ru = Messages.load([tmp_path], "ru", strict=True)
    assert ru.decimal(Decimal("8.5")) == "8,5"
    assert ru.decimal(Decimal("0.12345678901234567890")) == "0,1234567890123456789"
    assert Messages.load(lang="en").decimal(Decimal("8.50")) == "8.5"
    assert ru.text("hw.score", x=Decimal("8.5"), y=0.123456) == "Балл 8,5, доля 0,123"


def test_instants_are_shown_in_the_courses_zone():
    late = datetime(2026, 11, 23, 20, 59, 59, 999_999, tzinfo=UTC)
    ru, en = Messages.load(lang="ru", strict=True), Messages.load(lang="en", strict=True)
    assert ru.instant(late, MOSCOW) == "23 ноября 2026 г., 23:59 МСК"
    assert ru.instant(late, MOSCOW, seconds=True) == "23 ноября 2026 г., 23:59:59 МСК"
    assert en.instant(late, MOSCOW) == "23 November 2026, 23:59 MSK"
    assert en.instant(late, ZoneInfo("Asia/Dubai")) == "24 November 2026, 00:59 UTC+04"
    assert en.instant(late) == "23 November 2026, 20:59 UTC"
    assert ru.day(date(2026, 11, 23)) == "23 ноября 2026 г."
    shifted = late.astimezone(timezone(timedelta(hours=3)))
    assert en.instant(shifted).startswith("23 November 2026, 23:59")
    with pytest.raises(CourseError, match="time zone"):
        ru.instant(late.replace(tzinfo=None))


def test_unknown_language_is_refused_with_the_known_ones():
    with pytest.raises(CourseError, match="en, ru"):
        Messages.load(lang="xx")


def test_broken_and_missing_catalogues_name_their_file(tmp_path):
    broken = tmp_path / "en.po"
    broken.write_text(HEADER + "this is no catalogue\n", "utf-8")
    with pytest.raises(CourseError, match=r"en\.po"):
        Messages.load([tmp_path], "en")
    with pytest.raises(CourseError, match=r"none\.po"):
        Messages.load([tmp_path / "none.po"], "en")


def test_key_in_two_catalogues_is_an_error(tmp_path):
    write(tmp_path / "en.po", entry("status.final", "mine"))
    with pytest.raises(CourseError, match=r"status\.final.*core\.en\.po"):
        Messages.load([tmp_path], "en")


@pytest.mark.parametrize(
    ("ru", "en", "problem"),
    [
        (entry("a", "я"), "", "a is missing in en"),
        ("", entry("a", "I"), "a is missing in ru"),
        (entry("a", "{n}"), entry("a", "{m}"), "a has the fields"),
        (entry("a", ""), entry("a", "I"), "a has an empty text"),
        (entry("a", "я") * 2, entry("a", "I"), "the key a occurs 2 times"),
        (entry("a", "{x.y}"), entry("a", "{x.y}"), "not a plain {name}"),
        (entry("a", "{x"), entry("a", "{x}"), "not a format string"),
        ("#, fuzzy\n" + entry("a", "я"), entry("a", "I"), "fuzzy"),
        (
            'msgid "a"\nmsgid_plural "a"\nmsgstr[0] "x"\nmsgstr[1] "y"\n',
            'msgid "a"\nmsgid_plural "a"\nmsgstr[0] "x"\nmsgstr[1] "y"\n',
            "a has an empty text",
        ),
    ],
)
def test_catalogue_check_finds_every_kind_of_mistake(tmp_path, ru, en, problem):
    write(tmp_path / "ru.po", ru)
    write(tmp_path / "en.po", en)
    assert any(problem in found for found in catalogue_problems([tmp_path], ["ru", "en"]))


def test_catalogue_check_passes_sound_catalogues(tmp_path):
    write(tmp_path / "ru.po", entry("a", "я {n}"))
    write(tmp_path / "en.po", entry("a", "I {n}"))
    assert catalogue_problems([tmp_path], ["ru", "en"]) == []


def test_importing_messages_does_not_import_babel():
    code = "import sys, graders.core.messages; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
