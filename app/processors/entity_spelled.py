"""Months by themselves, and dates of which a part is written in words: `el seis de marzo de dos mil veinticuatro`."""

import re
from collections.abc import Iterator
from datetime import date

from app.processors.alternatives import either
from app.processors.extractive import LANGUAGES
from app.processors.mentions import Mention
from app.processors.number_words import number_after, number_before

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
MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_OWN = {
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre",
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
_MONTH = {code: re.compile(rf"\b(?<!-)(?:{either(names.split())})(?!\w)") for code, names in _OWN.items()}
_DOUBTFUL = frozenset({"March", "May"})
_TIME_WORDS = re.compile(
    r"(?<!\w)(?:in|since|until|till|by|from|of|last|next|early|late|mid|this|every|during|before|after)[ -]$"
)
_BETWEEN = re.compile(r"[ \u00a0\n](?:de[ \u00a0\n]|of[ \u00a0\n]|d['\u2019])?$")
_THEN = re.compile(r",?[ \u00a0\n](?:del?[ \u00a0\n]|do[ \u00a0\n]|of[ \u00a0\n])?(?:(?P<year>(?:19|20)\d\d)(?!\w))?")
_DIGITS = re.compile(r"(?<![\w./,])(?P<day>[0-3]?\d)(?:st|nd|rd|th|er|\.?[º°ª])?$")
_FIRST_YEAR, _LAST_YEAR = 1000, 2200
_MOST_DAYS = 31


def spelled_dates(text: str, language: str) -> Iterator[Mention]:
    """Find every month of *language*, with the day before it and the year after it if they are there."""
    if language not in LANGUAGES:
        return
    for match in _MONTH[language].finditer(text):
        month = MONTH_NUMBERS[match.group().lower()]
        start, day = _day(text, match.start(), language)
        end, year = _year(text, match.end(), language)
        if day is None and year is None and not _is_month(text, match):
            continue
        yield Mention(start, end, "DATE", 0.9 if day or year else 0.6, _written(year, month, day))


def _is_month(text: str, match: re.Match[str]) -> bool:
    """Tell the month from a verb, a march and a name."""
    if match.group() in _DOUBTFUL:
        return _TIME_WORDS.search(text, max(0, match.start() - 8), match.start()) is not None
    return not text[match.end() : match.end() + 2].strip(" ").istitle()


def _day(text: str, start: int, language: str) -> tuple[int, int | None]:
    between = _BETWEEN.search(text, max(0, start - 4), start)
    if between is None:
        return start, None
    digits = _DIGITS.search(text, max(0, between.start() - 6), between.start())
    spelled = None if digits else number_before(text, between.start(), language)
    begin, day = (digits.start(), int(digits["day"])) if digits else spelled or (start, 0)
    return (begin, day) if 0 < day <= _MOST_DAYS else (start, None)


def _year(text: str, end: int, language: str) -> tuple[int, int | None]:
    then = _THEN.match(text, end)
    if then is None:
        return end, None
    if then["year"]:
        return then.end(), int(then["year"])
    spelled = number_after(text, then.end(), language)
    return spelled if spelled and _FIRST_YEAR <= spelled[1] <= _LAST_YEAR else (end, None)


def _written(year: int | None, month: int, day: int | None) -> str | None:
    if year is None:
        return None
    if day is None:
        return f"{year}-{month:02}"
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
