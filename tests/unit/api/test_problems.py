"""The one table from the domain's errors to HTTP."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.api.problems import status_of
from app.domain import errors


def _all(base: type[errors.ServiceError]) -> Iterator[type[errors.ServiceError]]:
    yield base
    for error in base.__subclasses__():
        yield from _all(error)


@pytest.mark.parametrize(
    ("error", "status", "retryable"),
    [
        (errors.TaskNotFound(), 404, False),
        (errors.UnknownModel(), 422, False),
        (errors.InvalidDocument(), 422, False),
        (errors.InvalidCursor(), 422, False),
        (errors.SubmissionConflict(), 422, False),
        (errors.IllegalTransition(), 409, False),
        (errors.StaleWrite(), 409, True),
        (errors.QuotaExceeded(5), 429, True),
        (errors.RateLimited(5, at_once=10, again_in=timedelta(seconds=1)), 429, True),
        (errors.Unauthenticated(), 401, False),
        (errors.NotPermitted(), 403, False),
        (errors.StoreOverloaded(), 503, True),
        (errors.KeysUnavailable(), 503, True),
        (errors.StoreUnavailable(), 503, True),
        (errors.PermanentFailure(), 500, False),
    ],
)
def test_an_error_has_its_status(error: errors.ServiceError, status: int, *, retryable: bool) -> None:
    """Clients decide by the status whether to correct, to wait, or to give up."""
    assert status_of(error) == (status, retryable)


def test_every_error_has_a_code_of_its_own() -> None:
    """A code that two errors share tells the caller nothing; a transient failure is the one that is its parent."""
    ours = [error for error in _all(errors.ServiceError) if error.__module__ == errors.__name__]
    codes = [error.code for error in ours if error is not errors.TransientFailure]

    assert len(codes) == len(set(codes))
