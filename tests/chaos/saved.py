"""Keeps what a run has recorded, for whoever looks for the reason of a violation."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tests.chaos.run import Outcome

PARTS: Final = ("injected", "stored", "submitted", "seen", "asked", "connections", "heard")


def save(outcome: Outcome) -> None:
    """Write the history of a run into its folder, a line for each thing that happened, and what is wrong with it."""
    folder, history = outcome.folder, outcome.history
    for part in PARTS:
        _write(folder / f"{part}.jsonl", (asdict(each) for each in getattr(history, part)))
    _write(folder / "violations.jsonl", (asdict(violation) for violation in outcome.violations))
    _write(folder / "lines.jsonl", ({"times": times, **line._asdict()} for line, times in outcome.logged.items()))
    end = {
        "at_the_end": dict(history.at_the_end),
        "leftovers": history.leftovers,
        "drains": outcome.drains,
        "clock": history.clock,
    }
    _write(folder / "end.json", [end | {"figures": asdict(outcome.figures), "stall": asdict(outcome.stall)}])


def _write(file: Path, records: Iterable[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8") as written:
        for record in records:
            written.write(json.dumps(record, ensure_ascii=False, default=_plain) + "\n")


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)
