"""A model to watch."""

import time
from pathlib import Path
from typing import Final

from app.domain.processing import Document, Json, Report
from app.processors import processor

PATIENCE: Final = 60.0


@processor("waits_for_a_file")
def waits_for_a_file(document: Document, report: Report) -> Json:
    """Wait until there is a file of the name that the document says, and tell how much patience is used up."""
    began_at = time.monotonic()
    while not Path(document.text).exists():
        report("waiting", (time.monotonic() - began_at) / PATIENCE)
        time.sleep(0.02)
    return {"summary": "There it is."}
