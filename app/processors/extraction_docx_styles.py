"""What a Word file says of itself: which styles are headings, its title and its length."""

import re
from dataclasses import dataclass, field
from typing import Final

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_TITLE: Final = "title"
_BODY_LEVEL: Final = 9
_LONGEST_TITLE: Final = 1000
_MOST_STYLES: Final = 20_000
_MOST_ANCESTORS: Final = 20


@dataclass(slots=True)
class Style:
    """
    A style of paragraphs.

    Attributes:
        level: From 1 if it is for headings, 0 if it is not, None if it does not say.
        numbered: Whether it is for items of lists; None if it does not say.
        based_on: Where it says what this one does not.
        is_title: Whether it is the one for the document's title.

    """

    level: int | None = None
    numbered: bool | None = None
    based_on: str = ""
    is_title: bool = False


PLAIN: Final = Style()


@dataclass
class Styles:
    """The styles of a file, by their ids, which are in the language of whoever made it."""

    _known: dict[str, Style] = field(default_factory=dict)
    _resolved: dict[str, Style] = field(default_factory=dict)
    _open: Style | None = None

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        """Take up an opening tag."""
        local = name.rpartition(" ")[2]
        value = _attribute(attributes, "val")
        if local == "style":
            self._open = Style()
            if len(self._known) < _MOST_STYLES:
                self._known.setdefault(_attribute(attributes, "styleId"), self._open)
        elif self._open is None:
            return
        elif local == "name":
            self._name(value)
        elif local == "basedOn":
            self._open.based_on = value
        elif local == "numId":
            self._open.numbered = value != "0"
        elif local == "outlineLvl" and value.isdecimal() and not self._open.is_title:
            self._open.level = int(value) + 1 if int(value) < _BODY_LEVEL else 0

    def end(self, name: str, /) -> None:
        """Take up a closing tag."""
        if name.endswith(" style"):
            self._open = None

    def data(self, text: str, /) -> None:
        """Pay no attention to text."""

    def of(self, identifier: str) -> Style:
        """Return what the style means, with what it inherits."""
        if identifier not in self._resolved and identifier in self._known:
            self._resolved[identifier] = self._inherited(identifier)
        return self._resolved.get(identifier, PLAIN)

    def _inherited(self, identifier: str) -> Style:
        found = style = self._known.get(identifier, PLAIN)
        level, numbered = found.level, found.numbered
        for _ in range(_MOST_ANCESTORS):
            style = self._known.get(style.based_on, PLAIN)
            level = style.level if level is None else level
            numbered = style.numbered if numbered is None else numbered
        return Style(level=level, numbered=numbered, is_title=found.is_title)

    def _name(self, value: str) -> None:
        """Built-in styles have English names in every language."""
        if self._open is None:
            return
        if heading := _HEADING.fullmatch(value):
            self._open.level = int(heading[1])
        elif value.lower() == _TITLE:
            self._open.level, self._open.is_title = 1, True


@dataclass
class Properties:
    """The title that somebody gave a file, and how long the program that stored it believed it to be."""

    title: str = ""
    _open: str = ""
    _claims: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, _attributes: dict[str, str], /) -> None:
        """Take up an opening tag."""
        self._open = name.rpartition(" ")[2]

    def end(self, _name: str, /) -> None:
        """Take up a closing tag."""
        self._open = ""

    def data(self, text: str, /) -> None:
        """Take up text."""
        if self._open == "title":
            self.title = (self.title + text)[:_LONGEST_TITLE]
        elif self._open in {"Pages", "Words"}:
            self._claims[self._open] = self._claims.get(self._open, "")[:9] + text[:9]

    def pages(self, words: int) -> int | None:
        """Return the number of pages, if the program that wrote it had seen about as many *words* as there are."""
        pages, claimed = (int(value) if value.isdecimal() else 0 for value in map(self._claim, ("Pages", "Words")))
        return pages if 0 < pages <= max(1, words) and words <= 2 * claimed <= 4 * words else None

    def _claim(self, name: str) -> str:
        return self._claims.get(name, "").strip()


def _attribute(attributes: dict[str, str], local: str) -> str:
    return next((value for name, value in attributes.items() if name.endswith(f" {local}")), "")
