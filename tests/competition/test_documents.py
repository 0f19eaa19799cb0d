"""Every key of `competition.toml` is documented with its default, and no other."""

import re
import shlex
from decimal import Decimal
from pathlib import Path

import pytest

from graders.cli.main import main
from leaderboard.competition import config

TEXT = (Path(__file__).parents[2] / "docs" / "competition.md").read_text(encoding="utf-8")
TABLES = {
    "[competition]": config.Rules,
    "[[columns]]": config.ColumnTable,
    "[canaries]": config.CanaryTable,
    "[grades]": config.GradeTable,
}


@pytest.mark.parametrize("name", TABLES)
def test_every_key_is_documented_with_its_default(name):
    section = TEXT.split(f"### `{name}`\n")[1].split("\n#")[0]
    written = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section, flags=re.M))
    fields = TABLES[name].model_fields
    assert list(written) == list(fields)
    for key, field in fields.items():
        if field.is_required():
            assert written[key] == "required", key
        else:
            shown = field.default
            assert isinstance(shown, int | str | Decimal)
            quoted = f'"{shown}"' if isinstance(shown, str) else str(shown)
            assert written[key] == f"`{quoted}`", key


def test_every_table_is_documented():
    tables = {f"[{key}]" for key in config.CompetitionConfig.model_fields} - {"[columns]"}
    assert set(re.findall(r"^### `(.*)`$", TEXT, flags=re.M)) == tables | {"[[columns]]"}


LINES = re.findall(r"^    zachetka ((?:competition|kaggle) .*)$", TEXT, flags=re.M)


@pytest.mark.parametrize("line", sorted(set(LINES)))
def test_every_command_line_shown_can_be_parsed(line, capsys):
    words = shlex.split(line)
    # With --help nothing is run, but an unknown command or option is still an error.
    assert main([*words[:2], "--help", *words[2:]]) == 0, capsys.readouterr().err
