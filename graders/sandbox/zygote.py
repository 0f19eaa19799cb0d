"""The sandbox as the grader sees it: a warm process, and jailed children on demand.

    with Zygote.start(model=path, slots=2) as zygote:
        child = zygote.spawn(JailSpec(binds=(Bind(folder, "/submission"),)))
        child.sock  # a stream socket whose other end the entry got

Everything here runs on the trusted side. `spawn` may be called from several threads; a `Zygote`
belongs to the process that started it.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from graders.core.errors import InfraError
from graders.sandbox import wire_fds
from graders.sandbox.limits import Layers
from graders.sandbox.spec import JailSpec, check_bind

Cause = Literal["exit", "signal", "wall", "cpu", "memory", "processes", "output", "killed"]

_INSIDE = ("graders.sandbox.serve", "graders.sandbox.probe", "graders.sandbox.warm")
_LOAD_S = 300.0
_START_S = 90.0
_ROOT = str(Path(__file__).resolve().parents[2])
_MAIN = (
    "import sys; sys.path.append(sys.argv[2]);"
    "from graders.sandbox.zygote_main import main; main(int(sys.argv[1]))"
)
_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 - the jail's own
    "HF_HUB_OFFLINE": "1",
    # Where pandas is installed, scikit-learn imports pyarrow, whose allocator starts a thread:
    # the warm process would refuse to fork.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "LANG": "C.UTF-8",
    "LOGNAME": "student",
    # glibc gives every large array back to the kernel and faults its pages in again; kept, the
    # arrays of a training step cost half as much. In bytes; 32 MB is the most that it takes.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "TMPDIR": "/tmp",  # noqa: S108 - the jail's own
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TZ": "UTC",
    "USER": "student",
}


@dataclass(frozen=True, slots=True)
class Exit:
    """How a child ended; `status` is its exit code, or minus the signal. Never a verdict."""

    cause: Cause
    status: int


class Child:
    """A jailed child; closing it kills it.

    Attributes:
        sock: A stream socket whose other end the entry was called with.
    """

    def __init__(self, sock: socket.socket, report: socket.socket, output_fd: int) -> None:
        self.sock = sock
        self._report = report
        self._output_fd = output_fd
        self._exit: Exit | None = None
        self._output: bytes | None = None
        self._lock = threading.Lock()
        self._closing = threading.Lock()  # another one: `wait` takes the first

    def wait(self, timeout: float | None = None) -> Exit | None:
        """Return how the child ended, or None when it still runs after `timeout` seconds."""
        with self._lock:
            if self._exit is None:
                message = _await(self._report, timeout)
                if message is None:
                    return None
                # The supervisor's end closes without a word only when it died, jails and all.
                end = message.get("exit", {"cause": "killed", "status": -9})
                self._exit = Exit(end["cause"], end["status"])
            return self._exit

    def kill(self) -> None:
        """Kill every process of the child; `wait` then returns soon."""
        with contextlib.suppress(OSError):
            self._report.send(b"kill")

    def output(self) -> bytes:
        """Return what the child has written to stdout and stderr, within its limit."""
        if self._output is not None:
            return self._output
        return os.pread(self._output_fd, os.fstat(self._output_fd).st_size, 0)

    def close(self) -> None:
        """Kill the child if it runs, wait for its end, and free everything but its output."""
        # An interrupted grader and the run's own thread may close at the same time.
        with self._closing:
            if self._output is not None:
                return
            self.kill()
            self.wait(_START_S)
            self._output = self.output()
            self.sock.close()
            self._report.close()
            os.close(self._output_fd)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _await(sock: socket.socket, timeout: float | None) -> dict[str, Any] | None:
    """Wait for one message; {} when the other side has closed, None when time is over."""
    sock.settimeout(timeout)
    try:
        got = wire_fds.receive(sock)
    except (TimeoutError, BlockingIOError):  # the latter when there is no time at all
        return None
    except OSError:
        return {}
    return got[0] if got else {}


class Zygote:
    """A supervisor and its warm process; use as a context manager."""

    def __init__(
        self, *, preload: Sequence[str], model: Path | None, layers: Layers, slots: int
    ) -> None:
        self._setup = {
            "preload": [*preload, *_INSIDE],
            "model": str(model.resolve()) if model else "",
            "slots": slots,
        }
        self._layers = layers
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = os.getpid()
        self.pid = 0  # of the warm process, for measurements

    @classmethod
    def start(
        cls,
        *,
        preload: Sequence[str] = ("torch", "transformers"),
        model: Path | None = None,
        layers: Layers = Layers(),  # noqa: B008 - frozen
        slots: int = 2,
    ) -> Zygote:
        """Start the supervisor and load the warm process.

        Args:
            preload: Modules to import before any jail is made.
            model: Folder of the base model, loaded once; None for none.
            layers: For the tests alone.
            slots: How many children may live at one time; a further `spawn` waits.

        Raises:
            InfraError: A module or the model could not be loaded.
        """
        zygote = cls(preload=preload, model=model, layers=layers, slots=slots)
        zygote._launch()
        return zygote

    def _launch(self) -> None:
        ours, theirs = wire_fds.pair()
        environment = dict(_ENVIRONMENT)
        if not self._layers.clean_environment:
            environment = {**os.environ, **_ENVIRONMENT}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-c", _MAIN, str(theirs.fileno()), _ROOT],
                # SECURITY: test_attack_fails[environment]
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._control = ours
        wire_fds.send(ours, self._setup)
        message = _await(ours, _LOAD_S)
        if not message or "error" in message:
            self.close()
            why = message.get("error", "it ended") if message else "it took too long"
            raise InfraError(
                f"the sandbox's warm process could not be loaded: {why}",
                todo="Run: zachetka doctor",
            )
        self.pid = message["pid"]
        ours.settimeout(None)

    def spawn(self, spec: JailSpec) -> Child:
        """Start a jailed child; returns when the entry is about to run.

        Raises:
            InfraError: The jail could not be built, or the warm process is gone.
        """
        if self._control is None or os.getpid() != self._owner:
            raise InfraError(
                "the sandbox is closed, or belongs to another process",
                todo="Start a new one",
            )
        binds = [check_bind(bind) for bind in spec.binds]
        order = {
            "binds": [(str(bind.source), bind.target) for bind in binds],
            "limits": asdict(spec.limits),
            "layers": asdict(self._layers),
            "entry": spec.entry,
            "args": dict(spec.args),
            "seed": spec.seed,
            "privileged": os.geteuid() == 0,
        }
        return self._ask(order)

    def _ask(self, order: dict[str, Any]) -> Child:
        sock, far = socket.socketpair()
        report, far_report = wire_fds.pair()
        output_fd = os.memfd_create("output", os.MFD_CLOEXEC)
        child = Child(sock, report, output_fd)
        order_fd = os.memfd_create("order", os.MFD_CLOEXEC)
        request = {"limits": order["limits"], "layers": order["layers"]}
        try:
            os.write(order_fd, json.dumps(order).encode())
            fds = (far_report.fileno(), far.fileno(), output_fd, order_fd)
            with far, far_report, self._lock:
                assert self._control is not None
                wire_fds.send(self._control, request, fds)
            message = _await(report, _START_S)
        except OSError as error:
            message = {"failed": f"the supervisor is gone ({error.strerror})"}
        finally:
            os.close(order_fd)
        if not message or "started" not in message:
            why = message.get("failed", "the supervisor died") if message else "no slot came free"
            child._exit = Exit("killed", -9)
            child.close()
            raise InfraError(
                f"the jail could not be started: {why}",
                todo="Run: zachetka doctor",
            )
        return child

    def alive(self) -> bool:
        """Say whether the supervisor and the warm process still run."""
        running = self._process is not None and self._process.poll() is None
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text("latin-1")
        except OSError:
            return False
        return running and stat.rpartition(")")[2].split()[0] != "Z"

    def restart(self) -> None:
        """Close what is left of the warm process and load a new one.

        Raises:
            InfraError: As in `start`.
        """
        self.close()
        self._launch()

    def close(self) -> None:
        """Kill every child, the warm process and the supervisor, and wait for their end."""
        control, process = self._control, self._process
        self._control = self._process = None
        if control is not None:
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)
            control.close()
        if process is not None and os.getpid() == self._owner:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
