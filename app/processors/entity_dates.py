"""Dates as Spanish, English, French, Portuguese (and German, Italian) documents write them."""

import re
from collections.abc import Callable, Iterator
from datetime import date

from app.processors.mentions import Mention, neighbourhoods

_MONTHS = [
    "enero january janvier janeiro januar gennaio jan ene janv",
    "febrero february février fevereiro februar febbraio feb févr fev",
    "marzo march mars março märz mar",
    "abril april avril aprile abr apr avr",
    "mayo may mai maio maggio",
    "junio june juin junho juni giugno jun",
    "julio july juillet julho juli luglio jul juil",
    "agosto august août aug ago",
    "septiembre setiembre september septembre setembro settembre sept sep set",
    "octubre october octobre outubro oktober ottobre oct okt out",
    "noviembre november novembre novembro nov",
    "diciembre december décembre dezembro dezember dicembre dec dic déc dez",
]
_MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_MONTH = "(?P<month>" + "|".join(sorted(_MONTH_NUMBERS, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?P<day>[0-3]?\d)"
_YEAR = r"(?P<year>(?:1[0-9]|20|21)\d{2})"
_OF = r"[ \u00a0\n](?:(?:del?|do|of)[ \u00a0\n])?"
_ALONE = r"(?<![\w./-])"
_END = r"(?![\w/-]|[.,]\d)"
_SHORTEST_MONTH = 4
_BEFORE, _AFTER = 30, 45
"""Characters around its anchor that a date may take, and a few to spare."""

_PATTERNS = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "iso": rf"{_ALONE}{_YEAR}-(?P<number>[01]\d)-(?P<day>[0-3]\d)(?:T[\d:.]{{5,15}}(?:Z|[+-]\d\d:?\d\d)?)?{_END}",
        "slashed": rf"{_ALONE}{_DAY}(?P<mark>[/.-])(?P<number>[0-3]?\d)(?P=mark){_YEAR}{_END}",
        "slashed_short": rf"{_ALONE}{_DAY}/(?P<number>[0-3]?\d)/\d{{2}}{_END}",
        "day_month": rf"{_ALONE}{_DAY}(?:st|nd|rd|th|er|º|°|ª|\.)?{_OF}{_MONTH}(?:,?{_OF}{_YEAR})?(?!\w)",
        "month_day": rf"(?<!\w){_MONTH}[ \u00a0\n]{_DAY}(?:st|nd|rd|th)?(?:,?[ \u00a0\n]{_YEAR})?(?![\w%]|[.,]\d)",
        "month_year": rf"(?<!\w){_MONTH}{_OF}{_YEAR}(?!\w)",
        "year": rf"(?<!\w)(?:en|in|since|desde|em|depuis|año|ano|année|year|by|until|hasta|até"
        rf"|jusqu['\u2019]en|of|de|from)[ \u00a0\n]"
        rf"(?P<all>{_YEAR})(?![\w%€$£]|[.,/-]\d"
        r"|[ \u00a0](?:euros|dollars|dólares|personas|people|kg|km|[a-zà-ÿ]{{3,20}}s\b))",
        "quarter": rf"(?<!\w)(?:Q[1-4]|[1-4]T|T[1-4])[ \u00a0-]{_YEAR}(?!\w)",
    }.items()
}


_ANCHORS = {
    re.compile(r"\d[/.-]\d"): ("iso", "slashed", "slashed_short"),
    re.compile(r"\d[a-zA-Zº°ª.]{0,2}[ \u00a0\n][^\W\d_]"): ("day_month",),
    re.compile(r"\d(?<=[^\d\s][ \u00a0\n]\d)"): ("month_day", "month_year", "year"),
    re.compile(r"[QT][1-4]|[1-4]T", re.IGNORECASE): ("quarter",),
}
"""What a text cannot do without where there are dates; most of it is soon seen to have none."""


def dates(text: str, language: str) -> list[Mention]:
    """Find dates; the value is ISO 8601, shortened (`2024-03`, `2024`) where no day is written."""
    found = [
        mention
        for anchor, names in _ANCHORS.items()
        for start, end in neighbourhoods(text, anchor, before=_BEFORE, after=_AFTER)
        for name in names
        for mention in _find(name, text, start, end, language)
    ]
    return sorted(found, key=lambda mention: (mention.start, -mention.end))


def _find(name: str, text: str, first: int, last: int, language: str) -> Iterator[Mention]:
    read = _READERS.get(name)
    for match in _PATTERNS[name].finditer(text, first, last):
        named = match.groupdict().get("month")
        if named and len(named) < _SHORTEST_MONTH and not _is_sure_month(named, match):
            continue
        value = read(match, language) if read else None
        if value == _IMPOSSIBLE:
            continue
        start, end = match.span("all") if name == "year" else match.span()
        end -= text[end - 1] == "."
        yield Mention(start, end, "DATE", 0.75 if name == "year" else 0.95, value)


def _is_sure_month(named: str, match: re.Match[str]) -> bool:
    """Tell the month from a short word that looks like it (`may`, `mar`, `set`)."""
    return match.groupdict().get("year") is not None or named in {"May", "mai", "Mai"}


_IMPOSSIBLE = "impossible"


def _full_date(match: re.Match[str], _language: str) -> str | None:
    number = match.groupdict().get("number")
    month = int(number) if number else _MONTH_NUMBERS[match["month"].lower()]
    if match["year"] is None:
        return None if _exists(2024, month, int(match["day"])) else _IMPOSSIBLE
    return _iso(int(match["year"]), month, int(match["day"]))


def _slashed(match: re.Match[str], language: str) -> str | None:
    """Read day before month; in English either may be first, unless only one of them can be a month."""
    year, first, second = int(match["year"]), int(match["day"]), int(match["number"])
    day_first, month_first = _iso(year, second, first), _iso(year, first, second)
    if day_first == _IMPOSSIBLE or language != "en" or match["mark"] == ".":
        return month_first if day_first == _IMPOSSIBLE and language == "en" else day_first
    return day_first if month_first in {_IMPOSSIBLE, day_first} else None


def _month_year(match: re.Match[str], _language: str) -> str:
    return f"{match['year']}-{_MONTH_NUMBERS[match['month'].lower()]:02}"


def _iso(year: int, month: int, day: int) -> str:
    return date(year, month, day).isoformat() if _exists(year, month, day) else _IMPOSSIBLE


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


_READERS: dict[str, Callable[[re.Match[str], str], str | None]] = {
    "iso": _full_date,
    "slashed": _slashed,
    "day_month": _full_date,
    "month_day": _full_date,
    "month_year": _month_year,
    "year": lambda match, _: str(match["year"]),
}
