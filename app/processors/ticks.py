"""How the steps of an analysis say how far they are."""

from collections.abc import Callable

type Tick = Callable[[float], None]
"""Is told, from 0 to 1, how much of one step is done."""


def no_tick(_share: float) -> None:
    """Care about progress no further."""
