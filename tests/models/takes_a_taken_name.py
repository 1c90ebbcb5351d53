"""A module whose model calls itself like the tutorial's."""

from app.domain.processing import Document, Json, Report
from app.processors import processor


@processor("shouting", aliases=("uppercase",))
def shouting(document: Document, _report: Report) -> Json:
    """Shout."""
    return document.text.upper()
