"""The shared parts of every run: settings, reports, figures, seeds."""

import json
import re

import numpy as np
import pytest

from reference.experiment import COLOURS, INK, Report, Setting, digest, interval, plain, setting


@pytest.fixture
def run(tmp_path):
    def start(name="out", seed=20, share=1.0):
        return Report(1, "A run", Setting(tmp_path, {}, None, tmp_path / name, seed, share))

    return start


def filled(report, clock=1.0):
    report.budget(steps=30, lr=5e-4)
    report.result("accuracy", {"value": 0.1234567891, "interval": [0.1, np.float32(0.25)]})
    report.timing("whole", clock, "s")
    report.table("t", ["what", "n"], [["[bold]x", 1], [None, 2.5]], "Numbers")
    report.table("speed", ["s"], [[clock]], "Clock", timed=True)
    report.reading("It works.")
    return json.loads(report.finish().read_text("utf-8"))


def test_results_hold_what_was_reported_rounded(run):
    whole = filled(run())
    assert list(whole) == [
        *("seminar", "seed", "budget", "results", "title", "tables", "timings", "figures"),
        *("reading", "hash"),
    ]
    assert whole["budget"] == {"share": 1.0, "steps": 30, "lr": 0.0005}
    assert whole["results"] == {"accuracy": {"value": 0.123457, "interval": [0.1, 0.25]}}
    assert whole["timings"] == {"whole": {"value": 1.0, "unit": "s"}}
    assert whole["reading"] == ["It works."]
    assert whole["tables"][0]["rows"] == [["[bold]x", 1], [None, 2.5]]


def test_the_clock_does_not_change_the_hash_and_results_do(run):
    first, second = filled(run("a"), clock=1.0), filled(run("b"), clock=2.0)
    assert first["hash"] == second["hash"]
    assert first["timings"] != second["timings"]
    other = run("c")
    other.result("accuracy", 0.2)
    assert json.loads(other.finish().read_text())["hash"] != first["hash"]
    assert filled(run("d", seed=21))["hash"] != first["hash"]
    assert filled(run("e", share=0.5))["hash"] != first["hash"]


def test_cells_are_printed_as_they_are(run, capsys):
    filled(run())
    printed = capsys.readouterr().out
    assert "[bold]x" in printed
    assert "–" in printed
    assert "It works." in printed


def test_nothing_is_reported_twice_and_nothing_infinite(run):
    report = run()
    report.result("a", 1)
    with pytest.raises(ValueError, match="there already"):
        report.result("a", 2)
    with pytest.raises(ValueError, match="no result"):
        report.result("b", float("nan"))
    with pytest.raises(ValueError, match="1 cells under 2 columns"):
        report.table("t", ["a", "b"], [["x"]], "T")
    with pytest.raises(TypeError, match="set is no plain value"):
        plain({1, 2})


def test_numbers_of_libraries_become_plain():
    assert plain((np.int64(3), np.array([1.0, -0.0]), True)) == [3, [1.0, 0.0], True]
    assert digest({"b": 1, "a": [1.0]}) == digest({"a": [1.0], "b": 1})


def draw(report, name="f"):
    with report.figure(name, "Потери, Loss") as (figure, axes):
        for row in range(8):
            axes.plot([0, 1], [row, row + 1], label=str(row))
        axes.set_xlabel("step")
        axes.legend()
    return figure


def test_the_same_picture_has_the_same_bytes_without_a_date(run, tmp_path):
    draw(run("a"))
    draw(run("b"))
    first = (tmp_path / "a/f.svg").read_bytes()
    assert first == (tmp_path / "b/f.svg").read_bytes()
    assert b"Date" not in first
    assert b"\xd0\x9f\xd0\xbe\xd1\x82" in first  # the title is there for those who cannot see it


def test_a_failed_figure_leaves_no_file_and_its_error_is_told(run, tmp_path):
    report = run()
    with pytest.raises(ZeroDivisionError), report.figure("f", "F"):
        _ = 1 / 0
    assert not (tmp_path / "out/f.svg").exists()
    draw(report)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]  # WCAG 2.2


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_colours_stand_out_on_white_and_on_near_black(page):
    assert contrast(INK, page) >= 4.3
    assert min(contrast(colour, page) for colour in COLOURS) >= 3


@pytest.mark.parametrize("page", [255, 17])
def test_a_drawn_figure_is_seen_on_either_page(run, tmp_path, page):
    import matplotlib.image

    figure = draw(run())
    figure.savefig(tmp_path / "f.png", dpi=100)
    pixels = matplotlib.image.imread(tmp_path / "f.png")  # H, W, RGBA, 0..1
    alpha = pixels[..., 3:]
    assert (alpha[0, :, 0] == 0).all(), "the background is transparent"
    shown = pixels[..., :3] * alpha * 255 + page * (1 - alpha)
    title = shown[:30]  # the strip of the title: ink and page only
    assert np.abs(title - page).max() > 90
    apart = (np.abs(shown - page).max(axis=2) > 60).mean()
    assert 0.01 < apart < 0.5


def test_no_colour_of_the_figure_is_pure_black_or_white(run, tmp_path):
    draw(run())
    svg = (tmp_path / "out/f.svg").read_text("utf-8")
    assert not re.findall(r"(?:fill|stroke): #(?:000000|ffffff)", svg)


def test_the_command_line_becomes_a_setting(tmp_path):
    words = ["--out", "o", "--model", str(tmp_path), "--data", f"summaries={tmp_path}"]
    told = setting("A run", [*words, "--seed", "3", "--share", "0.1"])
    assert told.data == {"summaries": tmp_path}
    assert told.embedder is None
    assert (told.seed, told.scaled(100), told.scaled(3), told.scaled(3, least=2)) == (3, 10, 1, 2)
    assert setting("A run", words).share == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "nowhere"], "--model: there is no folder nowhere"),
        (["--model", ".", "--data", "x=nowhere"], "--data x: there is no folder nowhere"),
        (["--model", ".", "--embedder", "nowhere"], "--embedder: there is no folder nowhere"),
        (["--model", ".", "--data", "x"], "write NAME=DIR"),
        (["--model", ".", "--share", "0"], "above 0 and at most 1"),
    ],
)
def test_a_wrong_command_line_ends_with_one_clear_message(words, message, capsys):
    with pytest.raises(SystemExit) as ended:
        setting("A run", ["--out", "o", *words])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_an_interval_holds_the_mean_and_is_the_same_again():
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    low, high = interval(values)
    assert 0.2 < low < sum(values) / len(values) < high < 1.0
    assert interval(values) == (low, high)
    assert interval([0.5]) == (0.5, 0.5)
    assert interval([2.0, 2.0]) == (2.0, 2.0)
    with pytest.raises(ValueError, match="no values"):
        interval([])


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for trial in range(200):
        low, high = interval(rng.normal(3.0, 1.0, 40).tolist(), seed=trial)
        held += low <= 3.0 <= high
    assert 180 <= held <= 199  # 190 expected, a little fewer for a percentile interval


@pytest.mark.slow
def test_seeds_repeat_every_generator():
    import random

    import torch

    from reference.common import SEED, seed_everything

    def draws(*seed):
        seed_everything(*seed)
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    assert SEED == 20
    assert draws() == draws(SEED) != draws(21)


@pytest.mark.slow
def test_a_loaded_model_is_ready_to_generate(tmp_path):
    import torch
    from tokenizers import Tokenizer, models
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    from reference.common import PRESETS, device, dtype, load_model

    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    config = LlamaConfig(vocab_size=3, num_attention_heads=2, **sizes)
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    made = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel({"a": 0, "b": 1, "</s>": 2}, "a")),
        eos_token="</s>",
    )
    made.save_pretrained(tmp_path)
    model, tokenizer = load_model(tmp_path)
    assert (model.dtype, model.device.type, model.training) == (dtype(), device().type, False)
    assert tokenizer.padding_side == "left"
    assert tokenizer.pad_token_id == 2
    assert load_model(tmp_path, dtype=torch.float32)[0].dtype == torch.float32
    assert set(PRESETS) == {"cpu", "gpu"}
