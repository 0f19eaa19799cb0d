"""What a student's process finds when its first line runs."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from graders.core.errors import InfraError
from graders.sandbox import Bind, JailSpec, Zygote

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def look(probe, said_from):
    """Give the value of an expression inside a jail."""
    return lambda expr, **args: said_from(probe(f"import os, socket\nsay({expr})", **args))


def status_fields(look) -> dict[str, str]:
    lines = look("open('/proc/self/status').read().splitlines()")
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def test_the_student_is_nobody_with_no_groups(look):
    assert look("[os.getresuid(), os.getresgid()]") == [[65534] * 3, [65534] * 3]
    assert set(look("os.getgroups()")) <= {65534}


def test_the_student_holds_no_capability_and_can_gain_none(look):
    fields = status_fields(look)
    assert {fields[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"


def test_the_student_sees_no_process_but_its_own(look):
    assert look("sorted(int(n) for n in os.listdir('/proc') if n.isdigit()) == [os.getpid()]")
    assert look("os.getppid()") == 1


def test_the_host_name_is_hidden(look):
    assert look("socket.gethostname()") == "jail"


def test_only_loopback_exists(look):
    devices = look("open('/proc/self/net/dev').read().splitlines()[2:]")
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


def test_the_root_is_read_only_and_the_work_folder_is_not(look):
    assert look("os.getcwd()") == "/tmp"
    assert look("open('/tmp/a', 'w').write('x')") == 1
    assert look("[os.access(p, os.W_OK) for p in ('/', '/etc', '/usr/lib')]") == [False] * 3


def test_nothing_may_be_executed_from_the_work_folder(look):
    flags = look("[l.split()[5] for l in open('/proc/self/mountinfo') if l.split()[4] == '/tmp']")
    assert {"noexec", "nosuid", "nodev"} <= set(flags[0].split(","))


def test_the_repository_is_not_visible(look):
    # The virtual environment may lie in the repository; its packages are all that is shown of it.
    paths = [str(REPOSITORY / name) for name in ("graders", "tests", ".git", "pyproject.toml")]
    assert look("[os.path.exists(path) for path in args['paths']]", paths=paths) == [False] * 4
    assert look("os.path.exists('/.old') or os.path.exists('/home') or os.path.exists('/var')") in (
        False,
        sys.base_prefix.startswith(("/home", "/var")),
    )


def test_descriptors_are_the_output_and_the_socket_alone(look):
    assert look("sorted(map(int, os.listdir('/proc/self/fd')))[:4]") == [0, 1, 2, 3]
    assert look("[fd for fd in range(4, 256) if os.path.exists(f'/proc/self/fd/{fd}')]") == []
    assert look("os.readlink('/proc/self/fd/0')") == "/dev/null"


def test_no_variable_comes_from_the_graders_environment(look):
    variables = look("dict(os.environ)")
    assert variables["HOME"] == variables["TMPDIR"] == "/tmp"
    assert variables["PATH"] == "/usr/bin:/bin"
    assert not {"PYTEST_CURRENT_TEST", "PYTHONPATH", "VIRTUAL_ENV", "PWD"} & set(variables)


def test_binds_show_the_folder_read_only(zygote: Zygote, open_folder, said_from):
    (open_folder / "a.txt").write_text("shown")
    (open_folder / "a.txt").chmod(0o666)
    source = """
try:
    open("/submission/hw1/a.txt", "a")
except OSError as error:
    say([open("/submission/hw1/a.txt").read(), error.strerror])
"""
    spec = JailSpec(
        binds=(Bind(open_folder, "/submission/hw1"),),
        entry="graders.sandbox.probe:probe",
        args={"source": source},
    )
    with zygote.spawn(spec) as child:
        child.sock.settimeout(20)
        assert said_from(child) == ["shown", "Read-only file system"]


@pytest.mark.parametrize("target", ["/proc/x", "/tmp/x", "/etc", "relative", "/a/../b", "/"])
def test_a_bind_over_the_jails_own_folders_is_refused(zygote: Zygote, tmp_path, target):
    with pytest.raises(InfraError, match="absolute path outside"):
        zygote.spawn(JailSpec(binds=(Bind(tmp_path, target),)))


def test_a_bind_that_is_not_there_is_an_infrastructure_fault(zygote: Zygote, tmp_path):
    with pytest.raises(InfraError, match="cannot be read"):
        zygote.spawn(JailSpec(binds=(Bind(tmp_path / "gone", "/submission"),)))


def test_generators_are_seeded_from_the_order(probe, said_from):
    source = "import random\nsay(random.random())"
    first, again, other = (said_from(probe(source, seed=s)) for s in (7, 7, 8))
    assert first == again != other


def test_the_order_itself_is_not_in_the_childs_memory(probe, said_from):
    # The source of a bind is the host's business; only what the entry needs is handed on.
    source = """
import gc
say([type(o).__name__ for o in gc.get_objects() if type(o).__name__ in ("Order", "Doors")])
"""
    assert said_from(probe(source)) == []


LAZY = """
import sys
sys.path.append(sys.argv[1])
from graders.sandbox import JailSpec, Zygote

source = "import lies_in_tmp, os; say([lies_in_tmp.word, os.access(lies_in_tmp.__file__, os.W_OK)])"
with Zygote.start(preload=(), slots=1) as zygote:
    spec = JailSpec(entry="graders.sandbox.probe:probe", args={"source": source})
    with zygote.spawn(spec) as child:
        print(child.sock.recv(200).decode())
"""


def test_a_virtual_environment_below_tmp_stays_visible_and_read_only():
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        packages = next(Path(folder).glob("lib/python3*/site-packages"))
        (packages / "lies_in_tmp.py").write_text("word = 'here'\n")
        # The platform's own dependencies come from where these tests have them.
        (packages / "ours.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
        done = subprocess.run(
            [f"{folder}/bin/python", "-c", LAZY, str(REPOSITORY)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert json.loads(done.stdout) == ["here", False]
