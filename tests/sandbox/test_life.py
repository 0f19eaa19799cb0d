"""How children start, end and are ended; and that nothing of them is left."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graders.core.errors import InfraError
from graders.sandbox import Exit, JailSpec, Limits, Zygote

# Whoever runs this is found by its name, in whatever namespace it lives.
MARKED = "import ctypes; ctypes.CDLL(None).prctl(15, args['mark'].encode(), 0, 0, 0)\n"
LINGER = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in set(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        say("daemon")
    time.sleep(60)
time.sleep(60)
"""


def marked(mark: str) -> list[int]:
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{name}/comm").read_text().strip() == mark:
                found.append(int(name))
    return found


@pytest.fixture
def mark() -> str:
    return f"zt{secrets.token_hex(6)}"


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ("pass", Exit("exit", 0)),
        ("raise SystemExit", Exit("exit", 0)),
        ("raise SystemExit(7)", Exit("exit", 7)),
        ("raise SystemExit('words')", Exit("exit", 1)),
        ("raise ValueError", Exit("exit", 1)),
        ("import os; os._exit(3)", Exit("exit", 3)),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", Exit("signal", -9)),
        ("import ctypes; ctypes.string_at(0)", Exit("signal", -11)),
        ("import os; os.close(3); os.close(1); os.close(2)", Exit("exit", 1)),
    ],
)
def test_an_end_of_its_own_is_told_as_it_was(probe, source, end):
    assert probe(source).wait(20) == end


def test_a_child_that_runs_has_no_end_yet(probe):
    child = probe("import time; time.sleep(60)")
    assert child.wait(0) is None
    assert child.wait(0.05) is None
    child.kill()
    assert child.wait(20) == Exit("killed", -9)


def test_an_error_is_printed_to_the_output(probe):
    child = probe("raise ValueError('what happened')")
    child.wait(20)
    assert b"ValueError: what happened" in child.output()


def test_kill_leaves_no_process(probe, said_from, mark):
    child = probe(MARKED + LINGER, mark=mark)
    assert said_from(child) == "daemon"
    assert len(marked(mark)) == 3
    child.kill()
    child.wait(20)
    assert marked(mark) == []


def test_the_end_of_the_student_ends_its_daemons(probe, mark):
    child = probe(MARKED + LINGER.replace("time.sleep(60)\n", "", 1) + "\nos._exit(0)", mark=mark)
    assert child.wait(90) is not None
    assert marked(mark) == []


def test_closing_the_zygote_kills_everything(said_from, mark, wait_until):
    spec = JailSpec(
        entry="graders.sandbox.probe:probe", args={"source": MARKED + LINGER, "mark": mark}
    )
    with Zygote.start(preload=(), slots=2) as zygote:
        children = [zygote.spawn(spec) for _ in range(2)]
        for child in children:
            child.sock.settimeout(20)
            said_from(child)
        warm = zygote.pid
        assert len(marked(mark)) == 6
    assert marked(mark) == []
    assert not Path(f"/proc/{warm}").exists()
    assert {child.wait(20).cause for child in children} == {"killed"}
    for child in children:
        child.close()


def test_a_grader_that_is_killed_leaves_no_process(mark, wait_until):
    program = f"""
import time
from graders.sandbox import JailSpec, Zygote
args = {{"source": {MARKED + LINGER!r}, "mark": {mark!r}}}
zygote = Zygote.start(preload=(), slots=1)
child = zygote.spawn(JailSpec(entry="graders.sandbox.probe:probe", args=args))
print(zygote.pid, child.sock.recv(99), flush=True)
time.sleep(60)
"""
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=root
    ) as grader:
        warm = int(grader.stdout.readline().split()[0])
        assert len(marked(mark)) == 3
        grader.send_signal(signal.SIGKILL)
    assert wait_until(lambda: not marked(mark))
    assert wait_until(lambda: not Path(f"/proc/{warm}").exists())


def test_children_are_spawned_from_many_threads(zygote: Zygote, said_from):
    def run(number: int) -> object:
        source = "say(args['number'] * 2)"
        spec = JailSpec(
            entry="graders.sandbox.probe:probe", args={"source": source, "number": number}
        )
        with zygote.spawn(spec) as child:
            child.sock.settimeout(60)
            return said_from(child)

    with ThreadPoolExecutor(8) as pool:  # more than there are slots
        assert list(pool.map(run, range(24))) == [2 * n for n in range(24)]


def test_a_spawn_waits_for_a_slot(said_from):
    spec = JailSpec(entry="graders.sandbox.probe:probe", args={"source": "say(1)\nsock.recv(1)"})
    with Zygote.start(preload=(), slots=1) as zygote:
        first = zygote.spawn(spec)
        got = []
        waiter = threading.Thread(target=lambda: got.append(zygote.spawn(spec)))
        waiter.start()
        waiter.join(0.3)
        assert not got
        first.close()
        waiter.join(20)
        assert said_from(got[0]) == 1
        got[0].close()


def test_what_a_jail_still_says_is_not_taken_for_the_next_ones(said_from, mark, wait_until):
    """One look at what is ready may both end a jail and give its descriptors to the next."""
    source = MARKED + "say('runs'); sock.recv(1)"
    spec = JailSpec(entry="graders.sandbox.probe:probe", args={"source": source, "mark": mark})
    with Zygote.start(preload=(), slots=1) as zygote, ThreadPoolExecutor(1) as pool:
        assert zygote._process is not None
        supervisor = zygote._process.pid
        for _ in range(5):
            first = zygote.spawn(spec)
            assert said_from(first) == "runs"
            second = pool.submit(zygote.spawn, spec)
            time.sleep(0.2)  # until the supervisor has put it into its queue
            os.kill(supervisor, signal.SIGSTOP)
            first.sock.send(b"x")
            assert wait_until(lambda: not marked(mark))
            first.kill()
            os.kill(supervisor, signal.SIGCONT)
            with second.result(20) as child:
                assert said_from(child) == "runs"
            first.close()


def test_a_restart_gives_a_new_warm_process(said_from, wait_until):
    spec = JailSpec(entry="graders.sandbox.probe:probe", args={"source": "say('again')"})
    with Zygote.start(preload=(), slots=1) as zygote:
        before = zygote.pid
        assert zygote.alive()
        os.kill(before, signal.SIGKILL)
        assert wait_until(lambda: not zygote.alive())
        with pytest.raises(InfraError, match="could not be started"):
            zygote.spawn(spec)
        zygote.restart()
        assert zygote.pid != before
        with zygote.spawn(spec) as child:
            assert said_from(child) == "again"


def test_a_closed_zygote_says_so():
    with Zygote.start(preload=(), slots=1) as zygote:
        pass
    assert not zygote.alive()
    with pytest.raises(InfraError, match="closed"):
        zygote.spawn(JailSpec())


def test_a_module_that_does_not_load_is_named():
    with pytest.raises(InfraError, match="no_such_module"):
        Zygote.start(preload=("no_such_module",))


def test_a_module_that_starts_a_thread_is_refused():
    with pytest.raises(InfraError, match="2 threads run after preloading"):
        Zygote.start(preload=("tests.sandbox.starts_a_thread",))


@pytest.mark.parametrize("entry", ["graders.sandbox.probe:nothing", "no.such.module:entry"])
def test_an_entry_that_is_not_there_is_an_infrastructure_fault(zygote: Zygote, entry):
    with pytest.raises(InfraError, match="order: "):
        zygote.spawn(JailSpec(entry=entry))


def test_a_child_that_dies_at_once_is_told_too(zygote: Zygote):
    spec = JailSpec(
        entry="graders.sandbox.probe:probe",
        args={"source": "import os; os._exit(5)"},
        limits=Limits(wall_s=5),
    )
    for _ in range(20):
        with zygote.spawn(spec) as child:
            assert child.wait(20) == Exit("exit", 5)


def test_output_can_be_read_after_the_child_was_closed(probe):
    child = probe("print('kept')")
    child.wait(20)
    child.close()
    child.close()
    assert child.output() == b"kept\n"


def test_many_threads_may_close_one_child(probe):
    for _ in range(5):
        child = probe("say('ready'); import time; time.sleep(60)")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _, child=child: child.close(), range(8)))
        assert child.output() == b""
