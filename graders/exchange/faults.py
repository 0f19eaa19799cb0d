"""How the rooms of the exchange say "no" to each other: one exception that carries a refusal."""

from __future__ import annotations

from graders.core.records import Refusal


class RefusedError(Exception):
    """Something handed in cannot be accepted; it never leaves the exchange.

    Args:
        key: Catalogue key of the reason without its prefix ``refused.``.
        args: Fields of the reason's text; file names go through `graders.exchange.names.shown`.
    """

    def __init__(self, key: str, **args: str | int) -> None:
        super().__init__(key)
        self.refusal = Refusal(f"refused.{key}", args)
