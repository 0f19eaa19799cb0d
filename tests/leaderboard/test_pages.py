"""Pages of a board, in every state that it can be in."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from graders.core.messages import Messages
from graders.core.records import Flag
from leaderboard.board import Entry, build
from leaderboard.pages import Site, write_board
from leaderboard.pages.plot import Axis
from leaderboard.pages.site import board_page, team_page
from leaderboard.pages.team import Reader
from leaderboard.records import Estimate, Part
from leaderboard.standings import Attempt
from tests.feedback.pagetext import Page, rule_problems
from tests.leaderboard import boards
from tests.leaderboard.answers import gold_of, skilled

D = Decimal
GOLD = gold_of(200)
MOSCOW = ZoneInfo("Europe/Moscow")
HW1 = [skilled(f"s{number:02}", GOLD, 0.6 + number / 40, number) for number in range(8)]
BOARDS = {
    "full": boards.standings(6),
    "tied": boards.tied(),
    "single": boards.standings(1),
    "empty": boards.standings(0),
    "nobody": replace(boards.standings(0), rows=(), judge=None, commitment=""),
    "plumbing": boards.standings(3, judge=boards.report(licensed=False)),
    "frozen": boards.standings(
        3, frozen=(Flag("leaderboard.frozen.canary", {"name": "canary_null", "score": "0.52"}),)
    ),
    "accuracy": build(HW1, GOLD, seed=1, resamples=200, competition="hw1"),
    "perfect": build([Entry("all", GOLD)], GOLD, seed=1, resamples=200),
}


def site_of(board, **more):
    return Site(board, boards.TITLE, ("ru", "en"), "ru", **more)


def reader_of(lang, *, staff=False, zone=MOSCOW):
    return Reader(Messages.load(lang=lang, strict=True), zone, staff)


def page_of(board, lang="ru", *, staff=False, **more):
    return board_page(site_of(board, **more), board, reader_of(lang, staff=staff))


def team_of(board, name, lang="ru", *, staff=False, **more):
    row = next(row for row in board.rows if row.name == name)
    return team_page(site_of(board, **more), row, reader_of(lang, staff=staff))


@pytest.fixture(params=["ru", "en"])
def lang(request):
    return request.param


@pytest.mark.parametrize("kind", BOARDS)
def test_pages_keep_the_rules_of_every_page(kind, lang):
    board = BOARDS[kind]
    ranked = [row.name for row in board.rows if row.place]
    pages = [page_of(board, lang, staff=True)]
    pages += [team_of(board, name, lang, staff=True) for name in ranked[2:4] or ranked]
    for page in pages:
        assert rule_problems(page) == []
        assert dict(Page(page).tags)["html"]["lang"] == lang
        assert boards.TITLE[lang] in Page(page).text


@pytest.mark.parametrize("kind", BOARDS)
def test_every_table_has_a_caption_and_every_head_a_scope(kind):
    board = BOARDS[kind]
    ranked = [row.name for row in board.rows if row.place]
    for page in [page_of(board), *(team_of(board, name) for name in ranked[:1])]:
        tags = Page(page).tags
        names = [tag for tag, _ in tags]
        assert names.count("caption") == names.count("table")
        assert all("scope" in attrs for tag, attrs in tags if tag == "th")
        regions = [attrs for _, attrs in tags if attrs.get("role") == "region"]
        assert all(attrs["tabindex"] == "0" and attrs["aria-label"] for attrs in regions)


def test_nothing_moves_so_that_nothing_must_be_stilled():
    style = Page(page_of(BOARDS["full"])).style
    assert not [word for word in ("animation", "transition", "scroll-behavior") if word in style]


def test_names_are_text_and_their_invisible_characters_are_spelt_out(lang):
    for page in (page_of(BOARDS["full"], lang), team_of(BOARDS["full"], boards.MARKED_UP, lang)):
        assert '<script>alert("x")</script>[U+202E]' in Page(page).text
        assert "<script" not in page
        assert "\u202e" not in page


def test_a_row_tells_rank_tier_name_estimate_and_interval():
    board = BOARDS["full"]
    row = board.rows[0]
    score = row.scores["win_rate"]
    shown = [f"{number:.3f}".replace(".", ",") for number in (score.value, score.low, score.high)]
    text = Page(page_of(board)).text
    assert f"1–4 Группа 1 Рекурсия и компания {shown[0]} {shown[1]}–{shown[2]}" in text
    assert "Закрытая часть теста. Вопросов: 400. Участников: 6." in text
    assert "2000 повторов, seed 2026" in text


def test_a_rank_that_is_certain_is_one_number():
    board = build(
        [skilled("good", GOLD, 0.95, 1), skilled("bad", GOLD, 0.5, 2)], GOLD, seed=1, resamples=50
    )
    ranks = [
        line.split("<")[0] for line in page_of(board).split('<td role="cell" class="rank">')[1:]
    ]
    assert ranks == ["1", "2"]


def test_baselines_and_canaries_are_marked_in_words_and_are_not_ranked(lang):
    text = Page(page_of(BOARDS["full"], lang)).text
    marked = {"ru": ("Эталонная LoRA ориентир", "Пустой ответ канарейка"),
              "en": ("Reference LoRA baseline", "The null answer canary")}[lang]  # fmt: skip
    for words in marked:
        assert f"— {words}" in text
    assert "canary_unheard_of" in text


def test_equal_results_say_that_they_share_their_rank(lang):
    shared = Messages.load(lang=lang).text("leaderboard.shared")
    assert Page(page_of(BOARDS["tied"], lang)).text.count(shared) == 2
    assert shared not in Page(page_of(BOARDS["full"], lang)).text


def test_all_columns_stand_side_by_side_with_weight_direction_and_place():
    board = BOARDS["full"]
    text = Page(page_of(board)).text
    heads = ("Победы с поправкой на длину", "Победы с поправкой на стиль", "chrF вес 0,1")
    assert all(head in text for head in heads)
    assert "errors меньше — лучше" in text
    best = min((row for row in board.rows if row.place), key=lambda r: r.scores["errors"].value)
    value = f"{best.scores['errors'].value:.3f}".replace(".", ",")
    assert f"{value} (1)" in text


def test_a_board_without_teams_says_so_and_one_without_rows_has_no_table(lang):
    said = Messages.load(lang=lang).text("leaderboard.empty")
    assert said in Page(page_of(BOARDS["empty"], lang)).text
    page = Page(page_of(BOARDS["nobody"], lang))
    assert said in page.text
    assert "table" not in dict(page.tags)
    assert said not in Page(page_of(BOARDS["single"], lang)).text


def test_a_judge_without_a_licence_makes_it_plumbing_only_on_every_page():
    board = BOARDS["plumbing"]
    for page in (page_of(board), team_of(board, "s03")):
        text = Page(page).text
        assert "Только проверка механики" in text
        assert text.count("У судьи нет лицензии") == 1
    assert "Лицензии нет." in Page(page_of(board)).text
    given = replace(board, frozen=(Flag("leaderboard.frozen.no_licence"),))
    assert Page(page_of(given)).text.count("У судьи нет лицензии") == 1


def test_a_frozen_board_says_why_with_the_canarys_name(lang):
    text = Page(page_of(BOARDS["frozen"], lang)).text
    told = {"ru": "Канарейка Пустой ответ стоит выше", "en": "canary The null answer stands above"}
    assert told[lang] in text
    for title in ("Таблица заморожена", "The board is frozen"):
        assert title not in Page(page_of(BOARDS["full"], lang)).text


def test_head_to_head_tells_in_words_who_is_better(lang):
    board = BOARDS["full"]
    page = page_of(board, lang)
    told = page.split('class="matrix"')[1].split("</table>")[0]
    significant = sum(pair.adjusted <= D("0.05") for pair in board.pairs)
    words = Messages.load(lang=lang)
    for verdict, count in (
        ("better", significant),
        ("worse", significant),
        ("even", 2 * (len(board.pairs) - significant)),
    ):
        assert told.count(f'class="{verdict}"') == count > 0
        said = words.text(f"leaderboard.verdict.{verdict}")
        assert told.count(f'<span class="unseen"> {said}</span>') == count


def test_a_lower_main_score_is_the_better_one_where_the_column_says_so():
    board = BOARDS["full"]
    down = replace(
        board, columns=(replace(board.columns[0], higher_is_better=False), *board.columns[1:])
    )
    first = page_of(down).split('class="matrix"')[1].split("<tbody>")[1].split("</tr>")[0]
    assert 'class="worse"' in first
    assert 'class="better"' not in first


def test_the_judges_card_tells_licence_exam_work_and_versions():
    text = Page(page_of(BOARDS["full"])).text
    for said in (
        "Лицензия есть.",
        "Точность 0,840 (0,810–0,870)",
        "κ Коэна 0,680",
        "Тот же вердикт в обоих порядках 91,4\u00a0%".replace("\u00a0", " "),
        "Выбор первого ответа 0,497 (0,467–0,527)",
        "Вынесено вердиктов 99,8 %",
        "batch: 64, seed: 7",
        "pair-3",
        "c0ffee",
        "ответ о другом объекте 88 %",
        "unheard_of 70 %",
    ):
        assert said in text
    assert "Судья" not in Page(page_of(BOARDS["accuracy"])).text


def test_canaries_are_listed_with_the_baselines_that_they_are_above():
    board = BOARDS["full"]
    calm = page_of(board).split('id="canaries"')[1].split("</section>")[0]
    assert calm.count("ни одного") == 2
    rows = tuple(
        replace(row, scores={"win_rate": boards.estimate("0.55")})
        if row.name == "canary_null"
        else row
        for row in board.rows
    )
    risen = page_of(replace(board, rows=rows)).split('id="canaries"')[1].split("</section>")[0]
    assert "Первые десять слов" in risen
    assert "Эталонная LoRA" not in risen


def test_the_sealed_splits_commitment_is_shown_where_there_is_one():
    assert "5e" * 32 in page_of(BOARDS["full"])
    assert 'id="seal"' not in page_of(BOARDS["accuracy"])


def test_flags_are_for_staff_alone():
    board = BOARDS["full"]
    evidence = "integrity.unworded (share: 0.93, team: &lt;script&gt;"
    assert evidence in page_of(board, staff=True)
    assert evidence in team_of(board, "s03", staff=True)
    for page in (page_of(board), team_of(board, "s03")):
        assert "integrity" not in page
        assert 'id="flags"' not in page


def test_a_teams_page_tells_chances_gain_history_and_comparisons():
    board = BOARDS["full"]
    text = Page(team_of(board, "s03")).text
    assert "не ниже 1 28,6" in text
    assert "основной показатель должен вырасти на 0,0312" in text
    assert "2 ноября 2026 г., 23:30 МСК" in text  # submitted two hours after 18:30 UTC
    own = [one for one in board.history if one.team == "s03"]
    assert text.count("осталась прежняя оценка") == sum(one.shown is None for one in own) == 1
    assert text.count("выбрано в финал") == 2
    assert "< 0,0001" in text
    assert text.count("не различимы") + text.count("лучше") + text.count("хуже") >= 5
    best = Page(team_of(board, "Рекурсия и компания")).text
    assert "выше никого нет" in best


def test_a_teams_page_tells_the_missing_share_of_verdicts_only_when_some_are():
    board = BOARDS["full"]
    assert "Нет вердиктов 0,2 %" in Page(team_of(board, "Attention Deficit")).text
    assert "Нет вердиктов" not in Page(team_of(board, "s03")).text


def test_with_both_parts_each_page_leads_to_the_other_and_tells_its_score():
    public = boards.standings(6, part=Part.PUBLIC, seed=2)
    board = BOARDS["full"]
    first = page_of(board, public=public)
    assert 'href="public.html"' in first
    assert "На открытой части" in Page(first).text
    site = site_of(board, public=public)
    second = board_page(site, public, reader_of("ru"))
    assert 'href="index.html"' in second
    assert 'href="public.csv"' in second
    assert "Открытая часть теста. Вопросов: 200." in Page(second).text
    assert "Место на открытой части" in Page(team_page(site, board.rows[0], reader_of("ru"))).text


def test_the_line_of_a_history_is_level_where_nothing_new_was_shown():
    board = BOARDS["full"]
    page = team_of(board, "s03")
    marks = page.split('class="history"')[1].split("</svg>")[0]
    assert marks.count('class="estimate"') == 2
    assert marks.count('class="kept"') == 1
    steps = marks.count('class="step"')
    assert steps == 3  # level, level, and one jump


def test_a_history_where_nothing_was_shown_has_a_table_and_no_plot():
    board = BOARDS["full"]
    silent = tuple(
        Attempt(one.team, one.received, None, best=False, selected=False) for one in board.history
    )
    page = team_of(replace(board, history=silent), "s03")
    assert 'id="history"' in page
    assert 'class="history"' not in page


def test_marks_lie_where_their_values_are_on_the_axis():
    scores = [Estimate(D("0.7"), D("0.62"), D("0.78")), Estimate(D("0.8"), D("0.74"), D("0.86"))]
    axis = Axis.around(scores)
    assert (axis.low, axis.high, axis.step) == (D("0.6"), D("0.9"), D("0.05"))
    assert [tick.at for tick in axis.ticks()][0::6] == ["6.00%", "94.00%"]
    assert (axis.at(D("0.75")), axis.up(D("0.9"))) == ("50.00%", "6.00%")
    assert axis.span(scores[0]).low < axis.span(scores[0]).value < axis.span(scores[0]).high


@pytest.mark.parametrize(
    "ends", [("1", "1"), ("0", "0"), ("0", "1"), ("0.5", "0.5"), ("812", "1190"), ("-0.1", "0.02")]
)
def test_an_axis_has_room_for_any_interval(ends):
    low, high = map(D, ends)
    axis = Axis.around([Estimate(low, low, high)])
    assert axis.low <= low <= high <= axis.high
    assert axis.low < axis.high
    assert 2 <= len(axis.ticks()) <= 8


def test_all_files_are_written_and_written_again_the_same(tmp_path):
    board, public = boards.standings(2), boards.standings(2, part=Part.PUBLIC, seed=2)
    paths = write_board(board, tmp_path / "a" / "b", boards.TITLE, ("ru", "en"), "ru", public)
    names = [path.relative_to(tmp_path / "a" / "b").as_posix() for path in paths]
    assert names[:4] == ["index.html", "index.en.html", "public.html", "public.en.html"]
    assert names[6:8] == [
        "teams/attention-deficit--2e2372654e74.html",
        "teams/attention-deficit--2e2372654e74.en.html",
    ]
    assert names[8:] == ["leaderboard.csv", "leaderboard.json", "public.csv", "public.json"]
    on_disk = (path for path in (tmp_path / "a" / "b").rglob("*") if path.is_file())
    assert sorted(paths) == sorted(on_disk)
    first = [path.read_bytes() for path in paths]
    again = write_board(board, tmp_path / "c", boards.TITLE, ("ru", "en"), "ru", public)
    assert [path.read_bytes() for path in again] == first
    assert [b'lang="ru"' in text for text in first[:2]] == [True, True]  # en links to ru
    assert '<html lang="en">' in first[1].decode()


def test_the_default_language_has_the_plain_name(tmp_path):
    paths = write_board(BOARDS["empty"], tmp_path, boards.TITLE, ("ru", "en"), "en")
    assert [path.name for path in paths[:2]] == ["index.html", "index.ru.html"]
    assert '<html lang="en">' in paths[0].read_text("utf-8")


def test_every_link_between_files_leads_to_one(tmp_path):
    public = boards.standings(6, part=Part.PUBLIC, seed=2)
    paths = write_board(BOARDS["full"], tmp_path, boards.TITLE, ("ru", "en"), "ru", public)
    links = [
        (path, attrs["href"])
        for path in paths
        if path.suffix == ".html"
        for tag, attrs in Page(path.read_text("utf-8")).tags
        if tag == "a"
    ]
    assert len(links) > 100
    missing = [(path, href) for path, href in links if not (path.parent / href).is_file()]
    assert missing == []
    assert all(Path(href).suffix in (".html", ".csv", ".json") for _, href in links)
