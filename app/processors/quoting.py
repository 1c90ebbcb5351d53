"""How sentences of the text are written down elsewhere: on one line, without what only their place asked for."""

import re
from collections.abc import Sequence

from app.processors.sentences import Sentence

LONGEST_QUOTE = 800
"""Characters of one sentence."""

_SHORTEST_ITEM = 6
_MARK = r"(?:[-*•>|+\u2013\u2014\u25aa\u00b7]+\s+|\(?\d{1,3}(?:\.\d{1,3}){0,3}[.)]\s+|\(?[a-zA-Z]\)\s+)"
_LABEL = re.compile(rf"^(?:> ?)*{_MARK}?")
_ITEM = re.compile(_MARK)
_COLUMNS = re.compile(r"\S(?: {3,}|\t+)\S")
_QUOTED = re.compile(r"\n[ \t]*(?:>[ \t]?)+")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")
_ENDS = tuple(".!?…:;\"'»”\u2019)]*_")


def is_item(text: str, sentence: Sentence) -> bool:
    """Tell whether *sentence* is an item of a list that says something by itself."""
    written = text[sentence.start : sentence.end]
    if _ITEM.match(written) is None or written.endswith((":", "|")) or _COLUMNS.search(written):
        return False
    return len(written.split()) > _SHORTEST_ITEM


def quote(text: str, sentence: Sentence) -> str:
    """Write *sentence* on one line, without its bullet; a monster is cut between words."""
    written = _SPACE.sub(" ", _QUOTED.sub(" ", text[sentence.start : sentence.end])).strip()
    quoted = _LABEL.sub("", written, count=1)
    if len(quoted) <= LONGEST_QUOTE:
        return quoted
    cut = quoted[:LONGEST_QUOTE]
    return cut[: cut.rfind(" ") if " " in cut else LONGEST_QUOTE].rstrip() + "…"


def joined(quotes: Sequence[str]) -> str:
    """Write *quotes* one after the other; an item of a list, which has no end of its own, gets a dot behind it."""
    ended = [one if one.endswith(_ENDS) else f"{one} ·" for one in quotes[:-1]]
    return " ".join([*ended, *quotes[-1:]])
