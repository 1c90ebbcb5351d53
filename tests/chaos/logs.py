"""What the servers of a run have logged, counted: what an operator would see."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

UNFORMATTED: Final = "UNFORMATTED"
"""The severity of a line that is no JSON: what an interpreter or a C library says when something breaks."""


class Line(NamedTuple):
    """A kind of line."""

    severity: str
    message: str


def lines(logs: Iterable[Path]) -> dict[Line, int]:
    """How often each kind of line stands in *logs*, the most frequent first."""
    texts = (text for log in logs if log.exists() for text in log.read_text("utf-8", "replace").splitlines())
    return dict(Counter(_kind(text) for text in texts if text.strip()).most_common())


def _kind(text: str) -> Line:
    try:
        said = json.loads(text)
    except ValueError:
        return Line(UNFORMATTED, text.strip())
    if not isinstance(said, dict):
        return Line(UNFORMATTED, text.strip())
    message = str(said.get("message", ""))
    reason = said.get("reason")
    return Line(str(said.get("severity", "")), f"{message} ({reason})" if reason else message)
