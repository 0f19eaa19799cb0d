"""One request to an OpenAI-compatible endpoint, until it is answered or given up.

Retried with exponential backoff, jitter and Retry-After: lost connections, time-outs, 408, 409,
425, 429, 5xx, and bodies that are cut or not JSON. Not retried: a request that the server calls
wrong. What no other duel would survive either (a refused key, an unknown model, a moved address)
raises, and the run stops.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from graders.core.clock import utc_now
from graders.core.errors import InfraError
from leaderboard.judges.budget import NOTHING, Budget, Usage, most_of
from leaderboard.judges.reply import Read, read

if TYPE_CHECKING:
    import httpx

PATH = "chat/completions"
KEPT = 2000  # characters of a faulty answer that are kept
RETRIED = frozenset({408, 409, 425, 429})
FATAL: Mapping[int, tuple[str, str]] = {
    401: ("the endpoint refuses the key", "Check api_key_file or api_key_env"),
    402: ("the endpoint's account has no money left", "Top it up, then run again"),
    403: ("the endpoint refuses access", "Check the key's rights and the model"),
    404: ("the endpoint knows no such address or model", "Check base_url and model"),
    405: ("the endpoint takes no chat completions there", "Check base_url"),
}


@dataclass(frozen=True, slots=True)
class Waits:
    """How long is waited between attempts, and by what clock.

    Args:
        attempts: At most, the first one among them.
        base_s: The first wait, doubled after each attempt, in seconds.
        cap_s: The longest wait of our own.
        patience_s: The longest Retry-After that is obeyed; a longer one ends the attempts.
        seed: Of the jitter.
        sleep: Waits that many seconds.
        now: Returns the instant that a date in Retry-After is compared with.
    """

    attempts: int = 6
    base_s: float = 0.5
    cap_s: float = 30.0
    patience_s: float = 120.0
    seed: int = 0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], datetime] = utc_now

    def backoff(self, name: str, attempt: int) -> float:
        """Return the wait after an attempt (from 0): a half to the whole of the doubled base.

        The jitter is a digest of seed, name and attempt: no order of calls changes it.
        """
        digest = hashlib.sha256(f"{self.seed}:{name}:{attempt}".encode()).digest()
        share = 0.5 + int.from_bytes(digest[:4]) / 2**33
        return float(min(self.cap_s, self.base_s * 2**attempt) * share)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one attempt failed.

    Args:
        why: A key below ``judge.unscored.``.
        detail: What came, cut.
        again: Whether another attempt may help.
        after: Seconds that the server asks to wait, or None.
        status: Of HTTP, or 0.
        billed: Whether tokens may have been used.
    """

    why: str
    detail: str = ""
    again: bool = True
    after: float | None = None
    status: int = 0
    billed: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a request.

    Args:
        read: The reply, or None.
        fault: The last attempt's fault when there is no reply.
        usage: Of all attempts.
    """

    read: Read | None
    fault: Fault | None
    usage: Usage


@dataclass
class Sender:
    """Sends requests within a budget.

    Args:
        client: With the base address, headers and time-outs.
        budget: Every attempt is paid from it first.
        waits: Between attempts.
        whole_s: The longest time one attempt may take, however slowly it drips.
        most_bytes: Of an answer; a longer one is not read to its end.
        secret: Never kept: it is taken out of whatever the server sends.
    """

    client: httpx.AsyncClient
    budget: Budget
    waits: Waits
    whole_s: float
    most_bytes: int
    secret: str = field(repr=False, default="")

    async def send(self, body: Mapping[str, Any], name: str, max_tokens: int) -> Sent:
        """Send one request until it is answered or given up.

        Args:
            body: Of the request.
            name: Tells requests apart, for the jitter.
            max_tokens: That the reply may have.

        Raises:
            InfraError: No request could be answered: the key, the model or the address is wrong.
        """
        most, used = most_of(body, max_tokens), NOTHING
        fault = Fault("budget", again=False)
        for attempt in range(self.waits.attempts):
            if not self.budget.reserve(most):
                return Sent(None, Fault("budget", fault.detail, again=False), used)
            try:
                came = await self._attempt(body)
            except BaseException:
                self.budget.settle(most, most)  # cut off in the middle: it may be billed
                raise
            if isinstance(came, Read):
                usage = came.usage or most
                self.budget.settle(most, usage)
                return Sent(came, None, used + usage)
            fault = came
            lost = most if fault.billed else NOTHING
            self.budget.settle(most, lost)
            used += lost
            self._stop_if_hopeless(fault)
            wait = max(fault.after or 0.0, self.waits.backoff(name, attempt))
            if not fault.again or wait > max(self.waits.patience_s, self.waits.cap_s):
                break
            if attempt + 1 < self.waits.attempts:
                await self.waits.sleep(wait)
        return Sent(None, fault, used)

    async def _attempt(self, body: Mapping[str, Any]) -> Read | Fault:
        import httpx

        try:
            async with (
                asyncio.timeout(self.whole_s),
                self.client.stream("POST", PATH, json=body) as response,
            ):
                content = b""
                async for piece in response.aiter_bytes():
                    content += piece
                    if len(content) > self.most_bytes:
                        return Fault("too_large", self._shown(content), again=False, billed=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Fault("unreachable", self._shown(str(error).encode()))
        except (TimeoutError, httpx.TimeoutException):
            return Fault("timeout", billed=True)
        except httpx.TransportError as error:  # cut off in the middle of an answer
            return Fault("unreachable", self._shown(str(error).encode()), billed=True)
        except (httpx.DecodingError, httpx.InvalidURL) as error:
            return Fault("not_json", self._shown(str(error).encode()), billed=True)
        return self._judged(response, content)

    def _judged(self, response: httpx.Response, content: bytes) -> Read | Fault:
        status = response.status_code
        if status != 200:
            again = status in RETRIED or status >= 500
            why = "rate_limited" if status == 429 else "server" if again else "request"
            after = retry_after(response.headers.get("retry-after"), self.waits.now())
            return Fault(why, self._shown(content), again, after, status)
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        try:
            if kind not in {"application/json", "text/json"}:
                raise ValueError(kind)
            data = json.loads(self._without_secret(content.decode()))
        except (ValueError, RecursionError):
            return Fault("not_json", self._shown(content), billed=True)
        return read(data)

    def _stop_if_hopeless(self, fault: Fault) -> None:
        what, todo = FATAL.get(fault.status, ("", ""))
        if 300 <= fault.status < 400:
            # Not followed: the key would go to an address that nobody configured.
            what, todo = "the endpoint has moved", "Write its new address into base_url"
        if what:
            raise InfraError(
                f"{what} (HTTP {fault.status}: {fault.detail[:200]!r})",
                where=str(self.client.base_url),
                todo=todo,
            )

    def _shown(self, content: bytes) -> str:
        return self._without_secret(content[: 4 * KEPT].decode("utf-8", "replace"))[:KEPT]

    def _without_secret(self, text: str) -> str:
        # SECURITY: some servers send the key back (test_key_is_never_kept_or_shown).
        return text.replace(self.secret, "[key]") if self.secret else text


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, or None when it says nothing.

    Args:
        value: Seconds, or a date of HTTP.
        now: Aware.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            told = parsedate_to_datetime(value)
        except ValueError:
            return None
        told = told if told.tzinfo else told.replace(tzinfo=UTC)
        seconds = (told - now).total_seconds()
    return max(0.0, seconds) if seconds < float("inf") else None
