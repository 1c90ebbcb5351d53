"""How long a lost stream waits before it comes back, and what the log says meanwhile."""

from datetime import timedelta
from random import Random

import pytest
from grpc import StatusCode  # type: ignore[import-untyped]  # grpcio ships no types
from structlog.testing import capture_logs

from app.adapters.firestore_outage import REFUSALS, Outage, Pauses

PAUSES = Pauses(first=timedelta(seconds=0.1), longest=timedelta(seconds=10))


@pytest.mark.parametrize(("attempt", "limit"), [(1, 0.1), (2, 0.2), (3, 0.4), (7, 6.4), (8, 10.0), (10_000, 10.0)])
def test_the_pause_doubles_up_to_a_limit_and_is_never_the_same(attempt: int, limit: float) -> None:
    """All instances lose their streams at the same moment: they must not come back at the same moment."""
    rng = Random(1)  # noqa: S311 - spreads load, guards nothing

    pauses = {PAUSES.before(attempt, StatusCode.UNAVAILABLE, rng) for _ in range(100)}

    assert len(pauses) == 100
    assert all(limit / 2 <= pause <= limit for pause in pauses)


@pytest.mark.parametrize("code", sorted(REFUSALS, key=str), ids=lambda code: code.name)
def test_a_refusal_waits_for_as_long_as_anything_does(code: StatusCode) -> None:
    """A missing permission does not come back within a second: somebody has to give it."""
    assert PAUSES.before(1, code, Random(1)) >= 5.0  # noqa: S311 - spreads load, guards nothing


def events_of(logs: list[dict[str, object]]) -> list[tuple[object, object]]:
    """Return what was said, and how loudly."""
    return [(entry["log_level"], entry["event"]) for entry in logs]


def test_an_outage_of_all_streams_is_said_once_and_so_is_its_end() -> None:
    """Ten streams that are lost together, and try again every second, are one piece of news."""
    outage = Outage()

    with capture_logs() as logs:
        for stream in (1, 2, 1, 2):
            outage.lost(stream, StatusCode.UNAVAILABLE)
        outage.back(1)
        outage.back(2)
        outage.back(2)

    assert events_of(list(map(dict, logs))) == [("warning", "listen stream lost"), ("info", "listen stream back")]


def test_what_needs_a_person_is_said_in_the_middle_of_an_outage_too() -> None:
    """A permission that is taken away often shows as a lost stream first."""
    outage = Outage()

    with capture_logs() as logs:
        outage.lost(1, StatusCode.UNAVAILABLE)
        for _ in range(3):
            outage.lost(1, StatusCode.PERMISSION_DENIED)
        outage.back(1)
        outage.lost(1, StatusCode.PERMISSION_DENIED)

    assert events_of(list(map(dict, logs))) == [
        ("warning", "listen stream lost"),
        ("error", "listen stream refused"),
        ("info", "listen stream back"),
        ("error", "listen stream refused"),
    ]
