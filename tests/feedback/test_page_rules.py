"""What holds for every page of every kind of student, in both languages."""

import pytest
from markupsafe import escape

from graders.core.catalogues import catalogue_problems
from graders.core.messages import PLATFORM_LOCALE
from graders.feedback import index_page, student_page
from tests.feedback import sample
from tests.feedback.conftest import LINKS
from tests.feedback.pagetext import Page, rule_problems

SAMPLE = sample.sample()


@pytest.mark.parametrize("kind", SAMPLE)
def test_policy_allows_the_style_of_the_page_and_nothing_else(kind, words):
    assert rule_problems(student_page(SAMPLE[kind], words, LINKS)) == []


def test_the_index_keeps_the_rules_too(words):
    assert rule_problems(index_page(list(SAMPLE.values()), words)) == []


def test_the_rules_find_what_would_break_them(words):
    page = student_page(SAMPLE["in_time"], words, LINKS)
    for was, becomes in {
        "</style>": "b{}</style>",
        "<main>": '<main style="color:red">',
        '<section class="work"': '<section id="hw1" class="work"',
        "</h1>": "",
        '<a href="': '<a href="javascript:',
        "<header>": '<header><img alt="" src="a.png">',
        "<h2": "<h3",
    }.items():
        assert was in page
        assert rule_problems(page.replace(was, becomes, 1)), f"{becomes} went unnoticed"


@pytest.mark.parametrize("kind", SAMPLE)
def test_the_same_records_give_the_same_bytes(kind, words, lang, tmp_path):
    again = sample.words(sample.catalogues(tmp_path), lang)
    first = student_page(SAMPLE[kind], words, LINKS)
    assert student_page(sample.sample()[kind], again, LINKS).encode() == first.encode()


def test_a_page_says_its_language_and_links_the_other_one(words, lang):
    page = Page(student_page(SAMPLE["in_time"], words, LINKS))
    other = "en" if lang == "ru" else "ru"
    links = [attrs for tag, attrs in page.tags if tag == "a"]
    assert dict(page.tags)["html"]["lang"] == lang
    assert links == [{"href": LINKS[other], "lang": other, "hreflang": other}]
    assert {"ru": "English", "en": "Русский"}[lang] in page.text


def test_markup_in_student_made_text_stays_text(words):
    page = student_page(SAMPLE["hostile"], words, LINKS)
    assert sample.MARKED_UP in Page(page).text
    assert "<script" not in page
    assert "<img" not in page
    # name and title, source, a message's argument, a reason's argument
    assert page.count(str(escape(sample.MARKED_UP))) >= 4


def test_markup_stays_text_in_the_index_and_an_id_is_one_step_of_a_path(words):
    page = index_page([SAMPLE["hostile"]], words)
    assert sample.MARKED_UP in Page(page).text
    assert "<script" not in page
    assert 'href="s%2F21/index.html"' in page


def test_invisible_characters_are_spelt_out(words):
    name = student_page(SAMPLE["nothing"], words, LINKS)
    refused = student_page(SAMPLE["refused"], words, LINKS)
    assert "Øyvind [U+202E]Korff" in name
    assert "evil[U+0007].zip" in refused
    assert "../../etc[U+202E]/passwd" in refused
    assert not {"\u202e", "\u0007"} & set(name + refused)


@pytest.mark.parametrize("kind", SAMPLE)
def test_what_a_run_keeps_and_flags_for_staff_are_not_told(kind, words):
    page = student_page(SAMPLE[kind], words, LINKS)
    assert sample.SECRET not in page
    assert words.text("toy.flag", loss=0.001) not in page


def test_where_the_staff_keeps_submissions_is_not_told(words):
    page = student_page(SAMPLE["resubmitted"], words, LINKS)
    assert "s01-v1.zip" in page
    assert "inbox" not in page


def test_catalogues_of_the_pages_hold_the_same_keys_in_both_languages():
    files = {lang: [PLATFORM_LOCALE / f"feedback.{lang}.po"] for lang in ("ru", "en")}
    assert all(path.is_file() for paths in files.values() for path in paths)
    assert catalogue_problems([PLATFORM_LOCALE], ["ru", "en"]) == []
