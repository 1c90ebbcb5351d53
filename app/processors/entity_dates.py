"""Dates as Spanish, English, French, Portuguese (and German, Italian) documents write them."""

import re
from collections.abc import Callable, Iterator
from datetime import date

from app.processors.alternatives import either
from app.processors.entity_spelled import MONTH_NUMBERS, spelled_dates
from app.processors.mentions import Mention, neighbourhoods

_MONTH = rf"(?P<month>{either(sorted(MONTH_NUMBERS, key=len, reverse=True), any_case=True)})\b\.?"
_DAY = r"(?P<day>[0-3]?\d)"
_YEAR = r"(?P<year>(?:1[0-9]|20|21)\d{2})"
_OF = r"[ \u00a0\n](?:(?:del?|do|of)[ \u00a0\n])?"
_ALONE = r"(?<![\w./-])"
_END = r"(?![\w/-]|[.,]\d)"
_SHORTEST_MONTH = 4
_SENTENCE_END = re.compile(r"[^\W\d_]{4}\.\s[A-ZÀ-Þ]")
_BEFORE, _AFTER = 30, 45
"""Characters around its anchor that a date may take, and a few to spare."""

_PATTERNS = {
    name: re.compile(pattern if pattern.startswith("(?<!\\w)(?P<month>") else f"(?i:{pattern})")
    for name, pattern in {
        "iso": rf"{_ALONE}{_YEAR}-(?P<number>[01]\d)-(?P<day>[0-3]\d)(?:T[\d:.]{{5,15}}(?:Z|[+-]\d\d:?\d\d)?)?{_END}",
        "slashed": rf"{_ALONE}{_DAY}(?P<mark>[/.-])(?P<number>[0-3]?\d)(?P=mark){_YEAR}{_END}",
        "slashed_short": rf"{_ALONE}{_DAY}/(?P<number>[0-3]?\d)/\d{{2}}{_END}",
        "day_month": rf"{_ALONE}{_DAY}(?:st|nd|rd|th|er|\.?[º°ª]|\.)?{_OF}{_MONTH}(?:,?{_OF}{_YEAR})?(?!\w)",
        "month_day": rf"(?<!\w){_MONTH}[ \u00a0\n]{_DAY}(?i:st|nd|rd|th)?(?:,?[ \u00a0\n]{_YEAR})?(?![\w%]|[.,]\d)",
        "month_year": rf"(?<!\w){_MONTH}(?i:{_OF}){_YEAR}(?!\w)",
        "year": rf"(?<!\w)(?:en|in|since|desde|em|depuis|año|ano|année|year|by|until|hasta|até"
        rf"|jusqu['\u2019]en|of|de|from)[ \u00a0\n]"
        rf"(?P<all>{_YEAR})(?![\w%€$£]|[.,/-]\d"
        r"|[ \u00a0](?:euros|dollars|dólares|personas|people|kg|km|[a-zà-ÿ]{{3,20}}s\b))",
        "dashed": rf"{_ALONE}{_DAY}-{_MONTH}-(?:{_YEAR}|(?P<short>\d{{2}})){_END}",
        "day_and_number": r"(?<![\w./,-])(?P<day>[0-3]\d)/(?P<number>[01]\d)(?![\w/%-]|[.,]\d)",
        "bare_year": r"(?<![\w.,/$€£#°º-])(?P<year>19\d\d|20[0-4]\d)"
        r"(?:(?=[-\u2013/](?:19|20)?\d\d(?!\d))|(?![\w%€$£/-]|[.,]\d))",
        "last_year": r"(?<=(?:19|20)\d\d[-\u2013/])(?P<year>19\d\d|20[0-4]\d)(?![\w%€$£/-]|[.,]\d)",
        "quarter": rf"(?<!\w)(?:Q[1-4]|[1-4]T|T[1-4])[ \u00a0-]{_YEAR}(?!\w)",
    }.items()
}


_NUMBERS = re.compile(r"\d[/.-]\d")
_ANCHORS = {
    _NUMBERS: ("iso", "slashed", "slashed_short", "day_and_number"),
    re.compile(r"\d-[a-zA-Z]{3}"): ("dashed",),
    re.compile(r"(?:19|20)(?<!\d..)\d\d(?!\d)"): ("bare_year", "last_year"),
    re.compile(r"\d[a-zA-Zº°ª.]{0,2}[ \u00a0\n][^\W\d_]"): ("day_month",),
    re.compile(r"\d(?<=[^\d\s][ \u00a0\n]\d)"): ("month_day", "month_year", "year"),
    re.compile(r"[QqTt1-4](?:(?<=[QqTt])[1-4]|(?<=[1-4])[Tt])"): ("quarter",),
}
"""What a text cannot do without where there are dates; most of it is soon seen to have none."""


def dates(text: str, language: str) -> list[Mention]:
    """Find dates; the value is ISO 8601, shortened (`2024-03`, `2024`) where no day is written."""
    order = _usual_order(text) if language == "en" else None
    found = [
        mention
        for anchor, names in _ANCHORS.items()
        for start, end in neighbourhoods(text, anchor, before=_BEFORE, after=_AFTER)
        for name in names
        for mention in _find(name, text, start, end, order or language)
    ]
    found += spelled_dates(text, language)
    return sorted(found, key=lambda mention: (mention.start, -mention.end))


def _find(name: str, text: str, first: int, last: int, language: str) -> Iterator[Mention]:
    read = _READERS.get(name)
    for match in _PATTERNS[name].finditer(text, first, last):
        named = match.groupdict().get("month")
        if named and _SENTENCE_END.search(match.group()):
            continue
        if named and len(named) < _SHORTEST_MONTH and not _is_sure_month(named, match):
            continue
        value = read(match, language) if read else None
        if value == _IMPOSSIBLE or (name in _BARE and _is_counted(text, match.end())):
            continue
        start, end = match.span("all") if name == "year" else match.span()
        end -= text[end - 1] == "."
        yield Mention(start, end, "DATE", _SCORES.get(name, 0.95), value)


def _is_counted(text: str, end: int) -> bool:
    """Tell a year from a number of things: `2000 personas`."""
    return _COUNTED.match(text, end) is not None


def _usual_order(text: str) -> str | None:
    """Tell from the dates that can be read in one way only whether the day comes first."""
    orders = set()
    areas = neighbourhoods(text, _NUMBERS, before=_BEFORE, after=_AFTER)
    slashed = (match for start, end in areas for match in _PATTERNS["slashed"].finditer(text, start, end))
    for count, match in enumerate(slashed):
        day, number = int(match["day"]), int(match["number"])
        if max(day, number) > _MONTHS_OF_A_YEAR and min(day, number) <= _MONTHS_OF_A_YEAR:
            orders.add(_DAY_FIRST if day > number else _MONTH_FIRST)
        if count == _MOST_LOOKED_AT:
            break
    return orders.pop() if len(orders) == 1 else None


def _is_sure_month(named: str, match: re.Match[str]) -> bool:
    """Tell the month from a short word that looks like it (`may`, `mar`, `set`)."""
    return match.groupdict().get("year") is not None or named in {"May", "mai", "Mai"}


_IMPOSSIBLE = "impossible"
_DAY_FIRST, _MONTH_FIRST = "day first", "month first"
_MONTHS_OF_A_YEAR = 12
_MOST_LOOKED_AT = 200
_BARE = frozenset({"bare_year", "last_year"})
_SCORES = {"year": 0.75, "bare_year": 0.6, "last_year": 0.6, "day_and_number": 0.7}
_COUNTED = re.compile(r"[ \u00a0](?:euros|dollars|d[óo]lares|kg|km|[a-zà-ÿ]{3,20}s)(?!\w)")


def _full_date(match: re.Match[str], _language: str) -> str | None:
    number = match.groupdict().get("number")
    month = int(number) if number else MONTH_NUMBERS[match["month"].lower()]
    if match["year"] is None:
        return None if _exists(2024, month, int(match["day"])) else _IMPOSSIBLE
    return _iso(int(match["year"]), month, int(match["day"]))


def _slashed(match: re.Match[str], language: str) -> str | None:
    """Read day before month; in English either may be first, unless only one of them can be a month."""
    year, first, second = int(match["year"]), int(match["day"]), int(match["number"])
    day_first, month_first = _iso(year, second, first), _iso(year, first, second)
    if language in {_DAY_FIRST, _MONTH_FIRST}:
        return day_first if language == _DAY_FIRST else month_first
    if day_first == _IMPOSSIBLE or language != "en" or match["mark"] == ".":
        return month_first if day_first == _IMPOSSIBLE and language == "en" else day_first
    return day_first if month_first in {_IMPOSSIBLE, day_first} else None


def _dashed(match: re.Match[str], _language: str) -> str:
    year = int(match["year"] or f"20{match['short']}")
    return _iso(year, MONTH_NUMBERS[match["month"].lower()], int(match["day"]))


def _day_and_number(match: re.Match[str], language: str) -> str | None:
    is_date = language not in {"en", _MONTH_FIRST} and _exists(2024, int(match["number"]), int(match["day"]))
    return None if is_date else _IMPOSSIBLE


def _month_year(match: re.Match[str], _language: str) -> str:
    return f"{match['year']}-{MONTH_NUMBERS[match['month'].lower()]:02}"


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
    "dashed": _dashed,
    "day_and_number": _day_and_number,
    "bare_year": lambda match, _: str(match["year"]),
    "last_year": lambda match, _: str(match["year"]),
    "year": lambda match, _: str(match["year"]),
}
