"""The cache: folders whole or absent, whatever happens while they are made."""

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from graders.assets.cache import cache_root, manifest_of, once, quiet
from graders.core.errors import InfraError


def make(part):
    (part / "deep").mkdir()
    (part / "deep" / "a.txt").write_text("a", encoding="utf-8")
    (part / "deep").chmod(0o700)
    (part / "deep" / "a.txt").chmod(0o600)
    return {"from": "here"}


def refuse(_part):
    raise AssertionError("made again")


def python(code: str, *arguments: object, **options) -> subprocess.Popen[str]:
    """Start a process of its own on the room."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        cwd=Path(__file__).resolve().parents[2],
        **options,
    )


def test_the_cache_lies_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("ZACHETKA_CACHE", str(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.delenv("ZACHETKA_CACHE")
    assert cache_root() == Path.home() / ".cache" / "zachetka"


def test_a_folder_is_made_once_and_describes_its_files(tmp_path):
    target = tmp_path / "models" / "m"
    once(target, make, quiet)
    assert once(target, refuse, quiet) == target
    told = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    assert told["from"] == "here"
    digest = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"  # of "a"
    assert told["files"] == {"deep/a.txt": {"bytes": 1, "sha256": digest}}


def test_every_user_may_read_what_was_made(tmp_path):
    target = once(tmp_path / "m", make, quiet)
    for path in (target, *target.rglob("*")):
        expected = 0o755 if path.is_dir() else 0o644
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


def test_a_folder_without_a_manifest_is_made_anew(tmp_path):
    target = tmp_path / "m"
    target.mkdir()
    (target / "half.bin").write_bytes(b"half")
    once(target, make, quiet)
    assert not (target / "half.bin").exists()
    assert manifest_of(target) is not None


def test_a_failure_leaves_nothing_and_the_next_call_succeeds(tmp_path):
    def fail(part):
        (part / "half.bin").write_bytes(b"half")
        raise KeyboardInterrupt

    target = tmp_path / "m"
    with pytest.raises(KeyboardInterrupt):
        once(target, fail, quiet)
    assert [path.name for path in tmp_path.iterdir()] == [".m.lock"]
    assert once(target, make, quiet) == target


def test_what_a_killed_process_left_is_swept_away(tmp_path):
    target = tmp_path / "m"
    killed = python(
        """
        import sys, time
        from pathlib import Path
        from graders.assets.cache import once, quiet
        def make(part):
            (part / "half.bin").write_bytes(b"half")
            print("half", flush=True)
            time.sleep(60)
        once(Path(sys.argv[1]), make, quiet)
        """,
        target,
    )
    assert killed.stdout.readline() == "half\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert list(tmp_path.glob(".m.*.part"))
    once(target, make, quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".m.lock", "m"]


def test_two_processes_at_once_make_a_folder_once_and_both_get_it_whole(tmp_path):
    code = """
        import sys, time
        from pathlib import Path
        from graders.assets.cache import once
        target, made = map(Path, sys.argv[1:])
        def make(part):
            with made.open("a") as file:
                file.write("made\\n")
            while not (made.parent / "waits").exists():  # the other one waits for us
                time.sleep(0.01)
            (part / "a.bin").write_bytes(b"a" * 100_000)
            return {}
        def say(line):
            print(line, flush=True)
            (made.parent / "waits").touch()
        print((once(target, make, say) / "a.bin").stat().st_size)
    """
    both = [python(code, tmp_path / "m", tmp_path / "made.txt") for _ in range(2)]
    said = sorted(process.communicate(timeout=60)[0].splitlines() for process in both)
    assert said == [["100000"], ["m: another process is preparing it, waiting", "100000"]]
    assert (tmp_path / "made.txt").read_text() == "made\n"


def test_a_write_that_the_system_cuts_off_is_told_and_leaves_nothing(tmp_path):
    code = """
        import resource, sys
        from pathlib import Path
        from graders.assets.cache import once, quiet
        from graders.core.errors import InfraError
        target = Path(sys.argv[1])
        def make(part):
            (part / "a.bin").write_bytes(b"a" * 100_000)
            return {}
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
        try:
            once(target, make, quiet)
        except InfraError as error:
            print(error.todo)
        print(sorted(path.name for path in target.parent.iterdir()))
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        print((once(target, make, quiet) / "a.bin").stat().st_size)
    """
    process = python(code, tmp_path / "m")
    said = process.communicate(timeout=60)[0].splitlines()
    way_out = "Make the folder writable, or set ZACHETKA_CACHE to another one"
    assert said == [way_out, "['.m.lock']", "100000"]


def test_a_full_disk_is_noticed_before_the_work_begins(tmp_path):
    with pytest.raises(InfraError, match=r"the disk is full, about 1000000000 MB") as full:
        once(tmp_path / "m", refuse, quiet, room_mb=1_000_000_000)
    assert "another disk" in full.value.todo


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_disk_that_fills_up_in_between_says_so(tmp_path):
    def fill(_part):
        with open("/dev/full", "w", encoding="utf-8") as full:
            full.write("a")
        return {}

    with pytest.raises(InfraError, match="the disk is full"):
        once(tmp_path / "m", fill, quiet)
    assert [path.name for path in tmp_path.iterdir()] == [".m.lock"]


def test_a_cache_that_cannot_be_a_folder_is_named(tmp_path):
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    with pytest.raises(InfraError, match="the cache cannot be used") as refused:
        once(tmp_path / "cache" / "models" / "m", make, quiet)
    assert str(tmp_path / "cache") in refused.value.where
    assert "ZACHETKA_CACHE" in refused.value.todo
