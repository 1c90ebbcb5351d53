"""A model that takes all the memory it may have, mounted into the container beside the code."""

import signal

from app.domain.processing import Document, Json, Report
from app.processors import processor


@processor("hungry")
def hungry(document: Document, report: Report) -> Json:
    """Take as many mebibytes as the document says, and hold them until somebody puts an end to it."""
    held = [bytearray(b"x" * (1 << 20)) for _ in range(int(document.text))]
    report("full", 0.5)
    signal.pause()
    return {"summary": str(len(held))}
