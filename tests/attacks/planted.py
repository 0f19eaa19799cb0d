"""Puts the hidden tests into a warm process: the mistake that the zygote never makes."""

from __future__ import annotations

from pathlib import Path

from tests.attacks import naive

TESTS = naive.load_tests(Path(__file__).parent / "assignment" / "hidden_tests" / "test_toy.py")
