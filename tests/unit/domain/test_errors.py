"""The tree of errors, its codes and its messages."""

import re
from collections import defaultdict
from datetime import timedelta
from inspect import cleandoc

import pytest

from app.domain import errors
from app.domain.errors import (
    IllegalTransition,
    PermanentFailure,
    ProcessorError,
    QuotaExceeded,
    RateLimited,
    ServiceError,
    TaskNotFound,
    TimeLimitExceeded,
    TooManyWaits,
    TransientFailure,
)

BRANCH = re.compile(r"^(?P<indent>[│├└─\s]*)(?P<name>[A-Z]\w+)")
STEP = 4


def family(root: type[ServiceError]) -> list[type[ServiceError]]:
    """Return *root* and all classes below it that the module defines."""
    below = [child for child in root.__subclasses__() if child.__module__ == errors.__name__]
    return [root, *(member for child in below for member in family(child))]


def drawn_parents() -> dict[str, str | None]:
    """Return each class of the drawing with its parent."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for line in cleandoc(errors.__doc__ or "").splitlines():
        branch = BRANCH.match(line)
        if branch and (line.startswith(" ") or path):
            depth = (len(branch["indent"]) - STEP) // STEP
            path = [*path[:depth], branch["name"]]
            parents[path[-1]] = path[-2] if depth else None
        elif path:
            break
    return parents


ALL = family(ServiceError)
WITH_FIGURES = {QuotaExceeded, RateLimited, TooManyWaits}
"""A limit is said with its number."""


def test_the_drawn_tree_is_the_real_one() -> None:
    """The drawing is what people read before they write an `except`."""
    real = {error.__name__: error.__bases__[0].__name__ for error in ALL if error is not ServiceError}

    assert drawn_parents() == {"ServiceError": None, **real}


def test_every_exception_of_the_module_belongs_to_the_tree() -> None:
    """An error outside of it would reach callers as a 500."""
    defined = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == errors.__name__
    }

    assert defined == set(ALL)


def test_codes_tell_the_errors_apart() -> None:
    """Clients branch on the code; only a processor's failure has one name for two classes."""
    by_code = defaultdict(set)
    for error in ALL:
        by_code[error.code].add(error)

    shared = {code: classes for code, classes in by_code.items() if len(classes) > 1}

    assert shared == {"processor_error": {ProcessorError, TransientFailure}}


@pytest.mark.parametrize("error", ALL)
def test_codes_are_words_of_the_interface(error: type[ServiceError]) -> None:
    """Codes stand in JSON, metrics and documentation: one spelling everywhere, and none inherited by accident."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)
    assert "code" in vars(error)


@pytest.mark.parametrize("error", [error for error in ALL if error not in WITH_FIGURES])
def test_the_docstring_is_the_default_message(error: type[ServiceError]) -> None:
    """One sentence serves the reader of the code and the caller."""
    made = error(retryable=True) if error is TimeLimitExceeded else error()

    message = made.message

    assert message + "." == error.__doc__
    assert "\n" not in message


@pytest.mark.parametrize("retryable", [True, False])
def test_a_time_limit_knows_whether_another_attempt_may_be_faster(*, retryable: bool) -> None:
    """Waiting may go faster next time; computing will not."""
    assert TimeLimitExceeded(retryable=retryable).retryable is retryable


def test_a_limit_is_said_with_its_number() -> None:
    """Who is refused wants to know how much would have been fine."""
    quota, rate = QuotaExceeded(5), RateLimited(5, at_once=10, again_in=timedelta(seconds=1))

    assert quota.message == "At most 5 tasks may be open; the next one has to wait until one ends"
    assert rate.message == "At most 5 requests may come in a second, and 10 at once"


def test_an_error_can_say_more() -> None:
    """Which status stands in the way is worth telling."""
    error = IllegalTransition("A completed task cannot be cancelled.")

    assert error.message == "A completed task cannot be cancelled."
    assert str(error) == error.message


def test_a_caller_catches_a_whole_branch() -> None:
    """The tree is there to be caught by its branches."""
    with pytest.raises(errors.Rejected) as caught:
        raise TaskNotFound

    assert caught.value.code == "task_not_found"
    assert caught.value.message == "Task not found"


def test_an_error_that_forgot_its_message_is_known_by_its_name() -> None:
    """A model's own class of error may define `__init__` and not call ours."""

    class Forgetful(PermanentFailure):
        """Says nothing."""

        def __init__(self) -> None:
            """Leave the message out."""

    assert Forgetful().message == "Forgetful"
