"""What is said beneath the table is what was recorded."""

from datetime import UTC, datetime, timedelta

from tests.chaos.history import Expected, History, Stored, Submitted
from tests.chaos.remarks import hand_overs, waiting_times

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def version(revision: int, status: str, *, at: float, attempt: int = 1, task_id: str = "a") -> Stored:
    """One version of a task, so many seconds after noon."""
    return Stored(
        task_id=task_id,
        written_at=NOON + timedelta(seconds=at),
        revision=revision,
        status=status,
        attempt=attempt,
        max_attempts=3,
        available_at=NOON,
    )


def test_a_hand_over_is_timed_from_the_release_to_the_next_claim() -> None:
    """A deployment must not cost a caller more than a sweep."""
    handed_over = [
        version(1, "processing", at=0),
        version(2, "pending", at=3, attempt=0),
        version(3, "processing", at=3.5),
    ]
    failed = [version(4, "pending", at=5), version(5, "processing", at=9, attempt=2)]

    said = hand_overs(History(stored=handed_over + failed))

    assert said == ["1 tasks were handed over; the next server had them after 0.50 s (0.50 s at most)"]
    assert hand_overs(History(stored=handed_over[:1] + failed)) == []


def test_whoever_comes_behind_a_burst_is_timed_apart() -> None:
    """Neither may starve the other."""
    labels = {"burst-1": "a", "7-instant": "b", "8-waits": "c"}
    history = History(
        submitted=[
            Submitted(label=label, expected=Expected(), began=0, ended=2, code=202, task_id=task_id)
            for label, task_id in labels.items()
        ],
        stored=[version(1, "pending", at=0, task_id=task_id) for task_id in "abc"]
        + [version(2, "completed", at=at, task_id=task_id) for task_id, at in zip("abc", (9, 6, 3), strict=True)],
    )

    said = waiting_times(history)

    assert said == [
        "3 requests, 0 of them to be repeated",
        "of the burst: answered in 2.00 s (2.00 s at most), done in 9.00 s (9.00 s at most)",
        "meanwhile, CPU: answered in 2.00 s (2.00 s at most), done in 6.00 s (6.00 s at most)",
        "meanwhile, io: answered in 2.00 s (2.00 s at most), done in 3.00 s (3.00 s at most)",
    ]
