"""Two models as an operator would write them; one is imported from elsewhere as well."""

from datetime import timedelta

from app.domain.processing import Document, Json, Kind, Report
from app.processors import processor
from tests.poison import well_behaved

__all__ = ["reverse", "translate", "well_behaved"]


@processor("reverse", aliases=("backwards",), kinds=frozenset({Kind.TEXT}))
def reverse(document: Document, _report: Report) -> Json:
    """
    Read from right to left.

    Not the words, the letters.
    """
    return document.text[::-1]


@processor("translate", languages=("es",), description="Translates", time_limit=timedelta(seconds=7))
async def translate(document: Document, _report: Report) -> Json:
    """Ask a language model."""
    return document.text
