"""A slow function of one's own, made durable by one decorator; README.md beside it says how to run it."""

import time

from app.domain.processing import Document, Json, Report
from app.processors import processor


@processor("slow_model")
def slow_model(document: Document, report: Report) -> Json:
    """Read a document as slowly as a large model: five words a second."""
    words = document.text.split()
    for number, _ in enumerate(words):
        report("reading", number / len(words))
        time.sleep(0.2)
    return {"summary": " ".join(words[:10]), "words": len(words)}
