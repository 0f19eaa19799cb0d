"""The whole corpus, with nothing removed and with each protection removed in turn.

`strike_all` tries every attack that the removed protection could matter to: programs against the
host (21 to 40) when it is a layer of the jail, cheating submissions (1 to 20) when it is the
separation of the tests from the student.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, fields, replace

from graders.sandbox import Layers, Zygote
from graders.tester import Tester
from tests.attacks import on_host, on_limits, on_secrets, on_tests, on_verdict
from tests.attacks.arena import ASSIGNMENT, PRELOAD, Arena
from tests.attacks.attack import Attack
from tests.attacks.submissions import Cheat
from tests.attacks.world import World

CHEATS: list[Cheat] = [*on_tests.CHEATS, *on_verdict.CHEATS]
PROGRAMS: list[Attack] = [*on_host.ATTACKS, *on_limits.ATTACKS, *on_secrets.ATTACKS]
NAMES = [one.name for one in sorted((*CHEATS, *PROGRAMS), key=lambda one: one.number)]
LAYERS = [field.name for field in fields(Layers)]
#: The separation of the tests from the student, taken away in two ways.
SEPARATION = {
    "tests_in_zygote": "tests.attacks.planted",
    "verdict_from_child": "tests.attacks.naive",
}
EVERY_LAYER = "every_layer"
REMOVED = [*LAYERS, EVERY_LAYER, *SEPARATION]
# Loaded before the jail: without its mount namespace they may lie where others may not look.
_MODULES = ("fcntl", "mmap", "pty", "resource")

Harm = tuple[str, ...]


def start_zygote(removed: str = "") -> Zygote:
    """Start a light warm process whose jails lack one layer, or all."""
    layers = Layers()
    if removed == EVERY_LAYER:
        layers = Layers(**dict.fromkeys(asdict(layers), False))
    elif removed:
        layers = replace(layers, **{removed: False})
    return Zygote.start(preload=_MODULES, layers=layers, slots=1)


def start_arena(world: World, stack: ExitStack, removed: str = "") -> Arena:
    """Start a tester and a warm process for cheating submissions."""
    preload = (*PRELOAD, SEPARATION[removed]) if removed else PRELOAD
    zygote = stack.enter_context(Zygote.start(preload=preload, slots=2))
    believes = removed == "verdict_from_child"
    tester = None if believes else stack.enter_context(Tester.start(ASSIGNMENT))
    return Arena(world, zygote, tester)


def strike_all(world: World, removed: str = "") -> Iterator[tuple[str, Harm]]:
    """Try the attacks one by one; yield each one's name and the harm that it did."""
    if removed not in SEPARATION:
        with start_zygote(removed) as zygote:
            for attack in PROGRAMS:
                yield attack.name, world.strike(zygote, attack)
    if not removed or removed in SEPARATION:
        with ExitStack() as stack:
            arena = start_arena(world, stack, removed)
            baseline = arena.baseline()
            for cheat in CHEATS:
                yield cheat.name, arena.strike(cheat, baseline)
