"""Sums of money and percentages, with their value where the writing leaves no doubt."""

import re
from collections.abc import Iterator
from decimal import Decimal

from app.processors.alternatives import either
from app.processors.currencies import CODES, NAMES, SIGNS, local_money
from app.processors.extractive import LANGUAGES
from app.processors.mentions import Mention, neighbourhoods
from app.processors.number_words import number_before

_NUMBER = r"\d{0,14}(?:[.,'\u00a0\u202f ]\d{3}(?!\d)){0,5}(?:[.,]\d{1,6})?"
"""What follows the first digit."""
_START = r"\d(?<!\w\d)(?<!\d[.,]\d)"
"""The first digit."""
_SCALES = {
    "mil millones": 9, "mil milhões": 9,
    "billones": 12, "billón": 12, "billions": None, "trillion": 12, "trillones": 18,
    "millones": 6, "millón": 6, "mil": 3, "million": 6, "millions": 6, "milliards": 9, "milliard": 9, "milhões": 6,
    "milhão": 6, "bilhões": 9, "bilhão": 9, "billion": None, "thousand": 3, "mille": 3, "bn": 9,
    "k": 3, "M": 6, "m": 6, "md": 9, "mds": 9, "mm": None,
}  # fmt: skip
_SCALE = "|".join(sorted((re.escape(scale) for scale in _SCALES), key=len, reverse=True))
_SIGNS = "".join(symbol for symbol in SIGNS if len(symbol) == 1)
_LETTERS = sorted((re.escape(symbol) for symbol in SIGNS if symbol[0].isalpha()), key=len, reverse=True)
_SYMBOL = f"{either(_LETTERS)}|[{_SIGNS}]"
_CODE = either(sorted(CODES))
_NAME = either(map(re.escape, sorted(NAMES, key=len, reverse=True)), any_case=True)
_MONEY_BEFORE = re.compile(
    rf"(?<![\w$€£])(?P<unit>{_SYMBOL}|(?:{_CODE})(?=[\s\d\u00a0]))[ \u00a0\u202f]?(?P<number>\d{_NUMBER})"
    rf"(?:[ \u00a0-]?(?P<scale>{_SCALE})\b)?(?:[ \u00a0](?P<code>{_CODE})\b)?(?![\w%])"
)
_MONEY_AFTER = re.compile(
    rf"(?P<number>{_START}{_NUMBER})[ \u00a0\u202f]?"
    rf"(?:(?P<scale>(?i:{_SCALE}))[ \u00a0](?:(?:de|d['\u2019])[ \u00a0]?)?|(?P<short>[kKM])[ \u00a0]?)?"
    rf"(?P<unit>(?:{_SYMBOL})(?!\d)|(?:{_CODE})\b|(?:{_NAME})\b)"
    r"(?!(?:(?<=pounds)|(?<=libras)|(?<=livres))[ \u00a0](?:of|de)\b)"
)
_PERCENT = re.compile(
    rf"(?<!\w)(?<!\d[.,])[+\-\u2212]?(?P<number>\d{_NUMBER})[ \u00a0\u202f]?"
    r"(?:%(?!\w)|(?i:por[ \u00a0]ciento|por[ \u00a0]cento|pour[ \u00a0]cent|per[ \u00a0]?cent|prozent)\b)"
)
_GROUP = 3
_WITH_COMMAS = frozenset({"MXN", "GTQ", "HNL", "NIO", "DOP"})
"""Money of countries that write 1,200 for a thousand and two hundred, in whatever language."""
_UNIT = re.compile(
    rf"(?<!\w)(?:(?P<name>{_NAME})"
    r"|[pP](?i:or[ \u00a0]ciento|or[ \u00a0]cento|our[ \u00a0]cent|er[ \u00a0]?cent))(?!\w)"
)
_OF = re.compile(r"[ \u00a0](?:de[ \u00a0]|d['\u2019])$")
_LONGEST_OF = 4
_ANCHORS = {
    _MONEY_BEFORE: re.compile(
        rf"\d(?:(?<=[{_SIGNS}A-Z/]\d)|(?<=[{_SIGNS}A-Z/][ \u00a0\u202f]\d)|(?<=Bs \d)|(?<=Bs\. \d))"
    ),
    _MONEY_AFTER: re.compile(rf"\d[ \u00a0\u202f]?(?:[^\W\d_]|[{_SIGNS}])"),
    _PERCENT: re.compile(r"\d[ \u00a0\u202f]?[%pP]"),
}
"""Which digit a text cannot do without where the pattern matches; most numbers are soon seen to be only that."""
_BEFORE, _AFTER = 60, 80
"""Characters around that digit that a sum may take: those of the number, `millones de dólares`, and some to spare."""


def amounts(text: str, language: str) -> list[Mention]:
    """Find sums of money (`1200.50 EUR`) and percentages (`12.5`)."""
    local = local_money(text, language)
    found = [
        _percentage(match, language) if pattern is _PERCENT else _money(match, language, local)
        for pattern, anchor in _ANCHORS.items()
        for start, end in neighbourhoods(text, anchor, before=_BEFORE, after=_AFTER)
        for match in pattern.finditer(text, start, end)
    ]
    return sorted([*found, *_spelled(text, language, local)], key=lambda mention: (mention.start, -mention.end))


def number_value(written: str, language: str) -> Decimal | None:
    """
    Read *written* as a number; None if its only separator may mean either thing.

    `1.200,50`, `1,200.50` and `1 200,50` say which is which by themselves;
    `1.200` is a thousand only in the languages that write it so.
    """
    compact = re.sub(r"['\u00a0\u202f ]", "", written)
    last = max(compact.rfind("."), compact.rfind(","))
    if last < 0:
        return Decimal(compact)
    mark, other = compact[last], "," if compact[last] == "." else "."
    if other in compact:
        return Decimal(compact.replace(other, "").replace(mark, ".")) if compact.count(mark) == 1 else None
    if compact.count(mark) > 1:
        return Decimal(compact.replace(mark, ""))
    if len(compact) - last - 1 != _GROUP:
        return Decimal(compact.replace(mark, "."))
    return _three_digits(compact, mark, language)


def _three_digits(compact: str, mark: str, language: str) -> Decimal | None:
    groups_with = {"en": ",", "es": ".", "pt": ".", "fr": ".", "de": ".", "it": "."}.get(language)
    if mark == groups_with and not compact.startswith("0"):
        return Decimal(compact.replace(mark, ""))
    return Decimal(compact.replace(mark, ".")) if compact.startswith("0") else None


def _spelled(text: str, language: str, local: dict[str, str]) -> Iterator[Mention]:
    """Find what is written without digits: `cinco euros`, `twelve percent`."""
    if language not in LANGUAGES:
        return
    for match in _UNIT.finditer(text):
        of = _OF.search(text, max(0, match.start() - _LONGEST_OF), match.start())
        number = number_before(text, of.start() if of else match.start(), language)
        if number is None:
            continue
        begin, value = number
        if match["name"]:
            currency = _currency(match["name"], local)
            yield Mention(begin, match.end(), "MONEY", 0.85, f"{value} {currency}" if currency else None)
        else:
            yield Mention(begin, match.end(), "PERCENT", 0.9, str(value))


def _money(match: re.Match[str], language: str, local: dict[str, str]) -> Mention:
    value = _money_value(match, language, local)
    return Mention(match.start(), match.end(), "MONEY", 0.97 if value else 0.9, value)


def _currency(unit: str, local: dict[str, str]) -> str | None:
    lower = unit.lower()
    return SIGNS.get(unit) or CODES.get(unit) or NAMES.get(lower) or local.get(lower)


def _money_value(match: re.Match[str], language: str, local: dict[str, str]) -> str | None:
    currency = _currency(match.groupdict().get("code") or match["unit"], local)
    number = number_value(match["number"], "en" if currency in _WITH_COMMAS else language)
    if currency is None or number is None:
        return None
    scale = match["scale"] or match.groupdict().get("short")
    power = _power(scale, language) if scale else 0
    return None if power is None else f"{_plain(number.scaleb(power))} {currency}"


def _power(scale: str, language: str) -> int | None:
    """How many zeros *scale* stands for: an English billion has nine, a French one twelve."""
    word = scale if scale in _SCALES else scale.lower()
    if word in {"billion", "billions"}:
        return {"en": 9, "fr": 12}.get(language)
    if word in {"trillones", "trillion"} and language != "en":
        return None
    return _SCALES.get(word, 3)


def _percentage(match: re.Match[str], language: str) -> Mention:
    number = number_value(match["number"], language)
    sign = "-" if match.group()[0] in "-\u2212" else ""
    return Mention(match.start(), match.end(), "PERCENT", 0.98, None if number is None else f"{sign}{_plain(number)}")


def _plain(number: Decimal) -> str:
    """Write *number* without an exponent, and without zeros that the text does not have."""
    return f"{number:f}"
