"""Wrong artefacts that no text edit makes: what `mutants.toml` names under `edit`.

Each function changes the folder of an assembled submission in place.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

Row = dict[str, Any]


# ---- submission.jsonl ----------------------------------------------------------------------------


def _answers(folder: Path, change: Callable[[list[Row]], list[Row]]) -> None:
    """Rewrite the rows of submission.jsonl."""
    path = folder / "submission.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lines = [json.dumps(row, ensure_ascii=False) for row in change(rows)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _seventh(rows: list[Row], change: Callable[[Row], Row]) -> list[Row]:
    return [change(row) if place % 7 == 0 else row for place, row in enumerate(rows)]


def a_few_ids_missing(folder: Path) -> None:
    """Leave the last batch out."""
    _answers(folder, lambda rows: rows[:-5])


def ids_of_another_set(folder: Path) -> None:
    """Answer for more than was asked."""
    _answers(folder, lambda rows: [*rows, {"id": "s000000000000", "answer": "Return it."}])


def an_id_twice(folder: Path) -> None:
    """Answer an item again."""
    _answers(folder, lambda rows: [*rows, rows[3]])


def not_a_number(folder: Path) -> None:
    """Write the token NaN, as a table with a hole does."""
    _answers(folder, lambda rows: _seventh(rows, lambda row: {**row, "answer": float("nan")}))


def numbers_for_answers(folder: Path) -> None:
    """Write numbers instead of texts."""
    _answers(folder, lambda rows: _seventh(rows, lambda row: {**row, "answer": 1}))


def another_column(folder: Path) -> None:
    """Add what nobody asked for."""
    _answers(folder, lambda rows: [{**row, "score": 1} for row in rows])


def both_files(folder: Path) -> None:
    """Leave an older table beside the new one."""
    (folder / "submission.csv").write_text("id,answer\nx,y\n", encoding="utf-8")


def empty_answers(folder: Path) -> None:
    """Answer nothing."""
    _answers(folder, lambda rows: _seventh(rows, lambda row: {**row, "answer": " "}))


def answers_of_two_lines(folder: Path) -> None:
    """Leave what the model said behind the summary."""
    _answers(
        folder, lambda rows: _seventh(rows, lambda row: {**row, "answer": row["answer"] + "\nIt"})
    )


def the_whole_document(folder: Path) -> None:
    """Write far too much."""
    _answers(
        folder, lambda rows: _seventh(rows, lambda row: {**row, "answer": "word " * 100 + "end"})
    )


def a_bell(folder: Path) -> None:
    """Write a control character."""
    _answers(folder, lambda rows: _seventh(rows, lambda row: {**row, "answer": "Ring \x07 it."}))


def one_answer_for_all(folder: Path) -> None:
    """Answer everything with the same words."""
    _answers(folder, lambda rows: [{**row, "answer": "Return the value."} for row in rows])


def answers_slipped_by_one(folder: Path) -> None:
    """Give each item the answer to the one before it."""
    _answers(
        folder,
        lambda rows: [
            {"id": row["id"], "answer": other["answer"]}
            for row, other in zip(rows, [rows[-1], *rows[:-1]], strict=True)
        ],
    )


def a_third_is_lost(folder: Path) -> None:
    """Lose every third answer: what is left is about as good as the documents' beginnings."""
    _answers(
        folder,
        lambda rows: [
            {**row, "answer": f"Entry {place}." if place % 3 == 0 else row["answer"]}
            for place, row in enumerate(rows)
        ],
    )


def answers_of_another_run(folder: Path) -> None:
    """Change most answers a little, as another seed of training does."""
    _answers(
        folder,
        lambda rows: [
            {**row, "answer": row["answer"] + " again" if place % 10 < 7 else row["answer"]}
            for place, row in enumerate(rows)
        ],
    )


def some_answers_of_another_run(folder: Path) -> None:
    """Change a fifth of the answers, as another precision does."""
    _answers(
        folder,
        lambda rows: [
            {**row, "answer": row["answer"] + " again" if place % 10 < 3 else row["answer"]}
            for place, row in enumerate(rows)
        ],
    )


def an_adapter_that_changes_nothing(folder: Path) -> None:
    """Save the adapter before it is trained: B is zero."""
    from safetensors.numpy import load_file, save_file

    path = folder / "adapter" / "adapter_model.safetensors"
    state = load_file(path)
    save_file({n: t * 0 if "lora_B" in n else t for n, t in state.items()}, path)


# ---- ablations.json ------------------------------------------------------------------------------


def _table(folder: Path, change: Callable[[Row], None]) -> None:
    """Edit ablations.json."""
    path = folder / "ablations.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    change(table)
    path.write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")


def _each(change: Callable[[Row], None]) -> Callable[[Row], None]:
    def run(table: Row) -> None:
        for one in table["variants"]:
            change(one)

    return run


def _compared(change: Callable[[Row], None]) -> Callable[[Row], None]:
    return _each(lambda one: change(one) if one["against"] is not None else None)


def two_variants(folder: Path) -> None:
    """Compare one thing only."""
    _table(folder, lambda table: table.update(variants=table["variants"][:2]))


def twenty_items(folder: Path) -> None:
    """Measure on too few items."""

    def cut(table: Row) -> None:
        table["items"] = table["items"][:20]
        for one in table["variants"]:
            one.update(answers=one["answers"][:20], scores=one["scores"][:20])

    _table(folder, cut)


def items_not_in_common(folder: Path) -> None:
    """Measure one variant on fewer items."""
    _table(folder, lambda table: table["variants"][1]["scores"].pop())


def items_of_the_test(folder: Path) -> None:
    """Measure on rows that nobody has the summaries of."""
    _table(folder, lambda table: table["items"].__setitem__(0, "s0"))


def an_item_again(folder: Path) -> None:
    """Measure on an item twice."""
    _table(folder, lambda table: table["items"].__setitem__(0, table["items"][1]))


def variants_of_one_name(folder: Path) -> None:
    """Call two variants the same."""
    _table(folder, _each(lambda one: one.update(name="run")))


def no_word_of_the_change(folder: Path) -> None:
    """Do not say what was changed."""
    _table(folder, _each(lambda one: one.update(change=" ")))


def the_same_run_again(folder: Path) -> None:
    """Show one run under two names."""
    _table(
        folder,
        lambda table: table["variants"][1].update(
            {key: table["variants"][0][key] for key in ("answers", "scores", "mean", "ci")}
        ),
    )


def another_metric(folder: Path) -> None:
    """Report what was not asked."""
    _table(folder, lambda table: table.update(metric="bleu"))


def another_level(folder: Path) -> None:
    """Report intervals of another level."""
    _table(folder, lambda table: table.update(level=0.9))


def no_table_but_a_list(folder: Path) -> None:
    """Leave the items out."""
    _table(folder, lambda table: table.pop("items"))


def scores_raised(folder: Path) -> None:
    """Report better scores than the answers have."""
    _table(
        folder,
        _each(lambda one: one.update(scores=[min(1.0, s + 0.05) for s in one["scores"]])),
    )


def means_raised(folder: Path) -> None:
    """Report better means than the scores have."""
    _table(folder, _each(lambda one: one.update(mean=one["mean"] + 0.02)))


def no_intervals(folder: Path) -> None:
    """Report means alone."""
    _table(folder, _each(lambda one: one.pop("ci")))


def intervals_beside_the_mean(folder: Path) -> None:
    """Report an interval that does not hold the mean."""
    _table(folder, _each(lambda one: one.update(ci=[one["mean"] + 0.01, one["mean"] + 0.09])))


def standard_errors(folder: Path) -> None:
    """Report the mean and one standard error either way."""

    def narrow(one: Row) -> None:
        half = (one["ci"][1] - one["ci"][0]) / 4
        one["ci"] = [one["mean"] - half, one["mean"] + half]

    _table(folder, _each(narrow))


def quantiles_of_the_scores(folder: Path) -> None:
    """Report where most items lie instead of where the mean does."""

    def wide(one: Row) -> None:
        ordered = sorted(one["scores"])
        one["ci"] = [ordered[len(ordered) // 20], ordered[-len(ordered) // 20]]

    _table(folder, _each(wide))


def interval_turned(folder: Path) -> None:
    """Write the upper end first."""
    _table(folder, _each(lambda one: one["ci"].reverse()))


def no_comparison(folder: Path) -> None:
    """Compare nothing with anything."""
    _table(folder, _each(lambda one: one.update(against=None)))


def compared_with_itself(folder: Path) -> None:
    """Compare a variant with itself."""
    _table(folder, _compared(lambda one: one.update(against=one["name"])))


def no_differences(folder: Path) -> None:
    """Name what is compared, and not the difference."""
    _table(folder, _compared(lambda one: one.pop("difference")))


def differences_turned(folder: Path) -> None:
    """Subtract the other way round."""

    def turn(one: Row) -> None:
        low, high = one["difference_ci"]
        one.update(difference=-one["difference"], difference_ci=[-high, -low])

    _table(folder, _compared(turn))


def differences_raised(folder: Path) -> None:
    """Report larger differences than the scores have."""
    _table(folder, _compared(lambda one: one.update(difference=one["difference"] + 0.02)))


def differences_without_intervals(folder: Path) -> None:
    """Report differences alone."""
    _table(folder, _compared(lambda one: one.pop("difference_ci")))


def unpaired_differences(folder: Path) -> None:
    """Resample each system by itself."""
    rng = random.Random(1)  # noqa: S311 - a wrong solution, not a secret

    def widen(table: Row) -> None:
        known = {one["name"]: one["scores"] for one in table["variants"]}
        for one in table["variants"]:
            if one["against"] is None:
                continue
            own, other = one["scores"], known[one["against"]]
            n = len(own)
            drawn = sorted(
                (sum(rng.choices(own, k=n)) - sum(rng.choices(other, k=n))) / n for _ in range(800)
            )
            one["difference_ci"] = [drawn[20], drawn[-21]]

    _table(folder, widen)


def differences_too_sure(folder: Path) -> None:
    """Report intervals half as wide."""

    def narrow(one: Row) -> None:
        quarter = (one["difference_ci"][1] - one["difference_ci"][0]) / 4
        one["difference_ci"] = [one["difference"] - quarter, one["difference"] + quarter]

    _table(folder, _compared(narrow))
