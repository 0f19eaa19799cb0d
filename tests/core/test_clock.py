"""Instants: aware, in UTC, and wall-clock times that clocks skip or repeat."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.core.clock import aware_utc, in_zone, iso_utc, parse_instant, utc_now
from graders.core.errors import CourseError

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [MOSCOW, BERLIN, UTC, ZoneInfo("Pacific/Apia"), ZoneInfo("Australia/Lord_Howe")]
)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2099, 1, 1), timezones=ZONES)


def test_now_is_in_utc():
    assert utc_now().tzinfo is UTC


@given(INSTANTS)
def test_an_instant_written_and_read_is_the_same(instant):
    text = iso_utc(instant)
    assert text.endswith("Z")
    assert parse_instant(text) == instant.astimezone(UTC)
    assert iso_utc(parse_instant(text)) == text


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 12, 1, tzinfo=MOSCOW), "2026-11-30T21:00:00Z"),
        (datetime(2026, 12, 1, 0, 0, 0, 1, tzinfo=MOSCOW), "2026-11-30T21:00:00.000001Z"),
    ],
)
def test_an_instant_is_written_in_utc_with_its_microseconds(instant, text):
    assert iso_utc(instant) == text


@pytest.mark.parametrize("text", ["2026-12-01T00:00:00+03:00", "20261130T210000Z"])
def test_an_instant_may_be_written_with_any_offset(text):
    found = parse_instant(text)
    assert found == datetime(2026, 11, 30, 21, tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tomorrow", "not an ISO 8601 instant"),
        ("", "not an ISO 8601 instant"),
        ("2026-13-01T00:00:00Z", "not an ISO 8601 instant"),
        ("2026-12-01T00:00:00", "has no time zone"),
        ("2026-12-01", "has no time zone"),
        ("0001-01-01T00:00:00+14:00", "outside the calendar"),
        ("9999-12-31T23:59:59-12:00", "outside the calendar"),
    ],
)
def test_an_instant_that_is_not_one_is_an_error(text, message):
    with pytest.raises(CourseError, match=message):
        parse_instant(text)


def test_a_naive_datetime_is_never_guessed():
    with pytest.raises(CourseError, match="the receipt has no time zone"):
        aware_utc(datetime(2026, 12, 1), "the receipt")
    with pytest.raises(CourseError, match="no time zone"):
        iso_utc(datetime(2026, 12, 1))


@pytest.mark.parametrize(
    ("wall", "zone", "expected"),
    [
        (datetime(2026, 11, 30, 23, 59), MOSCOW, "2026-11-30T23:59:00+03:00"),
        (datetime(2026, 3, 29, 2, 30), BERLIN, "2026-03-29T03:30:00+02:00"),  # skipped
        (datetime(2026, 10, 25, 2, 30), BERLIN, "2026-10-25T02:30:00+01:00"),  # repeated
        (datetime(2026, 10, 25, 2, 30, fold=1), BERLIN, "2026-10-25T02:30:00+01:00"),
        # Samoa had no 30 December 2011: its end is the end of the next day.
        (datetime(2011, 12, 30, 23, 59), ZoneInfo("Pacific/Apia"), "2011-12-31T23:59:00+14:00"),
        (datetime(2026, 12, 1), timezone(timedelta(hours=-5)), "2026-12-01T00:00:00-05:00"),
    ],
)
def test_a_wall_clock_time_means_its_later_instant(wall, zone, expected):
    assert in_zone(wall, zone).isoformat() == expected


@given(st.datetimes(datetime(1990, 1, 1), datetime(2099, 1, 1)), ZONES)
def test_a_wall_clock_time_is_kept_unless_clocks_skip_it(wall, zone):
    found = in_zone(wall, zone)
    exists = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
    assert (found.replace(tzinfo=None) == wall) == exists
    assert found.astimezone(UTC) >= wall.replace(tzinfo=zone).astimezone(UTC)
