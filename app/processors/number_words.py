"""Numbers that are written in words: `veinticuatro`, `two thousand and six`, `quatre-vingt-dix`, `mil e quinhentos`."""

import re

_UNITS = {
    "es": "cero|uno un una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieciséis|"
    "diecisiete|dieciocho|diecinueve|veinte|veintiuno veintiún veintiuna|veintidós|veintitrés|veinticuatro|veinticinco"
    "|veintiséis|veintisiete|veintiocho|veintinueve",
    "en": "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    "seventeen|eighteen|nineteen",
    "fr": "zéro|un une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize",
    "pt": "zero|um uma|dois duas|três|quatro|cinco|seis|sete|oito|nove|dez|onze|doze|treze|catorze quatorze|quinze|"
    "dezasseis dezesseis|dezassete dezessete|dezoito|dezanove dezenove",
}
_TENS = {
    "es": "treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "en": "thirty forty fifty sixty seventy eighty ninety",
    "fr": "trente quarante cinquante soixante septante huitante nonante",
    "pt": "trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
_OTHERS: dict[str, dict[str, int]] = {
    "es": {"cien": 100, "ciento": 100, "doscientos": 200, "doscientas": 200, "trescientos": 300, "trescientas": 300,
           "cuatrocientos": 400, "cuatrocientas": 400, "quinientos": 500, "quinientas": 500, "seiscientos": 600,
           "seiscientas": 600, "setecientos": 700, "setecientas": 700, "ochocientos": 800, "ochocientas": 800,
           "novecientos": 900, "novecientas": 900, "primero": 1, "primer": 1},
    "en": {"twenty": 20, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
           "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14,
           "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20,
           "thirtieth": 30},
    "fr": {"vingt": 20, "premier": 1},
    "pt": {"vinte": 20, "cem": 100, "cento": 100, "duzentos": 200, "duzentas": 200, "trezentos": 300, "trezentas": 300,
           "quatrocentos": 400, "quatrocentas": 400, "quinhentos": 500, "quinhentas": 500, "seiscentos": 600,
           "seiscentas": 600, "setecentos": 700, "setecentas": 700, "oitocentos": 800, "oitocentas": 800,
           "novecentos": 900, "novecentas": 900, "primeiro": 1},
}  # fmt: skip
_MULTIPLIERS: dict[str, dict[str, int]] = {
    "es": {"mil": 1000, "millón": 10**6, "millones": 10**6},
    "en": {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9},
    "fr": {"cent": 100, "cents": 100, "vingts": 20, "mille": 1000, "million": 10**6, "millions": 10**6,
           "milliard": 10**9, "milliards": 10**9},
    "pt": {"mil": 1000, "milhão": 10**6, "milhões": 10**6},
}  # fmt: skip
_AND = {"es": "y", "en": "and", "fr": "et", "pt": "e"}
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 100
"""Characters of a number in words."""

_VALUES = {
    language: {word: number for number, words in enumerate(units.split("|")) for word in words.split()}
    | {word: 30 + 10 * place for place, word in enumerate(_TENS[language].split())}
    | _OTHERS[language]
    for language, units in _UNITS.items()
}


def number_before(text: str, end: int, language: str) -> tuple[int, int] | None:
    """Read the number in words that ends where *end* or the blanks before it are: where it starts, and its value."""
    begin = max(0, end - _LONGEST)
    words = list(_WORD.finditer(text, begin, end))
    taken: list[re.Match[str]] = []
    following = end
    for word in reversed(words):
        if not _is_near(text[word.end() : following]) or not _counts(word.group().lower(), language):
            break
        taken.insert(0, word)
        following = word.start()
    return _read(taken, language, is_end=False)


def number_after(text: str, start: int, language: str) -> tuple[int, int] | None:
    """Read the number in words that begins at *start*: where it ends, and its value."""
    taken: list[re.Match[str]] = []
    previous = start
    for word in _WORD.finditer(text, start, start + _LONGEST):
        if not _is_near(text[previous : word.start()]) or not _counts(word.group().lower(), language):
            break
        taken.append(word)
        previous = word.end()
    return _read(taken, language, is_end=True)


def _is_near(gap: str) -> bool:
    return gap in {"", " ", "-", "\u00a0", "\n", "\u2010", "\u2011"}


def _counts(word: str, language: str) -> bool:
    return word in _VALUES[language] or word in _MULTIPLIERS[language] or word == _AND[language]


def _read(taken: list[re.Match[str]], language: str, *, is_end: bool) -> tuple[int, int] | None:
    """Leave out an `and` at either end, and add up the rest."""
    while taken and taken[0].group().lower() == _AND[language]:
        taken = taken[1:]
    while taken and taken[-1].group().lower() == _AND[language]:
        taken = taken[:-1]
    if len(taken) > 1 and _VALUES[language].get(taken[0].group().lower()) == 1 and _counts_units(taken[1], language):
        taken = taken[1:]
    if not taken:
        return None
    value = _value([word.group().lower() for word in taken], language)
    return (taken[-1].end() if is_end else taken[0].start()), value


def _counts_units(word: re.Match[str], language: str) -> bool:
    """`un doce por ciento`: before another number, one is an article."""
    return word.group().lower() in _VALUES[language]


def _value(words: list[str], language: str) -> int:
    """Add and multiply; `nineteen ninety-nine` and `quatre-vingts` have their own way."""
    values, multipliers = _VALUES[language], _MULTIPLIERS[language]
    total = current = 0
    for word in words:
        if word in multipliers:
            factor = multipliers[word]
            current = max(1, current) * factor
            if factor > 100:  # noqa: PLR2004 - thousands close what was counted
                total, current = (total * factor if total and factor >= 10**6 else total) + current, 0
        elif word == "vingt" and current % 100 == 4:  # noqa: PLR2004 - four times twenty
            current += 76
        elif language == "en" and 10 <= current < 100 and values.get(word, 0) >= 10:  # noqa: PLR2004 - a year in pairs
            current = current * 100 + values[word]
        else:
            current += values.get(word, 0)
    return total + current
