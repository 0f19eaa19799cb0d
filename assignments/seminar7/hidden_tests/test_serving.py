"""Part "serving": what an OpenAI client reads."""

from __future__ import annotations

import json

import pytest

EOS = 258
TEXTS = ("Ёжик 🦔 idёт\n«домой»", "naïve 🙂 café — 東京", "Привет, мир! 👩‍🚀")


def _body(**more):
    messages = [{"role": "user", "content": "hello"}]
    return {"model": "tiny", "messages": messages, "temperature": 0, **more}


def _events(case, text):
    """Return the payloads of a stream of server-sent events."""
    case.require(text.endswith("\n\n"), "seminar7.serving.sse_form")
    lines = text.split("\n\n")[:-1]
    for line in lines:
        case.require(line.startswith("data: ") and "\n" not in line, "seminar7.serving.sse_form")
    case.require(lines[-1:] == ["data: [DONE]"], "seminar7.serving.no_done")
    try:
        return [json.loads(line[6:]) for line in lines[:-1]]
    except ValueError:
        case.fail("seminar7.serving.sse_json")


@pytest.mark.points("0.3", key="seminar7.serving.detokenizer", part="serving")
def test_text_is_cut_only_where_it_is_whole(student, case, rng):
    text = rng.choice(TEXTS) + "".join(rng.sample("абв🙂xyzё", 5)) + "!"
    told = student.drive("endpoint", "detokenize", text, [EOS])
    pieces, rest = case.shaped(told["pieces"], [str]), case.shaped(told["rest"], str)
    case.require(not any("\ufffd" in piece for piece in pieces), "seminar7.serving.half_character")
    case.require("<special>" not in "".join(pieces) + rest, "seminar7.serving.special_shown")
    case.require("".join(pieces) + rest == text, "seminar7.serving.text_differs")
    done = sum(bool(piece) for piece in pieces)
    case.require(done == len(text), "seminar7.serving.held_back", n=done)
    told = student.drive("endpoint", "detokenize", "ok", [0xF0, 0x9F])
    case.require("".join(told["pieces"]) == "ok", "seminar7.serving.half_character")
    case.require("\ufffd" in told["rest"], "seminar7.serving.rest_lost")


@pytest.mark.points("0.3", key="seminar7.serving.stream", part="serving")
def test_a_stream_is_a_role_then_text_then_an_end(student, case, rng):
    text = rng.choice(TEXTS)
    said = [*text.encode(), EOS]
    body = _body(stream=True, stream_options={"include_usage": True})
    (told,) = student.drive("endpoint", "ask", said, [body])
    case.require(told["status"] == 200, "seminar7.serving.status", got=told["status"])
    case.require(told["type"].startswith("text/event-stream"), "seminar7.serving.stream_type")
    events = _events(case, told["text"])
    case.require(told["parts"] > 3, "seminar7.serving.not_streamed")
    kinds = {event.get("object") for event in events}
    case.require(kinds == {"chat.completion.chunk"}, "seminar7.serving.chunk_object")
    heads = {(event.get("id"), event.get("created"), event.get("model")) for event in events}
    case.require(len(heads) == 1, "seminar7.serving.heads_differ")
    *pieces, last, counted = events
    deltas = [piece["choices"][0]["delta"] for piece in pieces]
    case.require(deltas[0].get("role") == "assistant", "seminar7.serving.no_role")
    case.require(
        "".join(d.get("content") or "" for d in deltas) == text, "seminar7.serving.text_differs"
    )
    reasons = [piece["choices"][0]["finish_reason"] for piece in pieces]
    case.require(set(reasons) == {None}, "seminar7.serving.reason_early")
    end = last["choices"] and last["choices"][0]
    case.require(end and end["finish_reason"] == "stop", "seminar7.serving.reason_wrong")
    case.require(counted["choices"] == [], "seminar7.serving.usage_event")
    usage = counted["usage"]
    case.require(usage["completion_tokens"] == len(said), "seminar7.serving.usage_wrong")
    line = student.drive("endpoint", "event", {"a": "one\n\ntwo"})
    case.require(line.count("\n") == 2 and line.endswith("\n\n"), "seminar7.serving.sse_break")
    (plain,) = student.drive("endpoint", "ask", said, [_body(stream=True)])
    case.require(
        len(_events(case, plain["text"])) == len(events) - 1, "seminar7.serving.usage_unasked"
    )


@pytest.mark.points("0.2", key="seminar7.serving.whole", part="serving")
def test_a_whole_answer_counts_its_tokens_and_says_why_it_ended(student, case, rng):
    text = rng.choice(TEXTS)
    said = [*text.encode(), EOS]
    limit = rng.randint(3, 6)
    told = student.drive(
        "endpoint", "ask", [*said, *b"abcdefghij"], [_body(), _body(max_tokens=limit)]
    )
    bodies = []
    for answer in told:
        case.require(answer["status"] == 200, "seminar7.serving.status", got=answer["status"])
        bodies.append(json.loads(answer["text"]))
    first, second = bodies
    case.require(first.get("object") == "chat.completion", "seminar7.serving.object")
    choice = first["choices"][0]
    message = choice["message"]
    case.require(message == {"role": "assistant", "content": text}, "seminar7.serving.text_differs")
    case.require(choice["finish_reason"] == "stop", "seminar7.serving.reason_wrong")
    cut = second["choices"][0]
    case.require(cut["finish_reason"] == "length", "seminar7.serving.reason_length")
    case.require(cut["message"]["content"] == "abcdefghij"[:limit], "seminar7.serving.limit_wrong")
    prompt = len(b"user: hello") + 2 + len(b"assistant: ") + 1
    for body, count in ((first, len(said)), (second, limit)):
        usage = body["usage"]
        case.require(usage["prompt_tokens"] != prompt + 1, "seminar7.serving.special_twice")
        right = {
            "prompt_tokens": prompt,
            "completion_tokens": count,
            "total_tokens": prompt + count,
        }
        case.require(usage == right, "seminar7.serving.usage_wrong")


@pytest.mark.points("0.1", key="seminar7.serving.errors", part="serving")
def test_what_is_not_understood_is_refused_in_openais_words(student, case, rng):
    long = {"role": "user", "content": "x" * rng.randint(300, 400)}
    bodies = [
        _body(model="other"),
        _body(messages=[long]),
        _body(max_tokens=10_000),
        _body(stop=["x"]),
        _body(messages=[]),
    ]
    # 25 tokens are read, and of the answer all but the last: 176 more fill a row of 200.
    bodies += [_body(max_tokens=177), _body(max_tokens=176)]
    told = student.drive("endpoint", "ask", [EOS], bodies)
    keys = (
        "seminar7.serving.unknown_model",
        "seminar7.serving.prompt_too_long",
        "seminar7.serving.limit_too_long",
        "seminar7.serving.field_ignored",
        "seminar7.serving.no_messages",
        "seminar7.serving.limit_too_long",
    )
    statuses = (404, *[400] * 5)
    case.require(told.pop()["status"] == 200, "seminar7.serving.limit_that_fits")
    for answer, status, key in zip(told, statuses, keys, strict=True):
        case.require(answer["status"] == status, key, got=answer["status"])
        error = json.loads(answer["text"]).get("error")
        case.require(type(error) is dict and error.get("message"), "seminar7.serving.error_form")


@pytest.mark.points("0.1", key="seminar7.serving.hang_up", part="serving")
def test_who_hangs_up_frees_the_row(student, case, rng):
    said = [rng.randrange(97, 122) for _ in range(380)]
    told = student.drive("endpoint", "hang_up", said, _body(), rng.randint(2, 5))
    case.require(told["forwards"] < 300, "seminar7.serving.talks_to_nobody", n=told["forwards"])
    case.require(not told["busy"], "seminar7.serving.row_kept")
