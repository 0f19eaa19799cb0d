"""A board's page, in every state that it can be in."""

from dataclasses import replace
from decimal import Decimal

import pytest

from graders.core.messages import Messages
from graders.core.records import Flag
from leaderboard.board import build
from tests.feedback.pagetext import Page, rule_problems
from tests.leaderboard import boards
from tests.leaderboard.answers import skilled
from tests.leaderboard.states import BOARDS, GOLD, page_of, team_of

D = Decimal


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
