"""
What can be read in a file: PDF, DOCX, HTML, Markdown or plain text, told by its content.

Pure and without threads, it runs in a child process that may be killed: a
hostile file can make any library eat all memory or never come back.
"""

import re
from typing import Final

from app.domain.errors import DocumentEncrypted, DocumentUnreadable, NoTextFound
from app.domain.extraction import Extraction
from app.domain.processing import Report
from app.processors.extraction_docx import extract_docx
from app.processors.extraction_html import extract_html
from app.processors.extraction_markdown import extract_markdown
from app.processors.extraction_pdf import extract_pdf
from app.processors.extraction_text import NOT_TEXT, decoded, extract_text

_HEAD: Final = 1024
_SAMPLE: Final = 1 << 16
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")

_BEFORE_MARKUP = re.compile(r"(?:\s++|<!--(?:[^-]|-(?!->))*+-->|<\?xml[^>]{0,200}>)*+")
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_FRAGMENT = re.compile(
    r"<(?:div|p|h[1-6]|table|ul|ol|article|section|main|header|nav|span|meta|title|script|style|center|font|b|a)[\s>]",
    re.IGNORECASE,
)
_CLOSING_TAG = re.compile(
    r"</(?:div|p|h[1-6]|table|tr|td|ul|ol|li|article|section|main|span|title|a|b)>", re.IGNORECASE
)
_FEWEST_CLOSING_TAGS: Final = 2

_CLEAR_SIGNS: Final = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^ {0,3}#{1,6} \S.{0,200}\n(?:\s*\n|$)|\A\s*#{1,6} \S.{0,200}\n",
        r"^\S.{0,200}\n(?:={3,}|-{3,})[ \t]*$\n(?:\s*\n|$)",
        r"^(?:```|~~~)",
        r"!?\[[^\[\]\n]{1,200}\]\([^()\s]{1,500}\)",
        r"(?<![\w*])\*\*[^\s*][^*\n]{0,200}\*\*(?![\w*])",
        r"^[ \t]*+\|?+[ \t]*+:?-{3,200}:?[ \t]{0,9}\|[ \t|:-]{2,200}$",
    )
)
_VAGUE_SIGNS: Final = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"\A---\n(?:.*\n){1,200}?---$",
        r"^(?:[-*+]|\d{1,3}\.) .{1,500}\n(?:[-*+]|\d{1,3}\.) ",
        r"^> \S",
        r"(?<!`)`[^`\n]{1,100}`(?!`)",
        r"(?<![\w*])\*[^\s*][^*\n]{0,200}\*(?![\w*])|(?<![\w_])_[^\s_][^_\n]{0,200}_(?![\w_])",
        r"^#{2,6} \S",
    )
)
_FEWEST_SIGNS: Final = 2
_HASHES = re.compile(r"^#{1,6} \S", re.MULTILINE)
_HEADING = re.compile(r"(?:\A|\n[ \t]*\n)#{1,6} \S.{0,200}(?=\n[ \t]*\n|\Z)")

_SMALLEST_PDF: Final = b"""%PDF-1.7
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R
  /Resources <</Font <</F <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>> endobj
4 0 obj <</Length 26>> stream
BT /F 9 Tf (Warm up) Tj ET
endstream endobj
trailer <</Root 1 0 R>>
"""


def warm_up() -> None:
    """Load what reading takes; a second call costs nothing."""
    for file in (_SMALLEST_PDF, b"Cr\xe8me br\xfbl\xe9e \xb3", b"<!doctype html><p>Page", b"# Title\n\n**Text**"):
        extract(file, lambda _stage, _fraction: None)


def extract(file: bytes, report: Report) -> Extraction:
    """
    Read *file*.

    Raises:
        DocumentEncrypted: If it takes a password to read it.
        DocumentTooLarge: If it is more than may be read of one file.
        DocumentUnreadable: If it is damaged or of another type.
        NoTextFound: If there is no text in it.

    """
    report("extract", 0.0)
    extraction = _read(file, report)
    report("extract", 1.0)
    return extraction


def _read(file: bytes, report: Report) -> Extraction:
    if not file.strip():
        raise NoTextFound
    if _is_pdf(file):
        return extract_pdf(file, report)
    if file.startswith(_ZIP):
        return extract_docx(file, report)
    if file.startswith(_OLE):
        raise DocumentEncrypted if _ENCRYPTED in file else DocumentUnreadable(NOT_TEXT)
    text = decoded(file)
    if _is_page(text):
        return extract_html(text, report)
    if _is_markdown(text):
        return extract_markdown(text, report)
    return extract_text(text)


def _is_pdf(file: bytes) -> bool:
    """Tell a PDF, also one with something in front, from a text that only mentions its mark."""
    place = file.find(b"%PDF-", 0, _HEAD)
    return place >= 0 and (not file[:place].strip(b"\xef\xbb\xbf\0 \t\r\n") or b"endobj" in file)


def _is_page(text: str) -> bool:
    opening = _BEFORE_MARKUP.match(text)
    start = opening.end() if opening else 0
    if _PAGE.match(text, start):
        return True
    if not _FRAGMENT.match(text, start):
        return False
    sample = text[start : start + _SAMPLE]
    return len(_CLOSING_TAG.findall(sample)) >= _FEWEST_CLOSING_TAGS and not _is_markdown(sample)


def _is_markdown(text: str) -> bool:
    sample = text[:_SAMPLE].replace("\r\n", "\n")
    clear = sum(sign.search(sample) is not None for sign in _CLEAR_SIGNS)
    if clear > 0 and clear + sum(sign.search(sample) is not None for sign in _VAGUE_SIGNS) >= _FEWEST_SIGNS:
        return True
    headings = len(_HEADING.findall(sample.rstrip()))
    return 0 < headings == len(_HASHES.findall(sample))  # else they may be comments
