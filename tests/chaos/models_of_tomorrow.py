"""A model that only the next revision knows."""

from typing import Final

from app.domain.processing import Document, Json, Report
from app.processors import processor
from tests.chaos import models

MODULE: Final = "tests.chaos.models_of_tomorrow"


@processor("lingers-2")
def lingers_2(document: Document, report: Report) -> Json:
    """Linger as the other one does, under a new name."""
    return models.lingers.run(document, report)  # type: ignore[return-value]  # a plain function answers at once
