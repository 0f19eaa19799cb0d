"""How a judge is configured: the ``[judge]`` table of `competition.toml`, by its `kind`.

No kind is a default: whose verdicts count is decided by who writes the competition.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from graders.core.config_models import Strict
from graders.core.config_values import Count, ModelName, Points, PositivePoints, Words, floats
from leaderboard.judges.entries import Spent
from leaderboard.judges.ledger import Ledger
from leaderboard.judges.panel import Rule, panel
from leaderboard.judges.prompt import MAX_ANSWER
from leaderboard.records import Judge


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address begins with http:// or https:// and has a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("an address holds no key, no ? and no #: the key has a file of its own")
    return value.rstrip("/") + "/"


class PriceTable(Strict):
    """``[judge.price]``: money for a million tokens."""

    read: Points = Decimal(0)
    written: Points = Decimal(0)


class BudgetTable(Strict):
    """``[judge.budget]``: what the whole competition may use; a missing limit is none."""

    tokens: Annotated[int, Field(strict=True, gt=0)] | None = None
    money: PositivePoints | None = None


class EndpointTable(Strict):
    """A model behind an OpenAI-compatible endpoint.

    Args:
        kind: ``endpoint``.
        name: Shown on the board.
        family: Of models, for panels.
        base_url: As for OpenAI's client: it ends with ``/v1``.
        model: What the endpoint calls it.
        api_key_file: Holds the key alone; relative to the competition's folder.
        api_key_env: Or the name of the environment variable that holds it.
        salt_file: The secret of the nonces; the command line gives the competition's own.
        format: In what form verdicts are asked for; ``auto`` finds out.
        logprobs: Whether to ask for log-probabilities; missing: found out.
        temperature: Missing (``"none"``) for models that refuse it.
        max_tokens: Of a reply.
        max_tokens_field: What the endpoint calls that limit.
        seed: Of the sampling, and of the jitter.
        send_seed: Whether the endpoint takes a seed.
        concurrency: Requests at one time.
        attempts: For one duel.
        give_up: Failed duels in a row after which the run stops.
        connect_s: Time-out of connecting, in seconds.
        read_s: Time-out between two pieces of an answer.
        whole_s: Time-out of a whole answer.
        most_bytes: Of an answer.
        max_answer: Characters of a contestant's answer that are shown.
        extra: More fields of every request.
        price: Of tokens.
        budget: Hard.
    """

    kind: Literal["endpoint"]
    name: Words
    family: Words
    base_url: Annotated[str, AfterValidator(_url)]
    model: Words
    api_key_file: Words | None = None
    api_key_env: Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")] | None = None
    salt_file: Words | None = None
    format: Literal["auto", "json_schema", "json", "text"] = "auto"
    logprobs: Annotated[bool, Field(strict=True)] | None = None
    temperature: Annotated[
        Points | None, BeforeValidator(lambda value: None if value == "none" else value)
    ] = Decimal(0)
    max_tokens: Count = 300
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    seed: Annotated[int, Field(strict=True, ge=0)] = 0
    send_seed: Annotated[bool, Field(strict=True)] = True
    concurrency: Annotated[Count, Field(le=64)] = 4
    attempts: Annotated[Count, Field(le=20)] = 6
    give_up: Count = 5
    connect_s: PositivePoints = Decimal(10)
    read_s: PositivePoints = Decimal(60)
    whole_s: PositivePoints = Decimal(180)
    most_bytes: Count = 1 << 20
    max_answer: Count = MAX_ANSWER
    extra: Annotated[dict[str, Any], BeforeValidator(floats)] = Field(default={})
    price: PriceTable = PriceTable()
    budget: BudgetTable

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @model_validator(mode="after")
    def _sound(self) -> EndpointTable:
        has_key = self.api_key_file is not None or self.api_key_env is not None
        if self.api_key_file is not None and self.api_key_env is not None:
            raise ValueError("the key comes from api_key_file or from api_key_env, not from both")
        # SECURITY: test_key_does_not_travel_in_the_clear.
        if has_key and not self.is_local and not self.base_url.startswith("https:"):
            raise ValueError("a key travels over https only")
        paid = self.price.read or self.price.written
        if self.budget.tokens is None and self.budget.money is None:
            raise ValueError("a budget is needed: budget.tokens, budget.money or both")
        if self.budget.money is not None and not paid:
            raise ValueError("a budget in money needs a price")
        owned = {"model", "messages", "stream", "seed", "temperature", self.max_tokens_field}
        if taken := sorted(owned & self.extra.keys()):
            raise ValueError(f"extra may not hold {', '.join(taken)}")
        return self


class LocalTable(Strict):
    """A transformers model on this machine.

    Args:
        kind: ``local``.
        name: Shown on the board.
        family: Of models, for panels.
        model: As in `course.toml`: ``package:NAME==VERSION`` or ``hub:OWNER/NAME@REVISION``.
        folder: Or a folder that transformers loads.
        salt_file: The secret of the nonces; the command line gives the competition's own.
        dtype: ``auto`` is bfloat16 where the processor computes in it, float32 elsewhere.
        batch_tokens: Most tokens of a batch.
        max_answer: Characters of a contestant's answer that are shown.
    """

    kind: Literal["local"]
    name: Words
    family: Words
    model: ModelName | None = None
    folder: Words | None = None
    salt_file: Words | None = None
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    batch_tokens: Count = 1024
    max_answer: Count = MAX_ANSWER

    @model_validator(mode="after")
    def _one_model(self) -> LocalTable:
        if (self.model is None) == (self.folder is None):
            raise ValueError("a local judge has a model or a folder, one of the two")
        return self


class TrainedTable(Strict):
    """The small judge that `zachetka judge train` makes.

    Args:
        kind: ``trained``.
        folder: Of the trained judge; missing: the one that is shipped.
    """

    kind: Literal["trained"]
    folder: Words | None = None


Member = Annotated[EndpointTable | LocalTable | TrainedTable, Field(discriminator="kind")]


class PanelTable(Strict):
    """Several judges with one verdict.

    Args:
        kind: ``panel``.
        rule: ``vote`` or ``mean``.
        margin: Of the mean: what is nearer to one half is a tie.
        contestants: Families of models whose answers are compared: their judges are left out.
        judges: The members.
    """

    kind: Literal["panel"]
    rule: Rule = Rule.VOTE
    margin: Annotated[Points, Field(lt=1)] = Decimal("0.05")
    contestants: tuple[Words, ...] = ()
    judges: Annotated[tuple[Member, ...], Field(min_length=1)]


JudgeConfig = Annotated[
    EndpointTable | LocalTable | TrainedTable | PanelTable, Field(discriminator="kind")
]
"""A judge of any kind, told apart by `kind`; a type for a field of a pydantic model."""


def from_config(
    config: EndpointTable | LocalTable | TrainedTable | PanelTable,
    *,
    base: Path = Path(),
    salt: bytes | None = None,
    ledger: Ledger | None = None,
) -> Judge:
    """Return the configured judge; nothing is asked and no network is used yet.

    Args:
        config: Any kind.
        base: The folder that paths in it start from.
        salt: The competition's secret; by default the content of `salt_file`.
        ledger: Whose spending the budget begins with; by default nothing is spent.

    Raises:
        CourseError: A file that it names is not there, or nobody is left on the panel.
        InfraError: A model cannot be brought here.
    """
    if isinstance(config, EndpointTable):
        from leaderboard.judges.endpoint import EndpointJudge

        judge = EndpointJudge(config, base=base, salt=salt)
        return judge.with_spent(ledger.spent(judge.card) if ledger is not None else Spent())
    if isinstance(config, LocalTable):
        return _local(config, base, salt)
    if isinstance(config, TrainedTable):
        from leaderboard.judges.trained import SHIPPED, TrainedJudge

        return TrainedJudge.load(SHIPPED if config.folder is None else base / config.folder)
    members = [from_config(one, base=base, salt=salt, ledger=ledger) for one in config.judges]
    seated = panel(members, config.rule, config.contestants, float(config.margin))
    if ledger is not None:
        _charge(members, ledger.spent(seated.card))
    return seated


def _charge(members: Sequence[Judge], spent: Spent) -> None:
    """Charge each member with what the panel has spent: the ledger knows the sum alone.

    That is too much for each, so a budget may end early and is never passed.
    """
    from leaderboard.judges.endpoint import EndpointJudge

    for member in members:
        if isinstance(member, EndpointJudge):
            member.with_spent(spent)


def _local(config: LocalTable, base: Path, salt: bytes | None) -> Judge:
    from leaderboard.judges.local import LocalJudge, LocalOptions
    from leaderboard.judges.secrets import salt_of

    if config.model is not None:
        from graders.assets import ensure_model

        folder = ensure_model(config.model)
    else:
        folder = base / str(config.folder)
    options = LocalOptions(
        name=config.name,
        family=config.family,
        dtype=config.dtype,
        batch_tokens=config.batch_tokens,
        max_answer=config.max_answer,
    )
    return LocalJudge(folder, salt_of(salt, config.salt_file, base), options)
