"""The text of a Word file: body and notes as they would be printed, without headers, footers and what was deleted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, Final

from app.domain.errors import DocumentUnreadable
from app.domain.extraction import Extraction
from app.domain.processing import Report
from app.processors.extraction_docx_styles import Properties, Styles
from app.processors.extraction_draft import Block, Draft, row
from app.processors.extraction_package import DAMAGE, NO_DOCX, Package

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_MAIN: Final = ("wordprocessingml.document.main+xml", "wordprocessingml.template.main+xml")
_MACROS: Final = ("ms-word.document.macroEnabled.main+xml", "ms-word.template.macroEnabledTemplate.main+xml")
_STYLES: Final = "wordprocessingml.styles+xml"
_NOTES: Final = ("wordprocessingml.footnotes+xml", "wordprocessingml.endnotes+xml")
_PROPERTIES: Final = ("package.core-properties+xml", "officedocument.extended-properties+xml")

_PREFIXES: Final = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
}
# Deleted or moved text, what a formatting was before, what a form is about, how a sign is pronounced.
_LEFT_OUT: Final = frozenset(["w:del", "w:moveFrom", "w:pPrChange", "w:rPrChange", "w:sdtPr", "w:rt"])
_SIGNS: Final = {"w:tab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-"}
_OFF: Final = frozenset({"0", "false", "off"})
_A_NOTE: Final = frozenset({"w:footnote", "w:endnote"})
_SEPARATORS: Final = frozenset({"separator", "continuationSeparator", "continuationNotice"})
_BODY_LEVEL: Final = 9


def extract_docx(file: bytes, report: Report) -> Extraction:
    """
    Read a Word file.

    Raises:
        DocumentEncrypted: If it takes a password.
        DocumentTooLarge: If more is in it than may be read.
        DocumentUnreadable: If it is damaged, or another office file.
        NoTextFound: If there is no text in it.

    """
    try:
        return _extracted(Package.opened(file), report)
    except DAMAGE as error:
        raise DocumentUnreadable from error


def _extracted(package: Package, report: Report) -> Extraction:
    main = package.part(*_MAIN, *_MACROS)
    if main is None:
        raise DocumentUnreadable(NO_DOCX)
    styles, properties = Styles(), Properties()
    if part := package.part(_STYLES):
        package.read(part, styles)
    for suffix in _PROPERTIES:
        if part := package.part(suffix):
            package.read(part, properties)
    body = Body(styles)
    package.read(main, body, lambda share: report("extract", share))
    for suffix in _NOTES:
        if part := package.part(suffix):
            package.read(part, body)
    found = body.draft.finished(MEDIA_TYPE, title=properties.title or body.title)
    return Extraction(
        text=found.text,
        media_type=MEDIA_TYPE,
        title=found.title,
        pages=properties.pages(len(found.text.split())),
        headings=found.headings,
    )


@dataclass(slots=True)
class Paragraph:
    """A paragraph that has begun."""

    pieces: list[str] = field(default_factory=list)
    style: str = ""
    level: int | None = None
    numbered: bool | None = None


@dataclass
class Body:
    """What has been read of the body and the notes: the paragraphs and rows that are open, the innermost last."""

    styles: Styles
    draft: Draft = field(default_factory=Draft)
    title: str = ""
    _paragraphs: list[Paragraph] = field(default_factory=list)
    _rows: list[list[list[Block]]] = field(default_factory=list)
    _has_choice: list[bool] = field(default_factory=list)
    _skipped: int = 0
    _is_text: bool = False
    _is_hidden: bool = False

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        """Take up an opening tag."""
        name = _short(name)
        if self._skipped or name in _LEFT_OUT or self._is_doubled(name) or _is_separator(name, attributes):
            self._skipped += 1
            return
        self._is_text = name in {"w:t", "m:t"}
        if name in _SIGNS:
            self._append(_SIGNS[name])
        elif handle := self._STARTS.get(name):
            handle(self, _value(attributes))

    def end(self, name: str, /) -> None:
        """Take up a closing tag."""
        self._is_text = False
        if self._skipped:
            self._skipped -= 1
        elif handle := self._ENDS.get(_short(name)):
            handle(self)

    def data(self, text: str, /) -> None:
        """Take up text."""
        if self._is_text and not self._skipped:
            self._append(text)

    def _append(self, text: str) -> None:
        if self._paragraphs and not self._is_hidden:
            self._paragraphs[-1].pieces.append(text)

    def _is_doubled(self, name: str) -> bool:
        """Tell the second and third version of something that only one is to be taken of."""
        if name not in {"mc:Choice", "mc:Fallback"} or not self._has_choice:
            return False
        had_choice, self._has_choice[-1] = self._has_choice[-1], True
        return had_choice

    def _begin_paragraph(self, _value: str) -> None:
        self._paragraphs.append(Paragraph())
        self._is_hidden = False

    def _end_paragraph(self) -> None:
        if not self._paragraphs:
            return
        paragraph = self._paragraphs.pop()
        text = "".join(paragraph.pieces).strip()
        if not text:
            return
        style = self.styles.of(paragraph.style)
        level = style.level if paragraph.level is None else paragraph.level
        if style.is_title:
            self.title = self.title or text
        if level:
            self._place(Block(text, level=level))
        elif style.numbered if paragraph.numbered is None else paragraph.numbered:
            self._place(Block(f"- {text}", group="list"))
        else:
            self._place(Block(text))

    def _place(self, block: Block) -> None:
        if self._rows and self._rows[-1]:
            self._rows[-1][-1].append(block)
        else:
            self.draft.add(block)

    def _end_row(self) -> None:
        if self._rows:
            for block in row(self._rows.pop()):
                self._place(block)

    def _begin_cell(self, _value: str) -> None:
        if self._rows:
            self._rows[-1].append([])

    def _set_style(self, value: str) -> None:
        if self._paragraphs:
            self._paragraphs[-1].style = value

    def _set_level(self, value: str) -> None:
        if self._paragraphs and value.isdecimal():
            self._paragraphs[-1].level = int(value) + 1 if int(value) < _BODY_LEVEL else 0

    def _set_numbered(self, value: str) -> None:
        if self._paragraphs:
            self._paragraphs[-1].numbered = value != "0"

    def _begin_run(self, _value: str) -> None:
        self._is_hidden = False

    def _hide(self, value: str) -> None:
        self._is_hidden = value not in _OFF

    def _begin_alternatives(self, _value: str) -> None:
        self._has_choice.append(False)

    def _end_alternatives(self) -> None:
        self._has_choice.pop()

    def _begin_row(self, _value: str) -> None:
        self._rows.append([])

    _STARTS: ClassVar[Mapping[str, Callable[["Body", str], None]]] = {
        "mc:AlternateContent": _begin_alternatives,
        "w:numId": _set_numbered,
        "w:outlineLvl": _set_level,
        "w:p": _begin_paragraph,
        "w:pStyle": _set_style,
        "w:r": _begin_run,
        "w:tc": _begin_cell,
        "w:tr": _begin_row,
        "w:vanish": _hide,
    }
    _ENDS: ClassVar[Mapping[str, Callable[["Body"], None]]] = {
        "mc:AlternateContent": _end_alternatives,
        "w:p": _end_paragraph,
        "w:tr": _end_row,
    }


@lru_cache(maxsize=1024)
def _short(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    return f"{_PREFIXES.get(namespace, '')}:{local}"


def _value(attributes: dict[str, str]) -> str:
    return next((value for name, value in attributes.items() if name.endswith(" val")), "")


def _is_separator(name: str, attributes: dict[str, str]) -> bool:
    """Tell the line above the notes, which is stored as a note."""
    return name in _A_NOTE and not _SEPARATORS.isdisjoint(attributes.values())
