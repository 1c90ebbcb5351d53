"""The text of a Markdown file: its words and its structure, without its signs."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from app.domain.extraction import Extraction
from app.domain.processing import Report
from app.processors.extraction_draft import Block, Draft, row
from app.processors.extraction_html import unescaped

MEDIA_TYPE: Final = "text/markdown"

_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_TITLE = re.compile(r"^title[ \t]*:[ \t]*([\"']?)(.+?)\1[ \t]*$", re.MULTILINE | re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_CLOSING_HASHES = re.compile(r"(?:^|[ \t])#+[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*+){3,}+|(?:-[ \t]*+){3,}+|(?:_[ \t]*+){3,}+)$")
_ITEM = re.compile(r"[ \t]*(?:([-*+])|(\d{1,9}[.)]))[ \t]+(?:\[[ xX]\][ \t]+)?(.*)")
_QUOTE = re.compile(r"^(?: {0,3}+>[ \t]?+)++")
_CELLS_APART = re.compile(r"[ \t]*+\|?+[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+$")
_DEFINITION = re.compile(r" {0,3}\[[^\]\n]{1,200}\]:[ \t]*\S")
_PIPE = re.compile(r"(?<!\\)\|")

_LONGEST_FRONT_MATTER: Final = 4000
_COMMENT: Final = ("<!--", "-->")
_CODE = re.compile(r"(`{1,3})([^`\n]{1,500})\1")
_IMAGE_OR_LINK = re.compile(
    r"!?\[([^\[\]\n]{0,500})\](?:\([^()\s]{0,1000}(?:[ \t][^()\n]{0,300})?\)|\[[^\[\]\n]{0,200}\])"
)
_ADDRESS = re.compile(r"<((?:https?|ftp|mailto):[^<>\s]{1,1000}|[^<>\s@]{1,100}@[^<>\s@]{1,200})>")
_HTML = re.compile(r"</?[a-zA-Z][^<>\n]{0,1000}>")
_STRONG = re.compile(r"(?<!\\)(\*\*\*|\*\*|(?<!\w)__|~~)(?=\S)([^*_~\n]{1,1000})(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<!\\)\*(?=[^\s*])([^*\n]{1,1000})(?<=\S)\*|(?<!\w)_(?=[^\s_])([^_\n]{1,1000})(?<=\S)_(?!\w)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def extract_markdown(text: str, report: Report) -> Extraction:
    """
    Read a Markdown file.

    Raises:
        DocumentTooLarge: If it is more than may be read of one file.
        NoTextFound: If nothing but signs is in it.

    """
    title, text = _without_front_matter(text.replace("\r\n", "\n").replace("\r", "\n"))
    draft = Draft()
    lines = _without_comments(text).split("\n")
    for number, block in _blocks(lines):
        draft.add(block)
        report("extract", min(1.0, number / len(lines)))
    return draft.finished(MEDIA_TYPE, title=title)


def inline(text: str) -> str:
    """Take the signs off a stretch of text: of links and images what is read aloud, of emphasis the words."""
    for _ in range(2):  # a picture may be a link
        text = _IMAGE_OR_LINK.sub(r"\1", text)
    text = _HTML.sub("", _ADDRESS.sub(r"\1", _CODE.sub(r"\2", text)))
    for _ in range(2):  # strong words may have an emphasised one inside
        text = _STRONG.sub(r"\2", _EMPHASIS.sub(r"\1\2", text))
    return _ESCAPE.sub(r"\1", unescaped(text))


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, Block]]:
    """Yield the blocks, each with the number of the line behind it."""
    number = 0
    while number < len(lines):
        begin = number
        line = _QUOTE.sub("", lines[number])
        number += 1
        if _FENCE.match(line):
            number = _end_of_code(lines, begin)
            yield number, Block("\n".join(_QUOTE.sub("", code) for code in lines[begin + 1 : number - 1]))
        elif heading := _ATX.match(line):
            text = _CLOSING_HASHES.sub("", heading[2])
            yield number, Block(inline(text), level=len(heading[1]))
        elif line.strip() and not _is_furniture(line):
            number = _end_of_paragraph(lines, number)
            yield from ((number, block) for block in _paragraph([_QUOTE.sub("", line) for line in lines[begin:number]]))


def _end_of_code(lines: Sequence[str], begin: int) -> int:
    fence = _FENCE.match(_QUOTE.sub("", lines[begin]))
    mark = fence[1] if fence else "```"
    number = begin + 1
    while number < len(lines) and not _QUOTE.sub("", lines[number]).strip().startswith(mark):
        number += 1
    return number + 1


def _end_of_paragraph(lines: Sequence[str], number: int) -> int:
    while number < len(lines):
        line = _QUOTE.sub("", lines[number])
        if _UNDERLINE.match(line):
            return number + 1
        if not line.strip() or _is_furniture(line) or _starts_block(line):
            return number
        number += 1
    return number


def _starts_block(line: str) -> bool:
    return any(pattern.match(line) for pattern in (_FENCE, _ATX, _ITEM))


def _is_furniture(line: str) -> bool:
    return _RULE.match(line) is not None or _DEFINITION.match(line) is not None


def _paragraph(lines: list[str]) -> Iterator[Block]:
    """Read the lines of a paragraph, an item, a table or a heading with a line under it."""
    if len(lines) > 1 and (underline := _UNDERLINE.match(lines[-1])):
        yield Block(inline(_joined(lines[:-1])), level=1 if underline[1][0] == "=" else 2)
    elif item := _ITEM.match(lines[0]):
        yield Block(f"{item[2] or '-'} {inline(_joined([item[3], *lines[1:]]))}", group="list")
    elif len(lines) > 1 and "|" in lines[0] and _CELLS_APART.match(lines[1]):
        for line in (lines[0], *lines[2:]):
            yield from row([[Block(inline(cell).strip(), group="table")] for cell in _PIPE.split(line) if cell.strip()])
    else:
        yield Block(inline(_joined(lines)))


def _joined(lines: Sequence[str]) -> str:
    """Undo the wrapping; two blanks or a backslash at a line's end are a line break that is meant."""
    ends = ("\n" if line.endswith(("  ", "\\")) else " " for line in lines)
    return "".join(line.strip().removesuffix("\\") + end for line, end in zip(lines, ends, strict=True)).strip()


def _without_front_matter(text: str) -> tuple[str, str]:
    found = _FRONT_MATTER.match(text)
    if not found:
        return "", text
    title = _TITLE.search(found[1][:_LONGEST_FRONT_MATTER])
    return title[2] if title else "", text[found.end() :]


def _without_comments(text: str) -> str:
    kept, position = [], 0
    opening, closing = _COMMENT
    while (start := text.find(opening, position)) >= 0 and (end := text.find(closing, start)) >= 0:
        kept.append(text[position:start])
        position = end + len(closing)
    return "".join([*kept, text[position:]])
