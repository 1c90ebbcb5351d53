"""Sums of money and percentages, with their value where the writing leaves no doubt."""

import re
from decimal import Decimal

from app.processors.mentions import Mention, neighbourhoods

_NUMBER = r"\d{1,15}(?:[.,'\u00a0\u202f ]\d{3}(?!\d)){0,5}(?:[.,]\d{1,6})?"
_START = r"(?<![\w])(?<![\d][.,])"
_SCALES = {
    "mil millones": 9, "mil milhões": 9,
    "billones": 12, "billón": 12, "billions": None, "trillion": 12, "trillones": 18,
    "millones": 6, "millón": 6, "mil": 3, "million": 6, "millions": 6, "milliards": 9, "milliard": 9, "milhões": 6,
    "milhão": 6, "bilhões": 9, "bilhão": 9, "billion": None, "thousand": 3, "mille": 3, "bn": 9,
    "k": 3, "M": 6, "m": 6, "md": 9, "mds": 9, "mm": None,
}  # fmt: skip
_SCALE = "|".join(sorted((re.escape(scale) for scale in _SCALES), key=len, reverse=True))
_SYMBOLS = {
    "US$": "USD", "U$S": "USD", "R$": "BRL", "MX$": "MXN", "A$": "AUD", "C$": "CAD", "CA$": "CAD", "AU$": "AUD",
    "€": "EUR", "£": "GBP", "$": None, "¥": None, "₹": "INR", "₽": "RUB", "₿": "BTC",
}  # fmt: skip
_SIGNS = "".join(symbol for symbol in _SYMBOLS if len(symbol) == 1)
_SYMBOL = "|".join(sorted((re.escape(symbol) for symbol in _SYMBOLS), key=len, reverse=True))
_CODE_LIST = "EUR USD GBP JPY CHF CAD AUD MXN ARS CLP COP PEN BRL CNY INR SEK NOK DKK PLN CZK HUF UYU RUB TRY BTC"
_CODES = frozenset(_CODE_LIST.split())
_CODE = "|".join(sorted(_CODES))
_NAMES = {
    "euros": "EUR", "euro": "EUR", "dólares estadounidenses": "USD", "us dollars": "USD", "u.s. dollars": "USD",
    "dólares americanos": "USD", "dollars américains": "USD", "libras esterlinas": "GBP", "livres sterling": "GBP",
    "pounds sterling": "GBP", "pesos mexicanos": "MXN", "pesos argentinos": "ARS", "pesos chilenos": "CLP",
    "pesos colombianos": "COP",
    "francos suizos": "CHF", "francs suisses": "CHF", "swiss francs": "CHF", "reales": "BRL",
    "reais": "BRL", "real": None, "yenes": "JPY", "yen": "JPY", "yens": "JPY", "ienes": "JPY", "yuanes": "CNY",
    "yuan": "CNY", "rupias": None, "rupees": None, "dólares": None, "dólar": None, "dollars": None, "dollar": None,
    "pesos": None, "peso": None, "libras": None, "pounds": None, "francos": None, "francs": None, "soles": "PEN",
    "cents": None, "céntimos": None, "centimes": None, "bitcoins": "BTC", "bolívares": None, "coronas": None,
}  # fmt: skip
_NAME = "|".join(sorted((re.escape(name) for name in _NAMES), key=len, reverse=True))
_MONEY_BEFORE = re.compile(
    rf"(?<![\w$€£])(?P<unit>{_SYMBOL}|(?:{_CODE})(?=[\s\d\u00a0]))[ \u00a0\u202f]?(?P<number>{_NUMBER})"
    rf"(?:[ \u00a0-]?(?P<scale>{_SCALE})\b)?(?![\w%])"
)
_MONEY_AFTER = re.compile(
    rf"{_START}(?P<number>{_NUMBER})[ \u00a0\u202f]?"
    rf"(?:(?P<scale>(?i:{_SCALE}))[ \u00a0](?:(?:de|d['\u2019])[ \u00a0]?)?|(?P<short>[kKM])[ \u00a0]?)?"
    rf"(?P<unit>(?:{_SYMBOL})(?!\d)|(?:{_CODE})\b|(?i:{_NAME})\b)"
)
_PERCENT = re.compile(
    rf"{_START}[+\-\u2212]?(?P<number>{_NUMBER})[ \u00a0\u202f]?"
    r"(?:%(?!\w)|(?i:por[ \u00a0]ciento|por[ \u00a0]cento|pour[ \u00a0]cent|per[ \u00a0]?cent|prozent)\b)"
)
_GROUP = 3
_ANCHORS = {
    _MONEY_BEFORE: re.compile(rf"\d(?:(?<=[{_SIGNS}A-Z]\d)|(?<=[{_SIGNS}A-Z][ \u00a0\u202f]\d))"),
    _MONEY_AFTER: re.compile(rf"\d[ \u00a0\u202f]?(?:[^\W\d_]|[{_SIGNS}])"),
    _PERCENT: re.compile(r"\d[ \u00a0\u202f]?[%pP]"),
}
"""Which digit a text cannot do without where the pattern matches; most numbers are soon seen to be only that."""
_BEFORE, _AFTER = 60, 80
"""Characters around that digit that a sum may take: those of the number, `millones de dólares`, and some to spare."""


def amounts(text: str, language: str) -> list[Mention]:
    """Find sums of money (`1200.50 EUR`) and percentages (`12.5`)."""
    found = [
        _percentage(match, language) if pattern is _PERCENT else _money(match, language)
        for pattern, anchor in _ANCHORS.items()
        for start, end in neighbourhoods(text, anchor, before=_BEFORE, after=_AFTER)
        for match in pattern.finditer(text, start, end)
    ]
    return sorted(found, key=lambda mention: mention.start)


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


def _money(match: re.Match[str], language: str) -> Mention:
    value = _money_value(match, language)
    return Mention(match.start(), match.end(), "MONEY", 0.97 if value else 0.9, value)


def _money_value(match: re.Match[str], language: str) -> str | None:
    unit = match["unit"]
    currency = _SYMBOLS.get(unit) or _NAMES.get(unit.lower()) or (unit if unit in _CODES else None)
    number = number_value(match["number"], language)
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
