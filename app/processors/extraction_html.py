"""
The text of a web page: what a reader would see of it, without its menus.

Cut up here and not by the standard `html.parser`, which is quadratic in tags
and comments that are never closed (see docs/cursed-knowledge.md). As in a
browser, such a one takes everything behind it with it.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from app.domain.extraction import Extraction
from app.domain.processing import Report
from app.processors.extraction_draft import Block, Draft, row

MEDIA_TYPE: Final = "text/html"

_OPENING = re.compile(r"<[a-zA-Z/!?]")
_TAG = re.compile(
    r"<(?P<slash>/?)(?P<name>[a-zA-Z][^\s/>]*+)"
    r"(?P<attributes>(?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?+)*+)>"
)
_ANY_TAG = re.compile(r"<(/?)(?=[a-zA-Z])")
_AFTER_NAME: Final = frozenset(" \t\n\r\f/>")
_ATTRIBUTE = re.compile(r"([^\s/>=]++)(?:\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s>]++))?+")
_INVISIBLE = re.compile(r"\bhidden\b|display\s{0,9}:\s{0,9}none", re.IGNORECASE)
_NOT_DISPLAYED = re.compile(r"display\s{0,9}:\s{0,9}none", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f\xa0]+")
_LONG_NUMBER = re.compile(r"&#(?:[xX][0-9a-fA-F]{7,}|[0-9]{8,});?")
_STEP: Final = 1 << 16
_LONGEST_HEAD: Final = 1 << 18
_MOST_UNCLOSED: Final = 20
_BREAK: Final = "\x00"
_BROKEN = re.compile(r" ?\x00 ?")

_VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_RAW: Final = frozenset(["script", "style", "iframe", "noembed", "noframes", "xmp"])
_SKIPPED: Final = frozenset(["noscript", "template", "svg", "math", "nav", "canvas", "object", "select", "datalist"])
_BLOCK_NAMES: Final = (
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu ol optgroup option p pre section "
    "summary table tbody td tfoot th thead title tr ul"
)
_BLOCKS: Final = frozenset(_BLOCK_NAMES.split())
_ENDS_ITSELF: Final = frozenset(["p", "li", "td", "th", "tr", "dt", "dd", "option"])


class Tag(NamedTuple):
    """A tag, and where it ends."""

    name: str
    is_end: bool
    attributes: str
    end: int


def extract_html(text: str, report: Report) -> Extraction:
    """
    Read a page.

    Raises:
        DocumentTooLarge: If it is more than may be read of one file.
        NoTextFound: If nothing is visible.

    """
    title, body = _title(text)
    page = Page()
    reported = 0
    for piece, position in pieces(text, body):
        if position - reported >= _STEP:
            report("extract", position / len(text))
            reported = position
        if isinstance(piece, str):
            page.text(unescaped(piece))
        elif piece.is_end:
            page.end(piece.name)
        else:
            page.start(piece.name)
    page.end("table")
    return page.draft.finished(MEDIA_TYPE, title=unescaped(title))


def pieces(text: str, position: int = 0) -> Iterator[tuple[Tag | str, int]]:
    """Yield what is visible from *position* on, texts and tags, each with where it ends."""
    unclosed: set[str] = set()
    while opening := _OPENING.search(text, position):
        start = opening.start()
        if start > position:
            yield text[position:start], start
        tag, position = _markup(text, start)
        if tag is None:
            continue
        if tag.is_end or not _is_skipped(tag) or tag.name in unclosed or len(unclosed) > _MOST_UNCLOSED:
            yield tag, position
        elif (end := _end_of_element(text, tag)) is not None:
            yield Tag(tag.name, is_end=True, attributes="", end=end), end
            position = end
        elif tag.name in _RAW:
            return
        else:
            # Nobody left out all the rest on purpose.
            unclosed.add(tag.name)
    yield text[position:], len(text)


def _title(text: str) -> tuple[str, int]:
    """Return the title, and where it ends; it is read by itself since tags in it are none."""
    for piece, position in pieces(text[:_LONGEST_HEAD]):
        if isinstance(piece, str) and piece.strip():
            break
        if isinstance(piece, Tag) and piece.name == "title":
            end = text.find("</", position)
            return (text[position:end], end) if end >= 0 else ("", 0)
    return "", 0


def _markup(text: str, start: int) -> tuple[Tag | None, int]:
    """Read the tag or comment at *start*, and say where it ends; without an end it takes the rest."""
    if tag := _TAG.match(text, start):
        name = tag["name"].lower()
        return Tag(name, bool(tag["slash"]), tag["attributes"], tag.end()), tag.end()
    if text.startswith("<!--", start):
        end = text.find("-->", start + 2)
        return None, end + 3 if end >= 0 else len(text)
    if text[start + 1 : start + 3].lstrip("/")[:1].isalpha():  # every later sign that might end it stands in quotes
        return None, len(text)
    end = text.find(">", start)
    return None, end + 1 if end >= 0 else len(text)


def _is_skipped(tag: Tag) -> bool:
    if tag.name in _SKIPPED or tag.name in _RAW:
        return True
    if tag.name in _VOID or not _INVISIBLE.search(tag.attributes):
        return False
    values = {name.lower(): value for name, value in _ATTRIBUTE.findall(tag.attributes)}
    return "hidden" in values or _NOT_DISPLAYED.search(values.get("style", "")) is not None


def _end_of_element(text: str, tag: Tag) -> int | None:
    """Find the end of the element that *tag* begins; None if it has none."""
    depth = 1
    for other in _ANY_TAG.finditer(text, tag.end):
        end_of_name = other.end() + len(tag.name)
        if (
            text[other.end() : end_of_name].lower() != tag.name
            or text[end_of_name : end_of_name + 1] not in _AFTER_NAME
        ):
            continue
        if tag.name in _ENDS_ITSELF and not other[1]:
            return other.start()
        if other[1] or tag.name not in _RAW:
            depth += -1 if other[1] else 1
        if not depth:
            end = text.find(">", end_of_name)
            return end + 1 if end >= 0 else len(text)
    return None


def unescaped(text: str) -> str:
    """Read character references; the library raises at a number of thousands of digits."""
    return html.unescape(_LONG_NUMBER.sub("\ufffd", text)) if "&" in text else text


@dataclass
class Page:
    """What has been seen of a page: the block that is open, and the row of a table around it."""

    draft: Draft = field(default_factory=Draft)
    _inline: list[str] = field(default_factory=list)
    _level: int = 0
    _is_item: bool = False
    _is_pre: bool = False
    _row: list[list[Block]] | None = None

    def text(self, text: str) -> None:
        """Take up text between tags."""
        text = text.replace(_BREAK, " ")
        self._inline.append(text.replace("\n", _BREAK) if self._is_pre else text)

    def start(self, name: str) -> None:
        """Take up an opening tag."""
        if name == "br":
            self._inline.append(_BREAK)
        if name not in _BLOCKS:
            return
        self._end_block()
        if name[0] == "h" and name[1:].isdigit():
            self._level = int(name[1:])
        self._is_item = name == "li"
        self._is_pre = self._is_pre or name == "pre"
        if name in {"table", "tr"}:
            self.end_row()
        if name == "tr":
            self._row = []
        elif name in {"td", "th"}:
            self._row = self._row if self._row is not None else []
            self._row.append([])

    def end(self, name: str) -> None:
        """Take up a closing tag."""
        if name not in _BLOCKS:
            return
        self._end_block()
        self._level = 0
        self._is_pre = self._is_pre and name != "pre"
        if name in {"tr", "table"}:
            self.end_row()

    def end_row(self) -> None:
        """Write down the row of a table, if one is open."""
        cells, self._row = self._row, None
        for block in row(cells or []):
            self.draft.add(block)

    def _end_block(self) -> None:
        text = _BROKEN.sub("\n", _SPACE.sub(" ", "".join(self._inline))).strip()
        self._inline.clear()
        if not text:
            return
        block = Block(f"- {text}", group="list") if self._is_item else Block(text, level=self._level)
        self._level, self._is_item = 0, False
        if self._row is None:
            self.draft.add(block)
        elif self._row:
            self._row[-1].append(block)
        else:
            self._row.append([block])
