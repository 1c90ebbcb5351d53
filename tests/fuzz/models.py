"""Models that end as the built-in ones do not: so that failures, and answers of another shape, are seen too."""

from typing import Final

from app.domain.errors import PermanentFailure, TransientFailure
from app.domain.processing import Document, Json, Report
from app.processors import processor

MODULE: Final = "tests.fuzz.models"

OFTEN: Final = tuple(f"refuses_too_{number}" for number in range(6))
"""More names, so that it is often asked for: only a failed task can be retried."""


@processor("refuses", aliases=OFTEN)
async def refuse(_document: Document, _report: Report) -> Json:
    """Fail for good."""
    raise PermanentFailure("This model never works")


@processor("stumbles")
async def stumble(_document: Document, _report: Report) -> Json:
    """Fail for now."""
    raise TransientFailure("This model is tired")


@processor("echo")
async def echo(document: Document, report: Report) -> Json:
    """Answer what was handed in, and nothing else."""
    report("echo", 0.5)
    return document.text
