"""The losses are TRL's: its own trainers, on the same tiny model and the same batch."""

from __future__ import annotations

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning"),  # of trl and peft against transformers
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
BETA, WEIGHT = 0.3, 0.4


@pytest.fixture
def quiet(monkeypatch, tmp_path):
    """Let TRL's experimental part speak of itself no more, and write nowhere else."""
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    return {
        "output_dir": str(tmp_path),
        "use_cpu": True,
        "bf16": False,
        "report_to": [],
        "per_device_train_batch_size": 6,
        "disable_tqdm": True,
        "gradient_checkpointing": False,
    }


@pytest.fixture
def data(pairs):
    """Return the pairs as TRL wants them."""
    from datasets import Dataset

    names = ("prompt", "chosen", "rejected")
    return Dataset.from_list(
        [{n: " " * (n != "prompt") + getattr(p, n) for n in names} for p in pairs]
    )


def _sides(model, ids, mask, labels):
    """Return the reference's log-probabilities of chosen and rejected answers, stacked so."""
    from reference.seminar4_preferences.losses import sequence_logps

    logits = model(input_ids=ids, attention_mask=mask).logits
    return [sequence_logps(logits, labels, average) for average in (False, True)]


def test_dpo_has_the_loss_and_the_gradient_of_trls_trainer(llama, tokenizer, data, quiet):
    import torch
    from trl import DPOConfig, DPOTrainer

    from reference.seminar4_preferences.losses import IGNORED, dpo_loss

    policy, frozen = llama(1), llama(2)
    trainer = DPOTrainer(
        model=policy,
        ref_model=frozen,
        args=DPOConfig(beta=BETA, max_length=32, **quiet),
        train_dataset=data,
        processing_class=tokenizer,
    )
    batch = next(iter(trainer.get_train_dataloader()))
    theirs = trainer.compute_loss(trainer.model, batch)
    theirs.backward()
    wanted = {n: p.grad.clone() for n, p in policy.named_parameters()}
    policy.zero_grad()

    labels = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, IGNORED)
    given = batch["input_ids"], batch["attention_mask"], labels
    chosen, rejected = _sides(policy, *given)[0].chunk(2)
    with torch.no_grad():
        reference = _sides(frozen, *given)[0].chunk(2)
    own = dpo_loss(chosen, rejected, *reference, BETA)
    assert abs(float(own.loss) - 0.6931) > 0.01  # the two models differ, or nothing is shown
    assert torch.allclose(own.loss, theirs.float(), atol=1e-5)
    own.loss.backward()
    for name, parameter in policy.named_parameters():
        assert torch.allclose(parameter.grad, wanted[name], atol=1e-5), name


def test_orpo_has_the_loss_and_the_rewards_of_trls_trainer(llama, tokenizer, data, quiet):
    import torch
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    from reference.seminar4_preferences.losses import orpo_loss

    policy = llama(3)
    trainer = ORPOTrainer(
        model=policy,
        args=ORPOConfig(beta=WEIGHT, max_length=32, **quiet),
        train_dataset=data,
        processing_class=tokenizer,
    )
    batch = next(iter(trainer.get_train_dataloader()))
    theirs, told = trainer.get_batch_loss_metrics(policy, batch)
    nll = torch.tensor(told["nll_loss"])  # TRL's is over prompt and answer; ours is handed in
    sides = [
        _sides(policy, *(batch[f"{s}_{n}"] for n in ("input_ids", "attention_mask", "labels")))[1]
        for s in ("chosen", "rejected")
    ]
    own = orpo_loss(*sides, nll, WEIGHT)
    assert float(own.loss) - float(nll) > 0.01
    assert torch.allclose(own.loss, theirs.float(), atol=1e-5)
    assert float(own.chosen.mean()) == pytest.approx(told["rewards/chosen"], abs=1e-5)
    assert float(own.margins.mean()) == pytest.approx(told["rewards/margins"], abs=1e-5)
    assert own.accuracy == pytest.approx(told["rewards/accuracies"])


def test_where_trls_odds_lose_their_gradient_ours_keep_it():
    import torch
    from trl.experimental.orpo.orpo_trainer import log1mexp

    from reference.seminar4_preferences.losses import log_odds

    sure = torch.tensor([-1e-8], requires_grad=True)
    (sure - log1mexp(sure)).sum().backward()
    assert not torch.isfinite(sure.grad).all()
    own = torch.tensor([-1e-8], requires_grad=True)
    log_odds(own).sum().backward()
    assert torch.isfinite(own.grad).all()
    usual = torch.linspace(-5, -0.01, 50)
    assert torch.allclose(log_odds(usual), usual - log1mexp(usual), atol=1e-5)
