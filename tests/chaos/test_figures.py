"""The figures in the table are counted as their names say."""

from datetime import timedelta

import pytest

from tests.chaos.figures import Figures, figures
from tests.chaos.history import Expected, History, Stored, Submitted
from tests.chaos.lives_by_hand import (
    EXPIRED,
    SECOND,
    asked_to_cancel,
    at_birth,
    cancelled,
    claimed,
    completed,
    deleted,
    failed,
    life,
    released,
    renewed,
    retried,
)

TAKE_OVERS: dict[str, tuple[list[Stored], timedelta | None]] = {
    "nobody was lost": (life(claimed(), renewed(), completed()), None),
    "from the claim": (life(claimed(), claimed(2, after=EXPIRED), completed(2)), EXPIRED),
    "from the claim at birth": (life(claimed(2, after=EXPIRED), completed(2), **at_birth()), EXPIRED),
    "from the last heartbeat": (life(claimed(), renewed(), claimed(2, after=EXPIRED), completed(2)), EXPIRED),
    "not from a caller's wish": (
        life(claimed(), asked_to_cancel(), claimed(2, after=EXPIRED), completed(2)),
        EXPIRED + SECOND,
    ),
    "the longest of two": (
        life(claimed(), claimed(2, after=EXPIRED), claimed(3, after=2 * EXPIRED), completed(3)),
        2 * EXPIRED,
    ),
    "a hand-back is none": (life(claimed(), released(), claimed(2), completed(2)), None),
}


def accepted(*task_ids: str) -> list[Submitted]:
    """Return the submissions of these tasks."""
    return [
        Submitted(label=task_id, expected=Expected(), began=0, ended=1, code=202, task_id=task_id)
        for task_id in task_ids
    ]


def test_accepted_tasks_are_counted_by_how_they_ended() -> None:
    """The table's first columns must add up."""
    history = History(
        stored=[
            *life(completed(), **at_birth(), task_id="completed"),
            *life(cancelled(), deleted(), task_id="cancelled"),
            *life(claimed(), failed(), task_id="failed"),
            *life(claimed(), failed(), retried(), claimed(2), completed(2), task_id="retried"),
            *life(claimed(), task_id="stuck"),
            *life(claimed(), completed(), task_id="never answered"),
        ],
        submitted=accepted("completed", "completed", "cancelled", "failed", "retried", "stuck", "missing"),
    )

    assert figures(history) == Figures(
        accepted=6, completed=2, failed=1, cancelled=1, lost=2, recorded_twice=0, longest_take_over=None
    )


def test_what_is_recorded_beyond_the_first_time_in_a_life_is_counted() -> None:
    """A retry's second record is its first; a zombie's is not."""
    history = History(
        stored=[
            *life(claimed(), failed(), retried(), claimed(2), completed(2), task_id="retried"),
            *life(claimed(), completed(), completed(2), completed(3), task_id="thrice"),
        ],
        submitted=accepted("retried", "thrice"),
    )

    assert figures(history).recorded_twice == 2


@pytest.mark.parametrize(("versions", "longest"), TAKE_OVERS.values(), ids=TAKE_OVERS)
def test_a_take_over_is_measured_from_the_last_sign_of_the_lost_worker(
    versions: list[Stored], longest: timedelta | None
) -> None:
    """It is what a caller waits for in vain."""
    assert figures(History(stored=versions)).longest_take_over == longest
