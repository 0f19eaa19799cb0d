"""An endpoint that fails in every way that endpoints fail, over real HTTP."""

import json
import logging
import signal
import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from graders.core.errors import CourseError, InfraError
from leaderboard.judges import Ledger, verdicts
from leaderboard.judges.config import EndpointTable, PanelTable, from_config
from leaderboard.judges.endpoint import EndpointJudge
from leaderboard.judges.entries import Spent
from leaderboard.judges.transport import Waits, retry_after
from leaderboard.records import Duel, Label
from tests.judges.scripted import BAD, GOOD, question
from tests.judges.server import Answer, failed, said, serving

pytestmark = pytest.mark.slow  # some seconds for all together; the contract is the fast test

SALT = b"a salt of sixteen bytes or more"
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
VERDICT_A = said('{"reason": "r", "verdict": "A"}')
DUEL = Duel(question(), GOOD, BAD)
DUELS = [Duel(question(f"q{n}"), GOOD, BAD) for n in range(8)]


def table(url="http://127.0.0.1:9/v1", **more) -> EndpointTable:
    told = {
        "kind": "endpoint", "name": "remote", "family": "fam", "base_url": url, "model": "m",
        "format": "json", "logprobs": False, "read_s": "5", "budget": {"tokens": 10**9},
    }  # fmt: skip
    return EndpointTable.model_validate(told | more)


class Clock:
    """Waits in no time and remembers how long it would have been."""

    def __init__(self):
        self.waits = []

    async def sleep(self, seconds):
        self.waits.append(seconds)


def judge_of(server, clock=None, spent=None, attempts=4, **more):
    clock = clock or Clock()
    waits = Waits(attempts=attempts, seed=1, sleep=clock.sleep, now=lambda: NOW)
    return EndpointJudge(table(server.url, **more), salt=SALT, waits=waits, spent=spent)


def only(judge, duel=DUEL):
    (verdict,) = judge.judge([duel])
    return verdict


def test_a_verdict_comes_with_its_reply_tokens_and_price():
    price = {"read": "2", "written": "10"}
    with serving(lambda *_: VERDICT_A) as server:
        verdict = only(judge_of(server, price=price))
    assert verdict.label is Label.FIRST
    assert verdict.raw == '{"reason": "r", "verdict": "A"}'
    assert (verdict.tokens_in, verdict.tokens_out) == (100, 10)
    assert verdict.cost == Decimal("0.0003")
    (request,) = server.requests
    assert request["model"] == "m"
    assert request["temperature"] == 0
    assert request["response_format"] == {"type": "json_object"}
    assert GOOD in request["messages"][1]["content"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said("I would rather not."), "no_verdict"),
        (said('{"verdict": "C"}'), "no_verdict"),
        (said(None, refusal="I cannot."), "refusal"),
        (said("", finish="content_filter"), "refusal"),
        (said(None), "empty"),
        (said("  "), "empty"),
        (said(None, reasoning_content="The verdict: A"), "reasoning"),
        (said("", reasoning="verdict: A"), "reasoning"),
        (said("<think>verdict: A"), "reasoning"),
        (said('{"reason": "verdict: A, because', finish="length"), "truncated"),
        (Answer(body=b'{"choices": []}'), "empty"),
        (Answer(body=b"[]"), "empty"),
        (Answer(body=b'{"choices": [{"message": {"content": 7}}]}'), "empty"),
        (Answer(body=b'{"choices": {"0": 1}, "usage": {"prompt_tokens": -1}}'), "empty"),
        (Answer(body=b'{"choices": [{"mess'), "not_json"),
        (Answer(body=b"[" * 1900), "not_json"),
        (Answer(body=b"\xff\xfe"), "not_json"),
        (Answer(body=b"<html>", headers={"Content-Type": "text/html"}), "not_json"),
        (Answer(body=b"x" * 3000), "too_large"),
        (failed(400, '{"error": "context too long"}'), "request"),
        (failed(500), "server"),
        (failed(503, Retry_After="-5"), "server"),
        (failed(429), "rate_limited"),
        (Answer(body=b"{}", promised=500), "unreachable"),
    ],
)
def test_what_is_no_verdict_is_unscored_and_says_why(answer, why):
    with serving(lambda *_: answer) as server:
        verdict = only(judge_of(server, most_bytes=2000))
    assert (verdict.label, verdict.why) == (None, why)
    retried = why in {"not_json", "server", "rate_limited", "unreachable"}
    assert len(server.requests) == (4 if retried else 1)


def test_a_hanging_server_is_given_up():
    with serving(lambda *_: Answer(hang=True)) as server:
        verdict = only(judge_of(server, read_s="0.05", attempts=2))
    assert verdict.why == "timeout"
    assert len(server.requests) == 2
    assert verdict.tokens_in > 0  # nobody can say that it was not billed


def test_a_dripping_server_is_given_up_too():
    drip = Answer(hang=True)
    with serving(lambda *_: drip) as server:
        assert only(judge_of(server, whole_s="0.05", attempts=1)).why == "timeout"


def test_faults_that_pass_are_waited_out():
    faults = [failed(429, Retry_After="7"), failed(500), Answer(body=b"{"), VERDICT_A]
    clock = Clock()
    with serving(lambda _, number: faults[number]) as server:
        assert only(judge_of(server, clock)).label is Label.FIRST
    assert clock.waits[0] == 7
    assert 0.5 <= clock.waits[1] <= 1
    assert 1 <= clock.waits[2] <= 2


def test_waits_double_are_capped_and_differ_by_request():
    waits = Waits(seed=1, cap_s=3)
    series = [waits.backoff("a", attempt) for attempt in range(5)]
    for attempt, wait in enumerate(series):
        whole = min(3, 0.5 * 2**attempt)
        assert whole / 2 <= wait <= whole
    assert series == [waits.backoff("a", attempt) for attempt in range(5)]
    assert waits.backoff("a", 4) != waits.backoff("b", 4)
    assert waits.backoff("a", 4) != Waits(seed=2, cap_s=3).backoff("a", 4)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3), ("0.5", 0.5), ("-1", 0), ("soon", None), (None, None), ("inf", None),
        ("nan", None), ("Tue, 24 Nov 2026 12:00:30 GMT", 30), ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 24 Nov 2026 12:00:30 -0000", 30), ("", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert retry_after(value, NOW) == seconds


def test_retry_after_beyond_patience_ends_the_attempts():
    clock = Clock()
    with serving(lambda *_: failed(429, Retry_After="86400")) as server:
        assert only(judge_of(server, clock)).why == "rate_limited"
    assert len(server.requests) == 1
    assert clock.waits == []


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 301])
def test_what_no_duel_would_survive_stops_the_run(status):
    with (
        serving(lambda *_: failed(status, Location="http://127.0.0.1:9/")) as server,
        pytest.raises(InfraError, match=str(status)),
    ):
        judge_of(server, concurrency=2).judge(DUELS)
    assert len(server.requests) <= 2


def test_an_endpoint_that_is_down_stops_the_run_and_keeps_the_rest(tmp_path):
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    up = 3

    def rule(_, number):
        return VERDICT_A if number < up else failed(503)

    with serving(rule) as server:
        judge = judge_of(server, attempts=1, concurrency=1, give_up=2)
        with pytest.raises(InfraError, match="2 in a row"):
            verdicts(judge, DUELS, ledger)
        up = 100
        found = verdicts(judge, DUELS, ledger)
    assert {one.label for one in found} == {Label.FIRST}
    assert ledger.verify() == 1 + 3 + 2 + 5  # card, verdicts, failures, and all that was left


def test_nobody_at_the_address_is_told_before_anything_is_asked():
    judge = EndpointJudge(
        table(format="auto"), salt=SALT, waits=Waits(attempts=2, sleep=Clock().sleep)
    )
    with pytest.raises(InfraError, match="does not answer"):
        judge.judge(DUELS)


def test_requests_at_once_are_limited_and_verdicts_keep_their_order():
    def rule(body, _):
        gate.wait(0.02)
        name = body["messages"][1]["content"].split("sort(items) of ")[1].split()[0]
        return said(json.dumps({"reason": name, "verdict": "B"}))

    gate = threading.Event()
    with serving(rule) as server:
        found = judge_of(server, concurrency=3).judge(DUELS)
    assert [json.loads(one.raw)["reason"] for one in found] == [f"q{n}" for n in range(8)]
    assert server.most_at_once <= 3


def test_budget_in_tokens_is_never_passed_and_the_rest_is_unscored():
    dear = said('{"verdict": "A"}', usage={"prompt_tokens": 1900, "completion_tokens": 100})
    with serving(lambda *_: dear) as server:
        judge = judge_of(server, budget={"tokens": 12_000}, max_tokens=100, concurrency=1)
        found = judge.judge(DUELS)
    asked = len(server.requests)
    assert 1 <= asked < 6
    assert [one.why for one in found] == [""] * asked + ["budget"] * (8 - asked)
    assert sum(one.tokens_in + one.tokens_out for one in found) == 2000 * asked <= 12_000


def test_budget_in_money_counts_earlier_rounds():
    price = {"read": "1000", "written": "1000"}  # 0.11 a call; at most some 4 are set aside
    with serving(lambda *_: VERDICT_A) as server:
        more = {"budget": {"money": "10"}, "price": price, "max_tokens": 50, "concurrency": 2}
        fresh = judge_of(server, **more).judge(DUELS)
        spent = judge_of(server, spent=Spent(cost=Decimal("9.9")), **more).judge(DUELS)
    assert {one.label for one in fresh} == {Label.FIRST}
    assert {one.why for one in spent} == {"budget"}
    assert len(server.requests) == 8


def test_attempts_without_an_answer_are_paid_from_the_budget():
    with serving(lambda *_: Answer(body=b"{")) as server:
        judge = judge_of(server, attempts=20, budget={"tokens": 10_000}, max_tokens=50)
        verdict = only(judge)
    assert verdict.why == "budget"
    assert 0 < verdict.tokens_in + verdict.tokens_out <= 10_000
    assert len(server.requests) < 5


@pytest.mark.parametrize(
    ("able", "form"), [("json_schema", "json_schema"), ("json_object", "json"), ("", "text")]
)
@pytest.mark.parametrize("refuses", [True, False], ids=["refuses", "passes over"])
def test_probe_finds_what_the_endpoint_can_do(able, form, refuses):
    def rule(body, _):
        wanted = body.get("response_format", {}).get("type", "")
        if wanted and wanted != able:
            return failed(400) if refuses else said("The verdict: A")
        return said('{"reason": "", "verdict": "A"}' if wanted else "Verdict: A")

    with serving(rule) as server:
        judge = judge_of(server, format="auto", logprobs=None)
        assert only(judge).label is Label.FIRST
        last = server.requests[-1]
        used = {"json_schema": "json_schema", "json": "json_object", "text": None}[form]
        assert last.get("response_format", {}).get("type") == used
        assert "logprobs" not in last
        asked = len(server.requests)
        only(judge)
        assert len(server.requests) == asked + 1  # it is found out once


def test_log_probabilities_become_a_confidence():
    top = [{"token": "A", "logprob": -0.1054}, {"token": " B", "logprob": -2.3026}]
    tokens = [
        {"token": "B", "logprob": 0, "top_logprobs": []},
        {"token": '"A', "logprob": -0.1054, "top_logprobs": top},
        {"token": '"}', "logprob": 0, "top_logprobs": []},
    ]

    def rule(body, _):
        asked = {"choice_logprobs": {"content": tokens}} if body.get("logprobs") else {}
        return said('{"verdict": "A"}', **asked)

    with serving(rule) as server:
        assert only(judge_of(server, logprobs=None)).confidence == pytest.approx(0.9, abs=1e-4)
        assert only(judge_of(server, logprobs=False)).confidence is None


@pytest.mark.parametrize(
    "tokens", [None, 7, [None], [{"token": "A"}], [{"token": "A", "top_logprobs": [{}]}],
               [{"token": "A", "top_logprobs": [{"token": "A", "logprob": "x"}]}]],
)  # fmt: skip
def test_odd_log_probabilities_are_no_confidence(tokens):
    answer = said('{"verdict": "A"}', choice_logprobs={"content": tokens})
    with serving(lambda *_: answer) as server:
        verdict = only(judge_of(server, logprobs=True))
    assert (verdict.label, verdict.confidence) == (Label.FIRST, None)


KEY = "sk-very-secret-0123456789"


@pytest.mark.parametrize("place", ["file", "variable"])
def test_key_is_never_kept_or_shown(place, tmp_path, monkeypatch, caplog):
    (tmp_path / "key").write_text(KEY + "\n")
    monkeypatch.setenv("JUDGE_KEY", KEY)
    where = {"api_key_file": "key"} if place == "file" else {"api_key_env": "JUDGE_KEY"}
    echo = [said(f"{KEY} is wrong. Verdict: A"), failed(400, KEY), failed(401, f'"{KEY}"')]
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    caplog.set_level(logging.DEBUG)
    with serving(lambda _, number: echo[number]) as server:
        judge = EndpointJudge(table(server.url, concurrency=1, **where), base=tmp_path, salt=SALT)
        with pytest.raises(InfraError) as stopped:
            verdicts(judge, DUELS, ledger)
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    kept = (tmp_path / "ledger.jsonl").read_text() + str(stopped.value) + caplog.text
    assert "[key] is wrong" in kept
    assert KEY not in kept + repr(judge) + repr(judge.card) + repr(vars(judge)["_config"])


def test_missing_key_and_salt_are_told_before_anything_is_asked(tmp_path):
    with pytest.raises(CourseError, match="key cannot be read"):
        from_config(table(api_key_file="none"), base=tmp_path, salt=SALT)
    with pytest.raises(CourseError, match="key is not there"):
        from_config(table(api_key_env="NO_SUCH_KEY_HERE"), salt=SALT)
    with pytest.raises(CourseError, match="secret salt"):
        from_config(table())
    (tmp_path / "salt").write_text("short")
    with pytest.raises(CourseError, match="secret salt"):
        from_config(table(salt_file="salt"), base=tmp_path)
    (tmp_path / "salt").write_bytes(SALT)
    card = from_config(table(salt_file="salt"), base=tmp_path).card
    assert card == from_config(table(), salt=SALT).card
    assert card != from_config(table(), salt=SALT[::-1]).card
    assert SALT.decode() not in str(card)


def test_interrupt_ends_at_once_and_keeps_what_was_there(tmp_path):
    ledger = Ledger.open(tmp_path / "ledger.jsonl")

    def rule(_, number):
        if number < 3:
            return VERDICT_A
        if number == 3:
            signal.raise_signal(signal.SIGINT)
        return Answer(hang=True)

    with serving(rule) as server:
        judge = judge_of(server, concurrency=1)
        with pytest.raises(KeyboardInterrupt):
            verdicts(judge, DUELS, ledger)
    assert Ledger.open(tmp_path / "ledger.jsonl").verify() == 4


def test_members_of_a_panel_are_charged_with_what_the_panel_spent(tmp_path):
    dear = said('{"verdict": "A"}', usage={"prompt_tokens": 7000, "completion_tokens": 100})
    with serving(lambda *_: dear) as server:
        member = table(server.url, budget={"tokens": 8000}, max_tokens=50).model_dump()
        config = PanelTable.model_validate({"kind": "panel", "judges": [member]})
        for expected in ("", "split"):  # one call fits, a second one is not certain to
            ledger = Ledger.open(tmp_path / "ledger.jsonl")
            judge = from_config(config, salt=SALT, ledger=ledger)
            duel = Duel(question(expected), GOOD, BAD)
            assert verdicts(judge, [duel], ledger)[0].why == expected
    assert len(server.requests) == 1
