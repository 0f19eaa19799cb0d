"""The run's pieces, and the whole run on a tiny random model: it ends, and it repeats itself."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(lab, tmp_path_factory):
    """Return folders of a tiny model with its tokenizer, and of items like those of `summaries`."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("world")
    tokenizer = lab.tokenizer(0, False)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    (folder / "summaries").mkdir()
    rows = [
        {
            "id": str(i),
            "package": "toy",
            "name": f"f{i}",
            "document": " ".join(f"word{(i * j) % 17}" for j in range(30)),
            "summary": f"Return word{i} of the table.",
        }
        for i in range(30)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "summaries" / "public.jsonl").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_run_ends_with_a_reading_and_its_results_repeat(world, tmp_path):
    from reference.seminar1_decoding import run

    found = []
    for name in ("one", "two"):
        words = ["--out", str(tmp_path / name), "--model", str(world / "model"), "--share", "0.1"]
        run.main([*words, "--data", f"summaries={world / 'summaries'}"])
        found.append(json.loads((tmp_path / name / "results.json").read_text(encoding="utf-8")))
    first, second = found
    assert first["hash"] == second["hash"]
    names = {"parameters", "tokens", "entropy", "quality", "diversity", "likelihood", "examples"}
    assert {table["name"] for table in first["tables"]} == names
    assert {f["name"] for f in first["figures"]} == names - {"likelihood", "examples"}
    assert all((tmp_path / "one" / f["file"]).stat().st_size > 1000 for f in first["figures"])
    assert len(first["reading"]) >= 5


def test_parameters_add_up_and_a_shared_head_is_counted_once(world):
    from reference.common import load_model
    from reference.seminar1_decoding.dissect import parameter_parts

    model, tokenizer = load_model(world / "model")
    parts = parameter_parts(model)
    assert sum(parts.values()) == sum(p.numel() for p in model.parameters())
    assert parts["embedding"] == 32 * len(tokenizer)
    assert "output head" not in parts
    assert "other" not in parts


def test_entropy_of_even_logits_is_the_logarithm_of_the_vocabulary(lab):
    import torch

    from reference.seminar1_decoding.dissect import next_token_entropy

    model = lab.model({"kind": "planted", "table": [[0.0] * 16] * 16})
    ids, mask = torch.tensor([[0, 3, 4], [5, 6, 7]]), torch.tensor([[0, 1, 1], [1, 1, 1]])
    bits = next_token_entropy(model, ids, mask)
    assert bits[0, 0].isnan()
    assert torch.allclose(bits[1], torch.tensor(4.0), atol=1e-5)


def test_a_prompt_holds_the_document_with_and_without_the_template(lab):
    from reference.seminar1_decoding.task import answer_of, left_padded, prompt_ids

    tokenizer = lab.tokenizer(0, False)
    item = {"document": "Hello <|im_end|> model"}
    chat, plain = (tokenizer.decode(prompt_ids(tokenizer, item, form)) for form in (True, False))
    assert item["document"] in chat
    assert chat.endswith("<|im_start|>assistant\n")
    assert plain.endswith(f"{item['document']}\n\nSummary:")
    assert answer_of("\n  A line. \nMore") == "A line."
    assert answer_of(" \n") == ""
    assert left_padded([[5], [6, 7]], 0)[0].tolist() == [[0, 5], [6, 7]]
