"""What students and instructors read, by key and language, compiled from .po files in memory.

The platform's catalogues are fragments, one per room: ``graders/locale/<room>.<lang>.po``.
An assignment adds ``assignments/<name>/locale/<lang>.po``. Keys are msgids; texts hold
``{name}`` fields. Babel is imported on first use, so that the command line starts fast.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from graders.core.errors import CourseError

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog
    from babel.support import NullTranslations

DEFAULT_LANGUAGE = "ru"
PLATFORM_LOCALE = Path(__file__).resolve().parent.parent / "locale"
GENERIC_KEY = "core.generic"


def available_languages() -> tuple[str, ...]:
    """Return the languages that the platform's own catalogues are written in."""
    return tuple(sorted(path.name.split(".")[1] for path in PLATFORM_LOCALE.glob("core.*.po")))


def catalogue_files(paths: Iterable[Path], lang: str) -> tuple[Path, ...]:
    """Return the .po files of a language among files and folders, in a stable order.

    A folder gives its ``<lang>.po`` and ``*.<lang>.po``; a file is taken as it is.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted([*path.glob(f"{lang}.po"), *path.glob(f"*.{lang}.po")])
        else:
            found.append(path)
    return tuple(dict.fromkeys(found))


def read_catalogue(path: Path, lang: str) -> Catalog:
    """Read one .po file.

    Raises:
        CourseError: It is missing, not UTF-8 or not a valid .po file.
    """
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            return read_po(file, locale=lang, charset="utf-8", abort_invalid=True)
    except (OSError, UnicodeDecodeError, PoFileError, ValueError) as error:
        raise CourseError(
            f"the message catalogue cannot be read ({error})",
            where=str(path),
            todo="Mend the file; msgfmt --check names the line",
        ) from error


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The merged catalogues of one language."""

    translations: NullTranslations
    keys: frozenset[str]


@lru_cache(maxsize=64)
def _compile(stamped: tuple[tuple[Path, int, int], ...], lang: str) -> _Compiled:
    """Merge .po files into one catalogue; the stamps make an edited file a new cache entry."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.support import Translations

    merged = Catalog(locale=lang, charset="utf-8")
    origin: dict[str, Path] = {}
    for path, _, _ in stamped:
        for message in read_catalogue(path, lang):
            if not message.id:
                continue
            key = message.id if isinstance(message.id, str) else message.id[0]
            if key in origin:
                raise CourseError(
                    f"the key {key} is already in {origin[key]}",
                    where=str(path),
                    todo="Keep it in one of the two catalogues",
                )
            origin[key] = path
            merged.add(message.id, message.string)
    buffer = io.BytesIO()
    write_mo(buffer, merged)
    buffer.seek(0)
    return _Compiled(Translations(fp=buffer), frozenset(origin))


@dataclass(frozen=True, slots=True)
class Messages:
    """The texts of one language.

    Args:
        lang: Language, for example ``ru``.
        strict: Whether an unknown key or a missing argument is an error (tests) instead of a
            neutral sentence (students).
    """

    lang: str
    _compiled: _Compiled
    strict: bool = False

    @classmethod
    def load(
        cls, paths: Iterable[Path] = (), lang: str = DEFAULT_LANGUAGE, *, strict: bool = False
    ) -> Messages:
        """Load the platform's catalogues and those given (files, or folders that hold them).

        Raises:
            CourseError: A catalogue is broken, two hold the same key, or the platform does not
                speak the language.
        """
        if lang not in available_languages():
            raise CourseError(
                f"there is no message catalogue for the language {lang!r}",
                where=str(PLATFORM_LOCALE),
                todo=f"Choose one of: {', '.join(available_languages())}",
            )
        files = catalogue_files((PLATFORM_LOCALE, *paths), lang)
        return cls(lang, _compile(tuple(_stamp(path) for path in files), lang), strict)

    @property
    def keys(self) -> frozenset[str]:
        """All keys of the loaded catalogues."""
        return self._compiled.keys

    def has(self, key: str) -> bool:
        """Say whether a key is in the loaded catalogues."""
        return key in self._compiled.keys

    def text(self, key: str, /, **args: Any) -> str:
        """Return the text of a key with its fields filled.

        Decimals, floats, dates and aware datetimes are written as the language writes them.
        An unknown key or a missing argument gives the neutral sentence, so that a reader never
        sees a key or a traceback.

        Raises:
            CourseError: The key or an argument is missing and the messages are strict.
        """
        if not self.has(key):
            return self._fallback(f"unknown message key {key!r}")
        return self._fill(key, self._compiled.translations.gettext(key), args)

    def plural(self, key: str, n: int, /, **args: Any) -> str:
        """Return the plural form of a key for `n`; the field ``{n}`` is `n` itself.

        Raises:
            CourseError: As `text`.
        """
        if not self.has(key):
            return self._fallback(f"unknown message key {key!r}")
        template = self._compiled.translations.ngettext(key, key, n)
        return self._fill(key, template, {"n": n, **args})

    def decimal(self, value: Decimal | float, digits: int = 3) -> str:
        """Return a number as the language writes it: a Decimal exactly, a float rounded.

        Args:
            value: The number.
            digits: Most digits after the point of a float.
        """
        from babel.numbers import format_decimal

        if isinstance(value, float):
            value = round(value, digits)
        return format_decimal(
            value, locale=self.lang, decimal_quantization=False, group_separator=False
        )

    def day(self, value: date) -> str:
        """Return a calendar day, for example «23 ноября 2026 г.»."""
        from babel.dates import format_date

        return format_date(value, self.text("core.pattern.day"), locale=self.lang)

    def instant(
        self, value: datetime, zone: ZoneInfo | None = None, *, seconds: bool = False
    ) -> str:
        """Return an instant with its zone, for example «23 ноября 2026 г., 23:59 МСК».

        Args:
            value: An aware datetime.
            zone: The zone to show it in; its own when None.
            seconds: Whether seconds are shown (a receipt time needs them, a deadline does not).

        Raises:
            CourseError: The datetime is naive.
        """
        from babel.dates import format_datetime

        if value.utcoffset() is None:
            raise CourseError("an instant without a time zone cannot be shown", where=repr(value))
        local = value.astimezone(zone) if zone else value
        pattern = self.text("core.pattern.second" if seconds else "core.pattern.minute")
        # Babel shifts an aware datetime to UTC unless told otherwise: the wall clock is ours.
        shown = format_datetime(local.replace(tzinfo=None), pattern, locale=self.lang)
        return f"{shown} {self._zone_name(local)}"

    def _zone_name(self, local: datetime) -> str:
        name = local.tzname() or ""
        if self.has(f"core.zone.{name}"):
            return self.text(f"core.zone.{name}")
        return f"UTC{name}" if name.startswith(("+", "-")) else name

    def _fill(self, key: str, template: str, args: Mapping[str, Any]) -> str:
        try:
            return template.format_map({name: self._shown(value) for name, value in args.items()})
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            return self._fallback(f"the message {key!r} cannot be filled ({error!r})")

    def _shown(self, value: Any) -> Any:
        if isinstance(value, Decimal | float):
            return self.decimal(value)
        if isinstance(value, datetime):
            return self.instant(value)
        if isinstance(value, date):
            return self.day(value)
        return value

    def _fallback(self, problem: str) -> str:
        if self.strict:
            raise CourseError(
                problem, where=f"message catalogue ({self.lang})", todo="Add it to the catalogue"
            )
        return self._compiled.translations.gettext(GENERIC_KEY)


def _stamp(path: Path) -> tuple[Path, int, int]:
    """Return what changes when a catalogue is edited."""
    try:
        stat = path.stat()
    except OSError as error:
        raise CourseError("the message catalogue is missing", where=str(path)) from error
    return path, stat.st_mtime_ns, stat.st_size
