"""
The text of a file while it is put together, block by block, with its headings.

Whatever the file's type, the text comes out the same way: paragraphs apart by
an empty line, items and rows one to a line, no control characters.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from app.domain.errors import DocumentTooLarge, NoTextFound
from app.domain.extraction import MOST_HEADINGS, TEXT_BYTES, Extraction, Heading

LONGEST_HEADING: Final = 200
"""Characters; what is longer is a paragraph that somebody made large."""

LOWEST_LEVEL: Final = 6

_LINE_END = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_UNREADABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
# Letter by letter: normalising a text as a whole is quadratic in its marks, see docs/cursed-knowledge.md.
_DECOMPOSED = re.compile(r"\w[\u0300-\u036f\u3099\u309a]{1,8}|[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?")
_NO_TITLE = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel)\b.*"
    r"|.*\.(?:docx?|dotx?|pdf|rtf|odt|pptx?|xlsx?|html?|tex|dvi|indd|qxd|txt|md)"
    r"|(?:untitled|unnamed|unknown|sin t[ií]tulo|sans titre|sem t[ií]tulo|no title|title|document|documento?)"
    r"[\s\d().-]*|(?:power ?point|word) (?:presentation|document).*|slide \d+|[\W\d_]*)",
    re.IGNORECASE | re.DOTALL,
)
_NUMBERED = re.compile(r"(?:(?:\d{1,3}|[IVX]{1,5})(?:\.\d{1,3})*[.)]|\d{1,3}(?:\.\d{1,3})+|1|§\s?\d{1,3})\s")


class Block(NamedTuple):
    """
    A paragraph, a heading, an item or a row.

    Attributes:
        text: May have line breaks inside.
        level: From 1 to 6 if it is a heading.
        group: Blocks of one group that follow each other stand on lines without an empty one between them.

    """

    text: str
    level: int = 0
    group: str = ""


class Draft:
    """What has been read of one file so far."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._texts: list[str] = []
        self._headings: list[Heading] = []
        self._group = ""
        self._length = 0
        self._room = TEXT_BYTES

    def add(self, block: Block) -> None:
        """
        Append *block*, unless it is blank.

        Raises:
            DocumentTooLarge: If it is more than may be read of one file.

        """
        text = readable(block.text).strip()
        if not text:
            return
        gap = ("\n" if block.group and block.group == self._group else "\n\n") if self._texts else ""
        self._group = block.group
        self._note_heading(text, block.level, self._length + len(gap))
        self._append(gap + text)

    def finished(self, media_type: str, *, title: str = "", pages: int | None = None) -> Extraction:
        """
        Return it all; a *title* that says nothing is replaced by the first heading of the highest level.

        A numbered one is the first of several, and says what its section is about.

        Raises:
            NoTextFound: If there is none.

        """
        if not self._texts:
            raise NoTextFound
        first = min(self._headings, key=lambda heading: heading.level, default=None)
        name = first.text if first and not _NUMBERED.match(first.text) else None
        return Extraction(
            text="".join(self._texts),
            media_type=media_type,
            title=sensible(title) or name,
            pages=pages,
            headings=tuple(self._headings[:MOST_HEADINGS]),
        )

    def _note_heading(self, text: str, level: int, start: int) -> None:
        line = " ".join(text.split())
        if level and len(line) <= LONGEST_HEADING and len(self._headings) < MOST_HEADINGS:
            self._headings.append(Heading(text=line, level=min(level, LOWEST_LEVEL), start=start))

    def _append(self, text: str) -> None:
        self._room -= size(text)
        if self._room < 0:
            raise DocumentTooLarge
        self._length += len(text)
        self._texts.append(text)


def size(text: str) -> int:
    """Count its bytes in UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def readable(text: str) -> str:
    """Make line ends one kind, blank out what is no character, and compose letters with their accents."""
    if text.isascii() and text.isprintable():
        return text
    return _DECOMPOSED.sub(_composed, _UNREADABLE.sub(" ", _LINE_END.sub("\n", text)))


def row(cells: Sequence[Sequence[Block]]) -> Iterator[Block]:
    """Write the cells of a row on one line, unless the table is only there to place what is in it."""
    filled = [cell for cell in cells if cell]
    if len(filled) <= 1 or any(block.level for cell in filled for block in cell):
        for cell in filled:
            yield from cell
    else:
        yield Block(" | ".join(" ".join(block.text for block in cell) for cell in filled), group="table")


def sensible(title: str) -> str:
    """Return *title* on one line, or nothing if a program made it up."""
    line = " ".join(readable(title[: 4 * LONGEST_HEADING]).split())
    return "" if len(line) > LONGEST_HEADING or _NO_TITLE.fullmatch(line) else line


def _composed(letter: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", letter.group())
