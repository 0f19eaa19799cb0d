"""`zachetka judge`: who may judge, how well, and what people say.

`exam` gives or refuses a judge's licence, `train` makes one that works offline, `compare` asks one
about two sets of answers, `label` asks a person about the same, and `agreement` holds the two
against each other.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graders.cli import console
from graders.cli.judge_files import (
    EXAM_SALT,
    chosen_judge,
    example_questions,
    open_ledger,
    read_entrant,
    show_agreement,
    show_licence,
)
from graders.cli.options import CourseFile, Json, Lang, author, load, repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.judges.label import Labels
    from leaderboard.judges.pairs import Row

JudgeName = Annotated[
    str,
    typer.Option("--judge", help="trained, local, or a TOML file with a judge's configuration."),
]
LedgerFile = Annotated[
    Path | None, typer.Option("--ledger", help="Where verdicts are kept; by default nowhere.")
]
Questions = Annotated[
    Path, typer.Argument(metavar="QUESTIONS", help="JSON Lines of id, signature and document.")
]
First = Annotated[Path, typer.Argument(metavar="FIRST", help="JSON Lines of id and answer.")]
Second = Annotated[Path, typer.Argument(metavar="SECOND", help="The other answers.")]
MOST_SHOWN = 2000  # characters of an answer; a flood must not scroll the question away
judge_app = typer.Typer(help="Judges: exam, training, human labels, agreement.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (exam, train, compare, label, agreement):
        judge_app.command()(command)
    app.add_typer(judge_app, name="judge")


def exam(
    judge: JudgeName = "trained",
    items: Annotated[
        Path | None, typer.Option("--items", help="Labelled pairs; by default the shipped ones.")
    ] = None,
    form: Annotated[
        str, typer.Option("--form", help="Of --items: llmbar, pandalm, mt-bench or pyrit.")
    ] = "llmbar",
    ledger: LedgerFile = None,
    course: CourseFile = None,
    as_json: Json = False,
) -> None:
    """Examine a judge on labelled pairs in both orders; exit status 1 without a licence."""
    from leaderboard.judges import exam as exams
    from leaderboard.judges import readers

    pairs = exams.items() if items is None else readers.read(items, form)
    with open_ledger(ledger) as book:
        licence = exams.examine(chosen_judge(judge, course, book, EXAM_SALT), pairs, book)
    show_licence(licence, as_json=as_json)
    if not licence.licensed:
        raise typer.Exit(1)


def train(
    out: Annotated[Path, typer.Option("--out", help="The new judge's folder.")],
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder with train.jsonl; by default the cache's.")
    ] = None,
    answers: Annotated[
        list[Path] | None,
        typer.Option("--answers", help="Answers of untrained models, by id; may be repeated."),
    ] = None,
    generate: Annotated[
        int, typer.Option("--generate", min=0, help="How many the base model writes now.")
    ] = 250,
    seed: Annotated[int, typer.Option("--seed", help="Of the pairs.")] = 2026,
    course: CourseFile = None,
    as_json: Json = False,
) -> None:
    """Train a judge that works offline, and examine it on kinds of pairs that it never saw."""
    from graders.assets import ensure_data, ensure_embedder
    from leaderboard.embedding import Embedder
    from leaderboard.judges import pairs, training
    from leaderboard.judges.trained import save

    folder = data or ensure_data("summaries", console.tell)
    rows = pairs.read_rows(folder / "train.jsonl")
    given = [pairs.read_answers(path) for path in answers or ()]
    if generate:
        given.append(_written_now(rows, generate, seed, course))
    embedder = ensure_embedder(console.tell)
    embed = Embedder(embedder)
    console.tell(f"training on {len(rows)} summaries")
    trained = training.train(rows, embed, seed=seed, answers=given, embedder=embedder.name)
    path = save(trained.model, out)
    if as_json:
        told = {
            kind: {"accuracy": float(one.value), "ci": [float(one.low), float(one.high)]}
            for kind, one in trained.unseen.items()
        }
        console.print_json({"file": str(path), "facts": trained.model.facts, "unseen_kinds": told})
        return
    table = [(kind, one.value, f"{one.low} … {one.high}") for kind, one in trained.unseen.items()]
    console.print_table(
        "Accuracy on kinds and packages never seen", ("kind", ">accuracy", ">interval"), table
    )
    console.say(str(path))


def _written_now(
    rows: tuple[Row, ...], number: int, seed: int, course: Path | None
) -> Mapping[str, str]:
    import numpy as np

    from graders.assets import ensure_model
    from leaderboard.judges.zero_shot import generate

    folder = ensure_model(load(course).base_model, console.tell, near=repository(course))
    order = np.random.default_rng(seed).permutation(len(rows))[:number].tolist()
    chosen = [rows[place] for place in order]
    with console.progress() as shown:
        task = shown.add_task("the base model writes", total=len(chosen))
        return generate(chosen, folder, lambda done: shown.update(task, completed=done))


def compare(
    questions: Questions,
    first: First,
    second: Second,
    out: Annotated[Path, typer.Option("--out", help="The file of verdicts.")],
    judge: JudgeName = "trained",
    ledger: LedgerFile = None,
    course: CourseFile = None,
    as_json: Json = False,
) -> None:
    """Ask a judge which of two answers is better, question by question, in both orders."""
    from graders.core.canonical import canonical
    from graders.exchange.atomic import write_whole
    from leaderboard.judges import compare as ask

    asked = example_questions(questions)
    with open_ledger(ledger) as book:
        # SECURITY: contestants wrote these answers, so the markers' secret is drawn anew
        # (test_the_markers_secret_is_drawn_anew_where_contestants_wrote).
        judging = chosen_judge(judge, course, book, secrets.token_bytes(32))
        outcomes = ask(judging, asked, read_entrant(first), read_entrant(second), book)
    lines = [
        {
            "id": one.question_id,
            "verdict": one.forward.label,
            "verdict_swapped": one.backward.label,
        }
        for one in outcomes
    ]
    write_whole(out, b"".join(canonical(line) + b"\n" for line in lines))
    scores = [one.score for one in outcomes if one.score is not None]
    rate = float(sum(scores) / len(scores)) if scores else None
    if as_json:
        console.print_json({"file": str(out), "questions": len(outcomes), "win_rate": rate})
    else:
        console.say(f"{out}: {len(outcomes)} questions, win rate of {first.name} {rate}")


def label(
    questions: Questions,
    first: First,
    second: Second,
    out: Annotated[Path, typer.Option("--out", help="The file of labels; it is added to.")],
    seed: Annotated[int, typer.Option("--seed", help="Of the order.")] = 2026,
    by: Annotated[str | None, typer.Option("--by", help="Who; by default your login.")] = None,
    lang: Lang = None,
) -> None:
    """Show a person blind pairs in the terminal and keep the labels; goes on where it stopped."""
    from graders.core.messages import DEFAULT_LANGUAGE, Messages
    from leaderboard.judges.label import Labels

    name = author(by)
    entrants = read_entrant(first), read_entrant(second)
    labels = Labels(out, example_questions(questions), *entrants, seed=seed)
    messages = Messages.load((), lang or DEFAULT_LANGUAGE)
    console.say(messages.text("judge.label.intro"))
    ended = _label_all(labels, messages, name)
    done = messages.text("judge.label.done", done=labels.done, total=labels.total, file=out.name)
    console.say(done if ended else messages.text("judge.label.later") + " " + done)


def _label_all(labels: Labels, messages: Any, name: str) -> bool:
    """Show pairs until none is left (True) or the person has had enough (False)."""
    from graders.core.clock import utc_now
    from leaderboard.records import Label

    keys = {"a": Label.FIRST, "b": Label.SECOND, "t": Label.TIE, "s": None}
    while (task := labels.waiting()) is not None:
        place = messages.text("judge.label.place", number=labels.done + 1, total=labels.total)
        answers = f"  A  {_indented(task.left)}\n\n  B  {_indented(task.right)}"
        console.say(f"\n{'─' * 60}\n{place}\n\n{task.prompt}\n\n{answers}\n")
        key = ""
        while key not in keys:
            try:
                key = input(messages.text("judge.label.ask") + " ").strip().lower()
            except EOFError:
                key = "q"
            if key == "q":
                return False
        labels.give(task, keys[key], by=name, now=utc_now())
    return True


def _indented(answer: str) -> str:
    """Return an answer whose lines cannot pose as the other answer or as our own words."""
    return answer[:MOST_SHOWN].replace("\n", "\n     ")


def agreement(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="JSON Lines of label, verdict and verdict_swapped."),
    ],
    labels: Annotated[
        Path | None,
        typer.Option("--labels", help="Labels by id, where FILE has verdicts by id only."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare recorded verdicts with labels; with --labels also correct the win rate."""
    from graders.cli.judge_files import corrected_rate
    from leaderboard.judges import agreement as agreements

    if labels is None:
        show_agreement(agreements.measure(agreements.read(file)), None, as_json=as_json)
        return
    judged, estimate = corrected_rate(file, labels)
    show_agreement(agreements.measure(judged), estimate, as_json=as_json)
