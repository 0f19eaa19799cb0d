"""Messages between the controller and its own tester: JSON objects, each with a descriptor or none.

Both ends are trusted; what a jailed child says never travels here but as checked plain data.
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from typing import Any

_HEADER = 4


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `fd` is a descriptor that came with it and is the receiver's to close."""

    body: dict[str, Any]
    fd: int | None = None


class Channel:
    """One end of a connected stream socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def send(self, body: dict[str, Any], fd: int | None = None) -> None:
        """Send a message.

        Raises:
            OSError: The other end is gone.
        """
        data = json.dumps(body, allow_nan=False).encode()
        header = len(data).to_bytes(_HEADER, "big")
        if fd is None:
            self.sock.sendall(header)
        else:
            socket.send_fds(self.sock, [header], [fd])
        self.sock.sendall(data)

    def receive(self) -> Message | None:
        """Return the next message, or None when the other end has closed.

        Raises:
            OSError: The socket's time is over, or the connection broke.
        """
        header, fds, _, _ = socket.recv_fds(self.sock, _HEADER, 1)
        fd = fds[0] if fds else None
        data = self._exactly(_HEADER - len(header), header) if header else b""
        if len(data) == _HEADER:
            body = self._exactly(int.from_bytes(data, "big"))
            if body:
                return Message(json.loads(body), fd)
        if fd is not None:
            os.close(fd)
        return None

    def close(self) -> None:
        """Close this end."""
        self.sock.close()

    def _exactly(self, size: int, begun: bytes = b"") -> bytes:
        """Return `begun` and `size` bytes more; less when the other end closed in between."""
        data = bytearray(begun)
        size += len(begun)
        while len(data) < size:
            piece = self.sock.recv(min(size - len(data), 1 << 20))
            if not piece:
                return b""
            data += piece
        return bytes(data)
