"""
What can be read in a file, told by its content.

So far that is plain text in UTF-8.
"""

from app.domain.errors import DocumentUnreadable, NoTextFound
from app.domain.extraction import Extraction
from app.domain.processing import Report


def warm_up() -> None:
    """Load what reading takes; a second call costs nothing."""


def extract(file: bytes, report: Report) -> Extraction:
    """
    Read *file*.

    Raises:
        DocumentUnreadable: If it is no text in UTF-8.
        NoTextFound: If it is blank.

    """
    report("extract", 0.0)
    try:
        text = file.decode().replace("\0", "")
    except UnicodeDecodeError as error:
        raise DocumentUnreadable from error
    if not text.strip():
        raise NoTextFound
    report("extract", 1.0)
    return Extraction(text=text, media_type="text/plain")
