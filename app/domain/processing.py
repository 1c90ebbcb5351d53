"""
What a model is: the contract between the engine and whatever reads a document.

Nothing in here runs a processor; `engine.runner` decides when, and
`processors.pool` in which process.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol, Self

from app.domain.errors import PermanentFailure, UnknownModel

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None
"""Whatever JSON can say. No NaN, no infinities, no tuples."""

type Result = Json
"""What a processor returns: an object for documents, a string for texts."""


class Kind(StrEnum):
    """What a caller handed in."""

    DOCUMENT = "document"
    TEXT = "text"


class Execution(StrEnum):
    """Where a processor runs: `CPU` in a child process of its own, `IO` on the event loop."""

    CPU = "cpu"
    IO = "io"


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """
    What a processor is given to read.

    *options* are the caller's, already validated (`summary_sentences`,
    `max_keywords`, `entity_types`, `language`); an absent one means the default.
    """

    text: str
    kind: Kind = Kind.DOCUMENT
    options: Mapping[str, Json] = field(default_factory=dict)


STAGE_CHARACTERS: Final = 100
MESSAGE_CHARACTERS: Final = 1000


def told(text: object, *, at_most: int) -> str:
    """Return what a model says of itself as a text that any store can keep: valid Unicode, *at_most* so long."""
    return str(text)[:at_most].encode(errors="replace").decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a run has come: a *stage* in a word or two, and a *fraction* from 0 to 1."""

    stage: str
    fraction: float

    def __post_init__(self) -> None:
        """Refuse a fraction that is not one (NaN included)."""
        if not 0.0 <= self.fraction <= 1.0:
            raise ValueError(f"fraction {self.fraction} is not between 0 and 1")

    @classmethod
    def reported(cls, stage: object, fraction: float) -> Self:
        """Make one of whatever a model reports; a fraction beyond 0 or 1 is taken for it."""
        return cls(stage=told(stage, at_most=STAGE_CHARACTERS), fraction=min(1.0, max(0.0, float(fraction))))


class Report(Protocol):
    """Says how far the work has come; cheap enough to call for every sentence."""

    def __call__(self, stage: str, fraction: float, /) -> None:
        """Record *stage* (a word or two) and *fraction* (0 to 1)."""


type Run = Callable[[Document, Report], Result] | Callable[[Document, Report], Awaitable[Result]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Processor:
    """
    One model that the service offers.

    Attributes:
        name: How callers ask for it; *aliases* are further names.
        run: For `CPU` a plain function, which must be importable; for `IO` a
            coroutine function. It may raise `TransientFailure` (another attempt
            may help) or `PermanentFailure` (none will); anything else that it
            raises counts as transient. Delivery is at least once, so it may see
            the same document again.
        kinds: What it accepts. A model for documents answers an object with at
            least a `summary`; asked for a text, that summary is the result.
        languages: BCP 47 codes it was made for; empty if it does not care.
        time_limit: Wall-clock time of one attempt; None for the service's default.
        load: Called once in each process before the first run, to read models.
        layers: What it consists of, if that depends on what is installed.

    """

    name: str
    run: Run
    execution: Execution = Execution.CPU
    kinds: frozenset[Kind] = frozenset(Kind)
    aliases: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    description: str = ""
    time_limit: timedelta | None = None
    load: Callable[[], None] | None = None
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why an attempt ended without a result; *message* is meant for the caller."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptText:
    """Which text is kept beside a task: the one that the worker with the lease *token* wrote, *size* bytes in UTF-8."""

    token: str
    size: int


@dataclass(frozen=True, slots=True)
class Completed:
    """The processor answered; *text* is the one that it was given, if that is kept."""

    result: Result
    text: KeptText | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt is over and there is no answer."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The process is shutting down; the task goes back unharmed."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The caller no longer wants it."""


@dataclass(frozen=True, slots=True)
class Superseded:
    """Another worker holds the lease now; nothing of this run may be written."""


type Outcome = Completed | Failed | Interrupted | Cancelled | Superseded


class Models(ABC):
    """The processors that this process knows."""

    @abstractmethod
    def find(self, name: str, kind: Kind) -> Processor:
        """
        The processor called *name*, or with that alias, if it accepts *kind*.

        Raises:
            UnknownModel: If there is none; the message names the known ones.

        """

    def knows(self, name: str, kind: Kind) -> bool:
        """Whether `find` would find it."""
        try:
            self.find(name, kind)
        except UnknownModel:
            return False
        return True


RESULT_BYTES: Final = 512 * 1024
"""The largest result, as JSON in UTF-8."""

ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def answer(returned: object, kind: Kind) -> Result:
    """
    Give what a processor *returned* the shape that callers of *kind* expect.

    A string given for a document becomes its `summary`; of an object given for
    a text, the `summary` is the result.

    Raises:
        PermanentFailure: If it has no such shape, is not JSON, or exceeds `RESULT_BYTES`.

    """
    summary = returned.get("summary") if isinstance(returned, dict) else returned
    if not isinstance(summary, str):
        raise PermanentFailure(f"The model gave no answer that fits a {kind.value}")
    if kind is Kind.TEXT:
        returned = summary
    elif isinstance(returned, str):
        returned = {"summary": returned}
    try:
        encoded = "".join(_up_to(RESULT_BYTES, ENCODER.iterencode(returned))).encode(errors="replace")
    except (TypeError, ValueError, RecursionError) as error:
        raise PermanentFailure("The model's answer cannot be written as JSON") from error
    if len(encoded) > RESULT_BYTES:
        raise PermanentFailure(f"The model's answer is larger than {RESULT_BYTES} bytes")
    result: Result = json.loads(encoded)
    return result


def size(value: Json) -> int:
    """How many bytes *value* takes as JSON, as results are measured."""
    return len(ENCODER.encode(value).encode(errors="replace"))


def _up_to(limit: int, pieces: Iterable[str]) -> Iterator[str]:
    """Pass *pieces* on until they are longer than *limit* together; the rest is never made."""
    for piece in pieces:
        yield piece
        limit -= len(piece)
        if limit < 0:
            return
