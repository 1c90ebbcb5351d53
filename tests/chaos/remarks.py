"""What is worth a line beneath the table: how long things took, where somebody was promised something about it."""

from collections.abc import Iterable
from http import HTTPStatus
from statistics import median

from tests.chaos.history import History, Stored, Submitted
from tests.chaos.wishes import BURST


def hand_overs(history: History) -> list[str]:
    """Say how long tasks lay that an ending server had handed back; nothing if there were none."""
    waits = [
        (after.written_at - before.written_at).total_seconds()
        for versions in history.versions().values()
        for released, before, after in zip(versions, versions[1:], versions[2:], strict=False)
        if _is_release(released, before) and after.status == "processing"
    ]
    return [f"{len(waits)} tasks were handed over; the next server had them after {_spread(waits)}"] if waits else []


def waiting_times(history: History) -> list[str]:
    """Say how long answers and results took, for those of the burst and for those that came meanwhile."""
    answers = [submitted for submitted in history.submitted if submitted.code]
    refused = sum(submitted.code >= HTTPStatus.BAD_REQUEST for submitted in answers)
    groups = {
        "of the burst": [each for each in answers if each.label.startswith(BURST)],
        "meanwhile, CPU": [each for each in answers if not each.label.startswith(BURST) and not _is_io(each)],
        "meanwhile, io": [each for each in answers if _is_io(each)],
    }
    waited = [
        f"{name}: answered in {_spread(each.ended - each.began for each in group)}, "
        f"done in {_spread(_lengths(history, {each.task_id for each in group if each.task_id}))}"
        for name, group in groups.items()
    ]
    return [f"{len(history.submitted)} requests, {refused} of them to be repeated", *waited]


def _lengths(history: History, ids: set[str]) -> Iterable[float]:
    """Seconds from the first write to the last of each task."""
    times: dict[str, list[float]] = {}
    for stored in history.stored:
        if stored.task_id in ids and not stored.is_deleted:
            times.setdefault(stored.task_id, []).append(stored.written_at.timestamp())
    return [max(each) - min(each) for each in times.values()]


def _spread(seconds: Iterable[float]) -> str:
    taken = sorted(seconds)
    return f"{median(taken):.2f} s ({taken[-1]:.2f} s at most)" if taken else "no time"


def _is_io(submitted: Submitted) -> bool:
    return submitted.label.endswith("-waits")


def _is_release(before: Stored, after: Stored) -> bool:
    return before.status == "processing" and after.status == "pending" and after.attempt == before.attempt - 1
