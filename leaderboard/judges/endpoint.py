"""A judge behind any OpenAI-compatible endpoint (a hosted model, vLLM, llama.cpp, transformers).

Several duels are asked at once, their verdicts come out in order, and Ctrl-C or a fault loses only
those that are on their way. Not for use inside a running event loop.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graders.core.errors import InfraError
from leaderboard.judges import probe
from leaderboard.judges.budget import NOTHING, Budget, Price, Usage
from leaderboard.judges.entries import Spent, key_of
from leaderboard.judges.prompt import PROMPT_VERSION, Reply, messages, nonce_of
from leaderboard.judges.secrets import key_of_api, salt_mark, salt_of
from leaderboard.judges.transport import Sender, Sent, Waits
from leaderboard.records import Duel, JudgeCard, Verdict

if TYPE_CHECKING:
    import httpx

    from leaderboard.judges.config import EndpointTable

AHEAD = 4  # duels on their way for each that is answered at once: a slow one holds few back
DOWN = frozenset({"unreachable", "timeout", "server", "rate_limited"})


class EndpointJudge:
    """Asks an endpoint.

    Args:
        config: Of the endpoint.
        base: The folder that paths in the configuration start from.
        salt: The secret of the nonces; by default the configured file's content.
        spent: By earlier rounds: the budget is of the whole competition.
        waits: Between attempts; by default as configured.
        transport: Of httpx; by default the network.

    Raises:
        CourseError: There is no salt, or the key's file or variable is missing.
    """

    def __init__(
        self,
        config: EndpointTable,
        *,
        base: Path = Path(),
        salt: bytes | None = None,
        spent: Spent | None = None,
        waits: Waits | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._config = config
        self._salt = salt_of(salt, config.salt_file, base)
        self._secret = key_of_api(config.api_key_file, config.api_key_env, base, os.environ)
        self._price = Price(config.price.read, config.price.written)
        budget = config.budget
        self._budget = Budget(budget.tokens, budget.money, self._price, spent or Spent())
        self._waits = waits or Waits(attempts=config.attempts, seed=config.seed)
        self._transport = transport
        self._can: probe.Capabilities | None = None
        self._card = JudgeCard(
            name=config.name,
            family=config.family,
            version=config.model,
            # The address is not here: the same model may move to another port.
            parameters={
                "temperature": config.temperature,
                "max_tokens": config.max_tokens,
                "seed": config.seed,
                "format": config.format,
                "logprobs": config.logprobs,
                "max_answer": config.max_answer,
                "salt": salt_mark(self._salt),
                "extra": dict(config.extra),
            },
            prompt_version=PROMPT_VERSION,
        )

    @property
    def card(self) -> JudgeCard:
        """Who this is; the version is what the endpoint calls the model."""
        return self._card

    def with_spent(self, spent: Spent) -> EndpointJudge:
        """Charge the budget with what earlier rounds have used, and return the judge."""
        budget = self._config.budget
        self._budget = Budget(budget.tokens, budget.money, self._price, spent)
        return self

    def judge(self, duels: Sequence[Duel]) -> Sequence[Verdict]:
        """Return one verdict for each duel, in order.

        Raises:
            InfraError: As `stream`.
        """
        return list(self.stream(duels))

    def stream(self, duels: Sequence[Duel]) -> Generator[Verdict, None, None]:
        """Yield the verdicts in order, each as soon as it and all before it are there.

        Raises:
            InfraError: The endpoint refuses the key or the model, or cannot be reached, or fails
                `give_up` times in a row.
        """
        if not duels:
            return
        with asyncio.Runner() as runner:
            client = self._client()
            try:
                yield from self._answers(runner, self._sender(client), duels)
            finally:
                runner.run(client.aclose())

    def _answers(
        self, runner: asyncio.Runner, sender: Sender, duels: Sequence[Duel]
    ) -> Generator[Verdict, None, None]:
        can = runner.run(self._probed(sender))
        loop, gate = runner.get_loop(), asyncio.Semaphore(self._config.concurrency)
        waiting: deque[asyncio.Task[Verdict | InfraError]] = deque()
        coming, failed, fatal = iter(duels), 0, list[InfraError]()
        try:
            while True:
                room = AHEAD * self._config.concurrency - len(waiting)
                for duel in islice(coming, room):
                    waiting.append(loop.create_task(self._one(sender, gate, can, duel, fatal)))
                if not waiting:
                    return
                came = runner.run(_result(waiting.popleft()))
                if isinstance(came, InfraError):
                    raise came
                yield came
                failed = failed + 1 if came.why in DOWN else 0
                if failed >= self._config.give_up:
                    raise self._down(came.why, failed)
        finally:
            for task in waiting:
                task.cancel()

    async def _one(
        self,
        sender: Sender,
        gate: asyncio.Semaphore,
        can: probe.Capabilities,
        duel: Duel,
        fatal: list[InfraError],
    ) -> Verdict | InfraError:
        key = key_of(self._card, duel)
        asked = messages(duel, nonce_of(self._salt, key), Reply.JSON, self._config.max_answer)
        try:
            async with gate:
                if fatal:  # what no duel survives is not tried with the next one
                    return fatal[0]
                try:
                    sent = await sender.send(
                        self._body(asked, can.fields), key, self._config.max_tokens
                    )
                except InfraError as error:
                    fatal.append(error)
                    raise
        except InfraError as error:
            return error  # told by whoever waits for this duel, and by nobody twice
        return self._verdict(sent)

    def _verdict(self, sent: Sent) -> Verdict:
        usage, cost = sent.usage, self._price.of(sent.usage)
        if sent.read is None:
            fault = sent.fault
            why, raw = (fault.why, fault.detail) if fault is not None else ("empty", "")
            return _unscored(why, raw, usage, cost)
        read = sent.read
        if read.label is None:
            return _unscored(read.why, read.text, usage, cost)
        return Verdict(
            label=read.label,
            confidence=read.chance,
            raw=read.text,
            tokens_in=usage.tokens_in,
            tokens_out=usage.tokens_out,
            cost=cost,
        )

    async def _probed(self, sender: Sender) -> probe.Capabilities:
        if self._can is None:

            async def send(fields: Mapping[str, Any], name: str) -> Sent:
                body = self._body(probe.PROBE, fields)
                return await sender.send(body, f"probe {name}", self._config.max_tokens)

            found, away = await probe.capabilities(send, self._config.format, self._config.logprobs)
            if away:
                raise self._down(away, 1)
            self._can = found
        return self._can

    def _body(self, asked: Sequence[Any], fields: Mapping[str, Any]) -> dict[str, Any]:
        config = self._config
        body: dict[str, Any] = {
            "model": config.model,
            "messages": list(asked),
            config.max_tokens_field: config.max_tokens,
            "stream": False,
            **fields,
            **config.extra,
        }
        if config.temperature is not None:
            body["temperature"] = float(config.temperature)
        if config.send_seed:
            body["seed"] = config.seed
        return body

    def _client(self) -> httpx.AsyncClient:
        import httpx

        config = self._config
        headers = {"Authorization": f"Bearer {self._secret}"} if self._secret else {}
        return httpx.AsyncClient(
            base_url=config.base_url,
            headers=headers,
            timeout=httpx.Timeout(float(config.read_s), connect=float(config.connect_s)),
            transport=self._transport,
            # A proxy of the environment must not stand between us and our own machine, and no
            # password file may speak for us.
            trust_env=not config.is_local,
            # No certificates are read (0.03 s) where no TLS is spoken; redirects are not followed.
            verify=not (config.is_local and config.base_url.startswith("http:")),
            follow_redirects=False,
        )

    def _sender(self, client: httpx.AsyncClient) -> Sender:
        return Sender(
            client=client,
            budget=self._budget,
            waits=self._waits,
            whole_s=float(self._config.whole_s),
            most_bytes=self._config.most_bytes,
            secret=self._secret,
        )

    def _down(self, why: str, failed: int) -> InfraError:
        return InfraError(
            f"the endpoint does not answer ({why}, {failed} in a row)",
            where=self._config.base_url,
            todo="Run again when it does: verdicts already given are in the ledger",
        )


async def _result(task: asyncio.Task[Verdict | InfraError]) -> Verdict | InfraError:
    return await task


def _unscored(why: str, raw: str, usage: Usage = NOTHING, cost: Decimal = Decimal(0)) -> Verdict:
    return Verdict(
        label=None,
        raw=raw,
        why=why,
        tokens_in=usage.tokens_in,
        tokens_out=usage.tokens_out,
        cost=cost,
    )
