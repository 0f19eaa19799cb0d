"""Answers that speak to a judge instead of to a reader.

A list of kinds of attack, each a pattern. Texts are unfolded first (compatibility forms,
zero-width characters, Cyrillic letters that look Latin), so that a disguise does not hide a
pattern; the disguise is a kind of its own. What also stands in the question is no attack: a
document about chat templates may be summed up in its own words. This finds the crude and the
well-known; canaries and the judge's own defences stand against the rest.
"""

from __future__ import annotations

import re
import unicodedata

from graders.core.records import Flag
from leaderboard.integrity.sheet import Row, Sheet, evidence, share
from leaderboard.metrics.texts import scorable

FLOOD_CHARS = 600  # three times the longest line that is asked for
FLOOD_REPEATS = 12  # of one word in one answer

_INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
_LOOKALIKES = str.maketrans("авекмнорстухіѕј", "abekmhopctyxisj")
_JUDGED = "(?:answer|response|output|summary|option|candidate|assistant|model)"
_RATED = r"(?:full|highest|maximum|perfect|top) (?:marks?|scores?|points?|ratings?)"

KINDS: dict[str, re.Pattern[str]] = {
    "verdict": re.compile(
        r"\[\[\s*(?:[abc]|[12]|tie|rating\W*\d*)\s*\]\]|\\boxed\{|"
        r"[\"'](?:winner|verdict|preference)[\"']\s*:|"
        r"\b(?:verdict|winner|final (?:answer|decision)|вердикт|победитель)\s*(?:\bis\b|:|=|—)|"
        rf"\b(?:{_JUDGED} [ab12]|(?:this|my|first|second) {_JUDGED}) (?:is|wins|won|was) "
        r"(?:\w+ ){0,2}(?:better|best|winner|correct|preferred)\b|"
        r"\b(?:ответ|вариант) [abаб12] (?:лучше|победил|верен)"
    ),
    "instruction": re.compile(
        r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|criteria|rubric|prompt)\b|"
        r"\b(?:ignore|disregard|forget) (?:everything|anything|all) (?:above|before|prior)|"
        r"\b(?:you are|act as) (?:an? |the )?(?:\w+ )?(?:judge|grader|evaluator)\b|"
        r"\b(?:dear|(?:to|for) the) (?:judge|grader|evaluator)\b|"
        rf"\b(?:choose|select|prefer|pick|favou?r) (?:this|my|the first|the second) {_JUDGED}\b|"
        rf"\b(?:give|award|assign)\b.{{0,30}}\b{_RATED}\b|"
        rf"\b(?:rate|score|grade) (?:this|it|me|my)\b|\b10 ?/ ?10\b|\b10 out of 10\b|"
        r"\b(?:судья|оценщик)\b.{0,40}\b(?:выбер|поставь|оцен)|"
        r"\b(?:игнорируй|забудь|не обращай внимания)\w*\b.{0,40}\b(?:инструкци|указани|правил)|"
        r"\b(?:выбери|предпочти|поставь)\w*\b.{0,30}\b(?:этот|первый|второй|максимальн|высш)"
    ),
    "delimiter": re.compile(
        r"</?\s*(?:answer|response|candidate|untrusted|system|user|judge)[\w\s=\"'-]{0,40}>|"
        r"(?:[\[<]|[*#=-]{2,})\s*(?:end|begin|start|конец|начало)\s+(?:of\s+)?(?:the\s+)?"
        r"(?:answer|response|data|document|candidate|output|ответа?)\b|"
        rf"#{{2,}}\s*(?:{_JUDGED} [ab12]|verdict)\b"
    ),
    "template": re.compile(
        r"<\|[^|<>]{1,40}\|>|\[/?inst\]|<</?sys>>|</?s>|<(?:start|end)_of_turn>|"
        r"(?:^|\n)\s*(?:#{2,}\s*)?(?:system|user|human|assistant|instruction)\s*:"
    ),
    "master_key": re.compile(
        r"^\W*(?:thought process|reasoning|solution|рассуждение|решение)\s*(?::|\Z)|"
        r"^\W*let'?s (?:solve|think)\b|^[\W_]+$"
    ),
}


def injected(sheet: Sheet, row: Row) -> list[Flag]:
    """Flag an entrant with any answer that looks like an attack, with the kinds and examples."""
    found: dict[str, list[int]] = {}
    for at, answer in enumerate(row.answers):
        for kind in kinds_of(answer, sheet.questions[at].prompt, sheet.documents[at]):
            found.setdefault(kind, []).append(at)
    if not found:
        return []
    # One example of every kind before the second of any.
    turns = sorted((turn, kind, at) for kind, ats in found.items() for turn, at in enumerate(ats))
    places = list(dict.fromkeys(at for _, _, at in turns))
    args = {
        "items": len(row.answers),
        "count": len(places),
        "share": share(len(places), len(row.answers)),
        "kinds": ", ".join(f"{kind}: {len(found[kind])}" for kind in sorted(found)),
        **evidence(sheet, row, places),
    }
    return [Flag("integrity.injection", args)]


def kinds_of(answer: str, *question: str) -> tuple[str, ...]:
    """Return the kinds of attack that an answer looks like.

    Args:
        answer: As given.
        question: All texts that the entrant was shown; what a pattern finds there too is no attack.
    """
    found = []
    if any(char not in "".join(question) for char in _INVISIBLE.findall(answer)):
        found.append("hidden")
    if len(answer) > FLOOD_CHARS or _most_repeated(answer) >= FLOOD_REPEATS:
        found.append("flood")
    texts = {unfolded(answer), _unmasked(answer)}
    shown = "\n".join(map(unfolded, question))
    for kind, pattern in KINDS.items():
        if any(match[0].strip() not in shown for text in texts for match in pattern.finditer(text)):
            found.append(kind)
    return tuple(found)


def unfolded(text: str) -> str:
    """Return a text without disguises: lower case, compatibility forms, nothing invisible."""
    text = scorable(text)
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return text.casefold()


def _unmasked(text: str) -> str:
    """Return an unfolded text with Cyrillic letters that look Latin turned into Latin ones."""
    return unfolded(text).translate(_LOOKALIKES)


def _most_repeated(text: str) -> int:
    counts: dict[str, int] = {}
    for word in scorable(text).split():
        counts[word] = counts.get(word, 0) + 1
    return max(counts.values(), default=0)
