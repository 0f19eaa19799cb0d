"""The reader of submissions: every mistake with its line, all at once."""

import json

import pytest

from graders.core import strictjson
from graders.core.errors import StudentError
from graders.core.messages import Messages
from leaderboard.metrics import answers as reading
from leaderboard.metrics.answers import AnswersError, read_answers

IDS = ("q1", "q2", "q3")
ABSENT = ("answers.absent", None)


def lines(*rows):
    return "".join(
        f"{row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)}\n" for row in rows
    ).encode()


def row(id_, answer="Return the sum of two numbers."):
    return {"id": id_, "answer": answer}


def problems_of(data, file="submission.jsonl", ids=IDS):
    with pytest.raises(AnswersError) as caught:
        read_answers(data, file, ids)
    return [(problem.key, problem.args.get("line")) for problem in caught.value.problems]


def one_bad(answer):
    """Return the mistake of a file in which only the answer in line 2 is bad."""
    found = problems_of(lines(row("q1"), row("q2", answer), row("q3")))
    assert [line for _, line in found] == [2]
    return found[0][0]


def test_answers_come_in_the_order_of_the_test_set():
    found = read_answers(lines(row("q3", "c"), row("q1", "a"), row("q2", "b")), "s.jsonl", IDS)
    assert list(found.items()) == [("q1", "a"), ("q2", "b"), ("q3", "c")]


def test_csv_and_json_lines_with_a_mark_and_crlf_say_the_same():
    texts = {"q1": 'Return "x", or y.', "q2": "", "q3": "Собрать ответ."}
    json_lines = b"\xef\xbb\xbf" + lines(*(row(k, v) for k, v in texts.items()))
    csv = '\ufeffid,answer\r\nq1,"Return ""x"", or y."\r\nq2,\r\nq3,Собрать ответ.\r\n'.encode()
    assert read_answers(json_lines.replace(b"\n", b"\r\n"), "s.jsonl", IDS) == texts
    assert read_answers(csv, "S.CSV", IDS) == texts


def test_a_line_break_of_unicode_or_in_a_csv_cell_does_not_split_an_answer():
    assert read_answers(lines(row("q1", "a\u2028b")), "s.jsonl", ["q1"]) == {"q1": "a\u2028b"}
    assert read_answers(b'id,answer\nq1,"a\nb"\n', "s.csv", ["q1"]) == {"q1": "a\nb"}


def test_the_line_of_a_mistake_after_a_cell_of_two_lines_is_right():
    data = b'id,answer\nq1,"a\nb"\nq9,c\nq2,d\nq3,e\n'
    assert problems_of(data, "s.csv") == [("answers.extra", 4)]


def test_all_mistakes_are_told_at_once_with_their_lines():
    data = lines(
        row("q1"),
        row("q1"),
        row("q9"),
        '{"id": "q2", "answer": NaN}',
        {"id": "q2", "answer": "a b", "score": 1},
        {"id": 2, "answer": "a b"},
        {"id": "q3", "answer": None},
        '{"id": "q3", "id": "q2", "answer": "a"}',
        '{"id": "q3", "answer": [[["deep"]]]}',
        "not json",
    )
    assert problems_of(data) == [
        ("answers.absent", None),
        ("answers.duplicate", 2),
        ("answers.extra", 3),
        ("json.not_a_number", 4),
        ("answers.object", 5),
        ("answers.id_type", 6),
        ("answers.answer_type", 7),
        ("json.duplicate_key", 8),
        ("json.too_deep", 9),
        ("json.not_json", 10),
    ]


def test_absent_questions_are_counted_and_some_are_named():
    with pytest.raises(AnswersError) as caught:
        read_answers(lines(row("q2")), "s.jsonl", [f"q{n}" for n in range(1, 10)])
    assert caught.value.problems[0].args == {"count": 8, "ids": "q1, q3, q4, q5, q6"}


def test_a_missing_value_is_refused_however_it_is_spelt():
    assert {one_bad(text) for text in ("nan", " NaN ", "None", "null", "-inf")} == {
        "answers.missing_value"
    }


def test_text_that_moves_a_cursor_or_turns_a_line_is_refused():
    assert one_bad("Return \x1b[2J the sum.") == "answers.control"
    assert one_bad("Return \x00 the sum.") == "answers.control"
    assert one_bad("Return \x9b the sum.") == "answers.control"
    assert one_bad("Return \u202eeht the sum.") == "answers.bidi"


def test_what_begins_like_a_formula_and_what_models_write_is_let_through():
    texts = {"q1": "=SUM(A1) adds.", "q2": "two\nlines\tand \u200b", "q3": "   "}
    assert read_answers(lines(*(row(k, v) for k, v in texts.items())), "s.jsonl", IDS) == texts


def test_an_answer_may_be_as_long_as_the_limit_and_no_longer():
    longest = "x" * reading.MAX_ANSWER
    assert read_answers(lines(row("q1", longest)), "s.jsonl", ["q1"]) == {"q1": longest}
    assert one_bad(longest + "x") == "answers.too_long"


def test_half_of_a_surrogate_pair_is_refused_with_its_line():
    data = lines(row("q1"), '{"id": "q2", "answer": "\\ud800"}', row("q3"))
    assert ("answers.surrogate", 2) in problems_of(data)


@pytest.mark.parametrize(
    ("data", "file", "expected"),
    [
        (b"", "s.jsonl", [("answers.empty", None)]),
        (b"id,answer\n", "s.csv", [("answers.empty", None)]),
        (lines(row("q1")), "s.txt", [("answers.kind", None)]),
        (b"id;answer\nq1;a\n", "s.csv", [("answers.header", 1)]),
        (b"id,answer\nq1,a\nq2,b,c\nq3,d\n", "s.csv", [ABSENT, ("answers.columns", 3)]),
        (b'id,answer\nq1,a\nq2,b\nq3,"c"d\n', "s.csv", [ABSENT, ("answers.csv", 4)]),
        (b"id,answer\nq1,a\nq2,\xff\n", "s.csv", [("answers.not_utf8", 3)]),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_says_so(data, file, expected):
    assert problems_of(data, file) == expected


def test_a_line_that_is_not_utf8_is_named():
    data = lines(row("q1"), row("q2")) + b'{"id": "q3", "answer": "\xff"}\n'
    assert problems_of(data) == [("answers.absent", None), ("json.not_utf8", 3)]


def test_a_file_that_is_too_large_is_not_read(monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    assert problems_of(lines(row("q1"))) == [("answers.too_large", None)]


def test_of_many_mistakes_the_first_are_told_and_the_rest_counted():
    with pytest.raises(AnswersError) as caught:
        read_answers(
            lines(*(row(f"x{n}") for n in range(50))) + lines(row("q1")), "s.jsonl", ["q1"]
        )
    assert len(caught.value.problems) == reading.MAX_PROBLEMS
    assert caught.value.more == 50 - reading.MAX_PROBLEMS
    assert "and 30 more" in str(caught.value)


def test_reading_ends_after_very_many_mistakes():
    with pytest.raises(AnswersError) as caught:
        read_answers(b"{}\n" * 5000, "s.jsonl", IDS)
    assert caught.value.more == reading.MAX_COUNTED


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_every_mistake_has_its_words_in_both_languages(lang):
    messages = Messages.load(lang=lang, strict=True)
    assert messages.keys >= (reading.FAULT_KEYS | strictjson.FAULT_KEYS)
    rows = [row("q1"), row("q1"), row("q9"), "{", '{"id": "q2", "answer": 1}', row("q3", "\x1b")]
    with pytest.raises(AnswersError) as caught:
        read_answers(lines(*rows, *(row("x") for _ in range(20))), "s.jsonl", (*IDS, "q4"))
    told = caught.value.explain(messages)
    assert len(told) == reading.MAX_PROBLEMS + 2
    assert "q9" in told[2]


def test_a_name_of_a_file_or_an_id_cannot_break_a_message():
    with pytest.raises(StudentError) as caught:
        read_answers(lines(row("\x1b[31m" + "x" * 500)), "a\nb.jsonl", IDS)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
