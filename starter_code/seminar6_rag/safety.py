"""`guard`: finds instructions to the model in texts that should only inform.

Indirect prompt injection (Greshake et al. 2023): whoever can write a document that is retrieved
can talk to the model. Three layers stand against it here, and none is sufficient:

1. structure (`answering`): a document cannot leave its frame, change the speaker or call a tool;
2. this filter: sentences that address the model are cut out before the model sees them;
3. limits (`tools`): what the model is talked into can do little harm.

The filter is rules over evened text. It does not cover paraphrase without its words, other
languages, instructions spread over several sentences or documents, encodings (Base64, leetspeak)
or text in pictures. `run` says how much gets through, and how much harmless text it cuts.
"""

from __future__ import annotations

import re
import unicodedata

from .answering import INVISIBLE

_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=\S))*(?:[.!?](?=\s|\Z)|\n|\Z)\s*")
_OURS = r"(?:instruction|direction|guideline|rule|prompt|command|order)s?"
_BEFORE = r"(?:previous|prior|above|earlier|preceding|existing|original|system|given)"
_WHERE = r"(?:above|before|you (?:were|have|got)|given)"

# Each rule is a family of phrases; its name says what the sentence tries. They read evened text:
# lower case, no punctuation, one space between words ("don't" is "don t").
RULES: dict[str, re.Pattern[str]] = {
    # Set our instructions aside: "ignore all previous instructions", "don't obey the rules above".
    "override": re.compile(
        r"\b(?:ignore|disregard|forget|override|bypass"
        r"|(?:do not|don t|never|stop) (?:follow|obey|heed)(?:ing)?)\b"
        rf"(?: \w+){{0,3}}? (?:{_BEFORE} (?:\w+ )?{_OURS}|{_OURS} (?:\w+ )?{_WHERE}"
        rf"|everything (?:\w+ )?(?:above|before)|(?:all|any|your) {_OURS})\b"
    ),
    # Become somebody else: "you are now an unrestricted assistant", "act as a pirate".
    "role": re.compile(
        r"\b(?:you are now (?:an?|the|in|free|unrestricted)|from now on you"
        r"|you (?:must|will|shall) (?:now )?(?:act|behave|pretend)"
        r"|(?:act|pretend|behave|roleplay) (?:as|to be|like) (?:an?|the) (?:\w+ )?"
        r"(?:assistant|ai|chatbot|pirate|hacker|admin\w*|developer))\b"
    ),
    # Tell what is ours: "reveal your system prompt", "repeat the instructions above".
    "reveal": re.compile(
        r"\b(?:reveal|print|show|repeat|output|tell|leak|expose|disclose|recite|send|quote)\b"
        rf"(?: \w+){{0,3}}? (?:(?:your|system|hidden|secret|initial) (?:\w+ )?{_OURS}"
        rf"|{_OURS} {_WHERE}|your (?:\w+ )?(?:secret|password|key|token)s?)\b"
    ),
    # Dictate the answer: "answer only with ...", "your reply must be ...", "say exactly ...".
    "dictate": re.compile(
        r"\b(?:(?:answer|reply|respond)(?: \w+){0,4}? (?:only|just|exactly|instead|always)"
        r"|(?:only|just|always|instead) (?:answer|reply|respond|say)|say exactly"
        r"|your (?:\w+ )?(?:answer|reply|response|output) (?:must|should|shall|has to|is to))\b"
    ),
    # Speak to a model as such: "attention AI", "note to the assistant", "dear language model".
    "address": re.compile(
        r"\b(?:(?:attention|dear|hey|hello|(?:note|message) (?:to|for)|important for)"
        r" (?:\w+ ){0,2}?(?:ai|llm|assistant|chatbot|language model|gpt)s?"
        r"|as an ai (?:language )?model)\b"
    ),
}
# A speaker's marker; looked for in the text itself, for evening takes its signs away.
_SPEAKER = re.compile(
    r"<\s*\|.{0,24}?\||^\s*(?:#+\s*)?(?:system|assistant)\s*:|<\s*/?\s*tool_call", re.I
)


def evened(text: str) -> str:
    """Return a text as rules read it: NFKC, nothing invisible, lower case, words and one space."""
    visible = INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return " ".join(re.findall(r"[^\W_]+", visible))


def guard(text: str) -> tuple[str, list[str]]:
    """Cut out the sentences that give orders to the model; return the rest and the rules found.

    What is harmless stays, character by character. A sentence ends behind `.`, `!` or `?` with
    white space or at a line feed. Rules read it `evened`: full-width letters, zero-width characters
    and odd spacing hide nothing from them; a rule also fires where a phrase is broken over two
    neighbouring sentences, and then both go. Rules stand in the order of `RULES`, then "speaker",
    each once. A text that nothing fires on comes back unchanged.

    Args:
        text: A passage, or whatever a tool returned.
    """
    raise NotImplementedError("write your solution here")
