"""Messages with descriptors between the sandbox's own processes: one JSON object a packet."""

from __future__ import annotations

import json
import os
import socket
from typing import Any

_LIMIT = 1 << 16
_MOST_FDS = 8


def pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected ends that keep message borders."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)


def send(sock: socket.socket, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
    """Send one message.

    Raises:
        OSError: The other side is gone.
    """
    socket.send_fds(sock, [json.dumps(message).encode()], list(fds))


def receive(sock: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Receive one message and its descriptors; None when the other side has closed."""
    data, fds, _, _ = socket.recv_fds(sock, _LIMIT, _MOST_FDS)
    if not data:
        for fd in fds:
            os.close(fd)
        return None
    message: dict[str, Any] = json.loads(data)
    return message, fds
