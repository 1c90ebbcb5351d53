"""
The text of a PDF, page by page.

PDFium takes gigabytes for a few hostile kilobytes, and ends its process when
it may not have them: this runs only where that harms nobody.
"""

from collections.abc import Iterator
from ctypes import byref
from itertools import islice
from typing import Final

import pypdfium2
from pypdfium2 import raw

from app.domain.errors import DocumentEncrypted, DocumentTooLarge, DocumentUnreadable
from app.domain.extraction import MOST_HEADINGS, TEXT_BYTES, Extraction
from app.domain.processing import Report
from app.processors.extraction_draft import Draft, size
from app.processors.extraction_pdf_layout import Bookmark, blocks
from app.processors.extraction_pdf_line import Line

MEDIA_TYPE: Final = "application/pdf"

MOST_PAGES: Final = 2000
MOST_LINES: Final = 300_000
"""Two hundred for each page: a file with more has no lines that anybody could read."""

_LOCKED: Final = frozenset({raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY})
_SHARE_OF_READING: Final = 0.9
_DEEPEST_BOOKMARK: Final = 6


def extract_pdf(file: bytes, report: Report) -> Extraction:
    """
    Read a PDF.

    Raises:
        DocumentEncrypted: If it takes a password to open it.
        DocumentTooLarge: If it has more pages or text than may be read.
        DocumentUnreadable: If it is damaged.
        NoTextFound: If its pages are pictures.

    """
    with _opened(file) as document:
        count = len(document)
        if count > MOST_PAGES:
            raise DocumentTooLarge
        pages: list[list[Line]] = []
        room, lines_left = TEXT_BYTES, MOST_LINES
        for number in range(count):
            pages.append(_page(document, number, room))
            room -= sum(size(line.text) + 1 for line in pages[-1])
            lines_left -= len(pages[-1])
            if lines_left < 0:
                raise DocumentTooLarge
            report("extract", _SHARE_OF_READING * (number + 1) / count)
        draft = Draft()
        for block in blocks(pages, list(_bookmarks(document))):
            draft.add(block)
        return draft.finished(MEDIA_TYPE, title=_title(document), pages=count)


def _opened(file: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        raise (DocumentEncrypted if error.err_code in _LOCKED else DocumentUnreadable) from error


def _page(document: pypdfium2.PdfDocument, number: int, room: int) -> list[Line]:
    """Read one page; a damaged one is empty. What is read of it is closed with it."""
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return []
    try:
        text = page.get_textpage()
        if raw.FPDFText_CountChars(text) > 2 * room:
            raise DocumentTooLarge
        return list(_lines(text, number))
    except pypdfium2.PdfiumError:
        return []
    finally:
        page.close()


def _lines(text: pypdfium2.PdfTextPage, page: int) -> Iterator[Line]:
    """Cut the text of a page into lines, and look up where each begins and ends."""
    position = 0
    for line in _text(text).split("\r\n"):
        stripped = line.strip()
        if stripped:
            first = position + line.index(stripped[0])
            begin, end = (_box(text, place) for place in (first, first + len(stripped) - 1))
            height = max(begin.top - begin.bottom, end.top - end.bottom)
            yield Line(stripped, page, begin.left, begin.top, end.right, end.bottom, height)
        position += len(line) + len("\r\n")


def _box(text: pypdfium2.PdfTextPage, place: int) -> raw.FS_RECTF:
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text, raw.FPDFText_GetCharIndexFromTextIndex(text, place), byref(box))
    return box


def _text(text: pypdfium2.PdfTextPage) -> str:
    try:
        return str(text.get_text_range())
    except (RecursionError, AssertionError, pypdfium2.PdfiumError):
        # It looks recursively for the first letter that can be read.
        return str(text.get_text_bounded())


def _bookmarks(document: pypdfium2.PdfDocument) -> Iterator[Bookmark]:
    for bookmark in islice(document.get_toc(max_depth=_DEEPEST_BOOKMARK), MOST_HEADINGS):
        try:
            title, target = bookmark.get_title(), bookmark.get_dest()
        except ValueError:  # not the encoding that it should be in
            continue
        yield Bookmark(title, bookmark.level + 1, target.get_index() if target else None)


def _title(document: pypdfium2.PdfDocument) -> str:
    try:
        return str(document.get_metadata_value("Title"))
    except ValueError:  # as above
        return ""
