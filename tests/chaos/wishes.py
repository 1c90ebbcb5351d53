"""
What the callers of a run will ask for, decided before it begins.

The same generator gives the same wishes, so a run can be repeated.
"""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from tests.chaos.history import Expected
from tests.chaos.models import answer_to

COMPLETED: Final = frozenset({"completed"})
OUT_OF_ATTEMPTS: Final = "attempts_exhausted"
"""Right for poison whatever it does, as long as workers are killed besides."""

POISON: Final = {
    "crashes": frozenset({"processor_crashed", OUT_OF_ATTEMPTS}),
    "hangs": frozenset({"time_limit_exceeded", "processor_crashed", OUT_OF_ATTEMPTS}),
    "eats": frozenset({"memory_limit_exceeded", "processor_crashed", OUT_OF_ATTEMPTS}),
}
"""Models that nobody gets an answer from, and how their tasks may fail."""

NEW_MODELS: Final = frozenset({"lingers-2"})
NEWEST: Final = "tomorrow"
"""The revision that knows them."""

BUILT_IN: Final = "default_ai_model"
TEXT: Final = "text"
"""Not a model: a text for the tutorial's call, under an id of the caller's."""

BURST: Final = "burst"
"""What the labels of those that come at once begin with."""

MANY_ATTEMPTS: Final = 10
"""So that no task fails for the number of workers that were killed under it."""

SHORT_TEXT: Final = 400
LARGE_TEXT: Final = 200_000
"""Characters: beyond what Firestore keeps inside the task's own document."""

EXAMPLES: Final = Path(__file__).parents[2] / "docs" / "examples" / "documents"
WORDS: Final = ("acta", "río", "contrato", "enero", "minuta", "puerto", "acuerdo", "libro", "norma", "valle")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """
    One document and what its caller does with it.

    Attributes:
        label: Its name in the history.
        at: When it is handed in, in seconds from the beginning.
        copies: How many callers hand it in at the same moment, all with the same key.
        key: The `Idempotency-Key`, if any; a text's own id takes its place.
        watchers: How many callers ask how it is doing.
        cancel_after: Seconds until its caller cancels it.
        then: What its caller does once it has ended: `retry` if it has failed, `delete`.

    """

    label: str
    model: str
    text: str
    at: float
    expected: Expected
    copies: int = 1
    key: str | None = None
    max_attempts: int = MANY_ATTEMPTS
    watchers: int = 1
    cancel_after: float | None = None
    then: str | None = None


@dataclass(frozen=True, kw_only=True)
class Mix:
    """
    What a load is made of.

    Attributes:
        seconds: How long new documents come in.
        count: How many come.
        burst: How many come besides, all at once in the beginning; nobody asks how those are doing.
        models: How often each model is asked for, in proportion.
        cancelled: Which part is cancelled, 0 to 1; likewise *deleted*, *keyed* (handed in under a key),
            *doubled* (by two callers at once, of those with a key), *large*, and *retried* of the poison.

    """

    seconds: float = 15.0
    count: int = 60
    burst: int = 0
    models: dict[str, int] = field(
        default_factory=lambda: {"instant": 3, "burns": 2, "lingers": 5, "waits": 8, "falters": 2, BUILT_IN: 1, TEXT: 2}
    )
    cancelled: float = 0.12
    deleted: float = 0.08
    keyed: float = 0.7
    doubled: float = 0.2
    large: float = 0.1
    retried: float = 0.5


def plan(rng: Random, mix: Mix) -> list[Wish]:
    """The wishes of one run, in the order of their time."""
    instants = sorted(rng.uniform(0, mix.seconds) for _ in range(mix.count))
    models = rng.choices(list(mix.models), weights=list(mix.models.values()), k=mix.count)
    numbered = enumerate(zip(instants, models, strict=True))
    at_once = [_of_the_burst(number) for number in range(mix.burst)]
    return at_once + [_wish(rng, mix, f"{number:04}-{model}", model, at) for number, (at, model) in numbered]


def _of_the_burst(number: int) -> Wish:
    label = f"{BURST}-{number:05}"
    text = f"{label}. {' '.join(WORDS)}"
    return Wish(label=label, model="brief", text=text, at=0.0, expected=Expected(answer=answer_to(text)), watchers=0)


def _wish(rng: Random, mix: Mix, label: str, model: str, at: float) -> Wish:
    text = _text(rng, label, model, large=rng.random() < mix.large)
    key = f"key-{label}-{rng.getrandbits(32):08x}" if rng.random() < mix.keyed or model == TEXT else None
    cancel_after = rng.uniform(0.0, 3.0) if rng.random() < mix.cancelled else None
    deleted = rng.random() < mix.deleted
    copies = 2 if rng.random() < mix.doubled and key is not None else 1
    retried = model in POISON and rng.random() < mix.retried
    return Wish(
        label=label,
        model=model,
        text=text,
        at=at,
        expected=_expected(model, text, is_cancelled=cancel_after is not None),
        key=key,
        copies=copies,
        max_attempts=2 if model in POISON else MANY_ATTEMPTS,
        watchers=rng.choice((1, 1, 2)),
        cancel_after=cancel_after,
        then="delete" if deleted else "retry" if retried else None,
    )


def _expected(model: str, text: str, *, is_cancelled: bool) -> Expected:
    statuses = frozenset({"failed"}) if model in POISON else COMPLETED
    return Expected(
        statuses=statuses | {"cancelled"} if is_cancelled else statuses,
        answer=None if model in {BUILT_IN, TEXT, *POISON} else answer_to(text),
        failures=POISON.get(model, frozenset()),
    )


def _text(rng: Random, label: str, model: str, *, large: bool) -> str:
    if model == BUILT_IN:
        examples = sorted(EXAMPLES.glob("*.txt"))
        return f"{label}.\n\n{rng.choice(examples).read_text(encoding='utf-8')}"
    length = LARGE_TEXT if large else SHORT_TEXT
    line = " ".join(rng.choices(WORDS, k=40))
    return f"{label}. {line} " + (line * (length // len(line)))[:length]
