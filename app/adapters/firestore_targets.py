"""
What one `Listen` stream asks for, and what its answers mean: the protocol without the wire.

A stream has targets, each a document. An answer says to which of them it
applies, or that it applies to all.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from google.cloud.firestore_v1.types import TargetChange
from grpc import StatusCode  # type: ignore[import-untyped]  # grpcio ships no types

from app.adapters.firestore_wire import Found, found_in

type Request = dict[str, Any]
"""The part of a `ListenRequest` that matters, in the plain form that protobuf's constructors take."""

LARGEST_NUMBER: Final = 2**31 - 1
NO_CHANGE: Final = TargetChange.TargetChangeType.NO_CHANGE
REMOVE: Final = TargetChange.TargetChangeType.REMOVE
CURRENT: Final = TargetChange.TargetChangeType.CURRENT
RESET: Final = TargetChange.TargetChangeType.RESET
CODES: Final = {status.value[0]: status for status in StatusCode}


class Target(ABC):
    """A task's document that is listened to, on behalf of whoever wants to know."""

    def __init__(self, task_id: str) -> None:
        """Stand for the document of this task."""
        self.task_id = task_id

    @abstractmethod
    def seen(self, found: Found | None) -> None:
        """Take in the document as it is now; None if there is none."""

    @abstractmethod
    def current(self) -> None:
        """Know that from now on every change is said as it happens, until the target is `lost`."""

    @abstractmethod
    def lost(self) -> None:
        """Know that changes may be missed, until the target is `current` again."""


def numbers() -> Iterator[int]:
    """Numbers for targets: to add one that is in use would end its stream, so that none comes twice."""
    while True:
        yield from range(1, LARGEST_NUMBER + 1)


@dataclass(eq=False, slots=True)
class _Place:
    """
    A target on the stream, under one number.

    Attributes:
        is_known: Whether the server has ever mentioned it: what is said of all targets is not meant for the others.
        count: How many documents it has by what was said, 0 or 1; None if nothing was.

    """

    target: Target
    number: int
    is_known: bool = False
    count: int | None = None


class Targets:
    """The targets of one stream, from its beginning to its end; *is_over* once nothing more will be asked for."""

    def __init__(self, numbers: Iterator[int], again: Callable[[Target, StatusCode], None]) -> None:
        """Take a number for each; *again* is called with a target to add anew after a while, and with the reason."""
        self.is_over = False
        self._numbers = numbers
        self._again = again
        self._places: dict[int, _Place] = {}
        self._number_of: dict[Target, int] = {}
        self._unsent: dict[int, str | None] = {}
        """The task to add a target for, or None to remove it, by number."""

    def add(self, target: Target) -> None:
        """Ask for *target*, under a new number."""
        number = next(self._numbers)
        self._places[number] = _Place(target, number)
        self._number_of[target] = number
        self._unsent[number] = target.task_id

    def remove(self, target: Target) -> None:
        """Ask no more for *target*, if it is one."""
        number = self._number_of.pop(target, None)
        if number is not None:
            del self._places[number]
            if self._unsent.pop(number, None) is None:
                self._unsent[number] = None

    def next_request(self, name_of: Callable[[str], str]) -> Request | None:
        """Return what has to be sent next, with the document's *name_of* a task; None if there is nothing."""
        if not self._unsent:
            return None
        number = next(iter(self._unsent))
        task_id = self._unsent.pop(number)
        if task_id is None:
            return {"remove_target": number}
        return {"add_target": {"target_id": number, "documents": {"documents": [name_of(task_id)]}}}

    def take(self, answer: Any) -> None:  # noqa: ANN401 - protobuf's messages have no types
        """Take in a `ListenResponse`; what it says of other targets than the present ones is old."""
        match answer.WhichOneof("response_type"):
            case "target_change":
                self._take_change(answer.target_change)
            case "document_change":
                change = answer.document_change
                self._see(change.target_ids, found_in(change.document))
                self._doubt(change.removed_target_ids)
            case "document_delete":
                self._see(answer.document_delete.removed_target_ids, None)
            case "document_remove":  # also said where a document is there, and just cannot be sent
                self._doubt(answer.document_remove.removed_target_ids)
            case "filter":
                self._doubt(
                    place.number
                    for place in self._at([answer.filter.target_id])
                    if (place.count or 0) != answer.filter.count
                )

    def _take_change(self, change: Any) -> None:  # noqa: ANN401 - protobuf's messages have no types
        kind = change.target_change_type
        if kind == NO_CHANGE:
            return  # a sign of life, and the time
        places = list(self._at(change.target_ids or self._known()))
        for place in places:
            if kind == REMOVE:
                self._lose(place, CODES.get(change.cause.code, StatusCode.UNKNOWN))
            elif kind == RESET:
                place.count = None
                place.target.lost()
            elif kind == CURRENT:
                if place.count is None:
                    self._see([place.number], None)  # of what is not there, nothing need be said
                place.target.current()

    def _see(self, numbers: Iterable[int], found: Found | None) -> None:
        for place in self._at(numbers):
            place.count = 0 if found is None else 1
            place.target.seen(found)

    def _doubt(self, numbers: Iterable[int]) -> None:
        """Ask anew for targets of which the server and this side do not know the same."""
        for place in list(self._at(numbers)):
            self._lose(place, StatusCode.OK)
            self._unsent[place.number] = None

    def _lose(self, place: _Place, code: StatusCode) -> None:
        del self._places[place.number], self._number_of[place.target]
        place.target.lost()
        self._again(place.target, code)

    def _known(self) -> list[int]:
        return [number for number, place in self._places.items() if place.is_known]

    def _at(self, numbers: Iterable[int]) -> Iterator[_Place]:
        for number in numbers:
            if place := self._places.get(number):
                place.is_known = True
                yield place
