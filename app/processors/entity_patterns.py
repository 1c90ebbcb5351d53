"""
Entities that are recognised by their form alone: addresses of the net and telephone numbers.

Every pattern starts only where a run of its characters starts and is bounded
from there on, so no text can make it look at a character more than a few times.
"""

import re
from collections.abc import Iterator
from functools import cache

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    format_number,
    is_possible_number,
    is_valid_number,
    parse,
)

from app.processors.mentions import Mention, neighbourhoods

MOST_PHONES = 2000
"""Candidates that are looked up; a table of a million numbers is no list of telephones."""

_LONGEST_URL = 1000
_URL = re.compile(r"(?<![\w@])(?:https?://|ftp://|www\.)(?:(?!\]\()[^\s<>\"'`{}|\\^\x00]){3,1000}", re.IGNORECASE)
_TOP_LEVELS = (
    "com|org|net|edu|gov|gob|gouv|mil|int|info|biz|museum|coop|eu|io|dev|app|ai|tv|me|cat|gal|eus|es|fr|pt|br|mx|ar|cl|co|pe"
    "|uy|py|bo|ec|ve|cr|gt|cu|uk|ie|us|ca|au|nz|za|in|ng|ke|gh|ch|be|lu|de|at|nl|it|dk|se|no|fi|pl|cz|gr|jp|cn|kr|ma|dz|tn"
    "|sn|ci|cm|ao|mz|cv|example|test|online|site|shop|store|blog|news|cloud|tech"
)
_TOP_LEVEL = re.compile(rf"\.(?:{_TOP_LEVELS})(?!\w)")
_AT = re.compile("@+")
_DOMAIN = re.compile(
    r"(?<![\w@./-])[a-z0-9](?:[a-z0-9-]{0,40}\.){1,4}"
    rf"(?:{_TOP_LEVELS})"
    r"(?:/[^\s<>\"'`{}|\\^\x00]{0,500})?(?![\w@-])",
)
_EMAIL = re.compile(
    r"(?<![\w.+%-])[A-Za-z0-9_](?:[\w.+%-]{0,62}\w)?@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,5}[A-Za-z]{2,24}(?![\w@])"
)
_PHONE = re.compile(r"(?<![\w.,/:+-])(?:\+|00)?\(?\d{1,5}(?:[ .\u00a0-]?\(?\d{1,5}\)?){1,7}(?![\w@/]|[.,]\d)")
_PHONE_CUE = re.compile(
    r"(?:tel|tels|tfno|tlf|phone|mobile|cell|call|fax|m[óo]vil|tel[ée]fono|t[ée]l[ée]phone|telefone|telem[óo]vel|celular"
    r"|whatsapp|ll[áa]mame|llame|appel\w{0,5}|ligue|portable|contact\w{0,3}|centralita)\W{0,4}(?:\w{1,12}\W{1,3}){0,4}$",
    re.IGNORECASE,
)
_REGIONS = {
    "es": ("ES", "MX", "AR", "CO", "CL", "PE"),
    "en": ("US", "GB", "AU", "IE"),
    "fr": ("FR", "BE", "CH", "CA"),
    "pt": ("PT", "BR"),
}
_PHONE_LABEL = re.compile(
    r"(?<!\w)(?:tel|tels|tfno|tlf|phone|mobile|cell|fax|fono|m[óo]vil|tel[ée]fono|t[ée]l[ée]phone|telefone|telem[óo]vel"
    r"|celular|whatsapp|portable)s?\W{1,4}$",
    re.IGNORECASE,
)
_LONGEST_LABEL = 16
SURE = 0.9
"""The score of a telephone number that says that it is one."""
_NORTH_AMERICAN = re.compile(r"\(?[2-9]\d\d\)?[ .-][2-9]\d\d[.-]\d{4}")
_MAIL_NEARBY = 60
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
_FEWEST_DIGITS_ABROAD = 10
_CLOSERS = {")": "(", "]": "["}


def addresses(text: str) -> list[Mention]:
    """Find URLs and e-mail addresses."""
    emails = [
        Mention(match.start(), match.end(), "EMAIL", 0.99)
        for start, end in neighbourhoods(text, _AT, before=70, after=400)
        for match in _EMAIL.finditer(text, start, end)
    ]
    return sorted([*emails, *_urls(text)], key=lambda mention: mention.start)


def phones(text: str, language: str) -> list[Mention]:
    """Find telephone numbers that exist; only an international one has a sure value, its E.164 form."""
    found = []
    for looked_up, match in enumerate(_PHONE.finditer(text)):
        if looked_up == MOST_PHONES:
            break
        is_long = match.end() - match.start() >= _FEWEST_DIGITS
        mention = _phone(text, match.start(), match.end(), language) if is_long else None
        if mention is not None:
            found.append(mention)
    return found


def without_addresses(text: str) -> str:
    """Blank out URLs and e-mail addresses, letter for letter: their parts are no words."""
    for pattern in (_EMAIL, _URL, _DOMAIN) if "@" in text else (_URL, _DOMAIN):
        text = pattern.sub(lambda match: "|" * len(match.group()), text)
    return text


@cache
def warm() -> None:
    """Read the numbering plans that are needed most."""
    for region in sorted({region for regions in _REGIONS.values() for region in regions}):
        _valid("600000000", region)


def _urls(text: str) -> Iterator[Mention]:
    domains = neighbourhoods(text, _TOP_LEVEL, before=250, after=600)
    for area, pattern, score in [((0, len(text)), _URL, 0.99), *((area, _DOMAIN, 0.9) for area in domains)]:
        for match in pattern.finditer(text, *area):
            end = _url_end(match.group())
            if end < _LONGEST_URL:
                yield Mention(match.start(), match.start() + end, "URL", score)


def _url_end(url: str) -> int:
    """Leave out the punctuation of the sentence around it, and a bracket that was opened before it."""
    end = len(url)
    while end:
        last = url[end - 1]
        is_unpaired = last in _CLOSERS and url.count(_CLOSERS[last], 0, end) < url.count(last, 0, end)
        if last not in ".,;:!?*_»”’" and not is_unpaired:  # noqa: RUF001 - the quote that closes
            break
        end -= 1
    return end


def _phone(text: str, start: int, end: int, language: str) -> Mention | None:
    if text[start] == "(" and text[end - 1] == ")" and text.count("(", start, end) == 1:
        start, end = start + 1, end - 1
    written = text[start:end]
    digits = sum(character.isdigit() for character in written)
    if not _FEWEST_DIGITS <= digits <= _MOST_DIGITS or written.count("(") != written.count(")"):
        return None
    if written.startswith(("+", "00")):
        return _international(start, end, "+" + written.removeprefix("+").removeprefix("00"))
    if _PHONE_LABEL.search(text, max(0, start - _LONGEST_LABEL), start):
        return Mention(start, end, "PHONE", SURE)
    has_cue = _PHONE_CUE.search(text[max(0, start - 40) : start]) is not None
    if not has_cue and not _is_grouped(written):
        return None
    regions = _REGIONS.get(language, ())
    if any(_valid(written, region) for region in regions):
        return Mention(start, end, "PHONE", SURE if has_cue else 0.7)
    is_contact = _is_grouped(written) and (has_cue or "@" in text[max(0, start - _MAIL_NEARBY) : end + _MAIL_NEARBY])
    is_possible = is_contact and any(_possible(written, region) for region in regions)
    return Mention(start, end, "PHONE", 0.7) if is_possible or _NORTH_AMERICAN.fullmatch(written) else None


def _international(start: int, end: int, written: str) -> Mention | None:
    """Take what exists, and what is long enough to: numbers kept for examples are in no plan."""
    number = _parsed(written, None)
    if number is None or not is_possible_number(number):
        return None
    is_valid = is_valid_number(number)
    if not is_valid and sum(map(str.isdigit, written)) < _FEWEST_DIGITS_ABROAD:
        return None
    return Mention(start, end, "PHONE", 0.98 if is_valid else 0.85, format_number(number, PhoneNumberFormat.E164))


def _is_grouped(written: str) -> bool:
    """Tell `91 123 45 67` from `2 345 678`, `12.345.678` and other numbers with separators."""
    groups = re.findall(r"\d+", written)
    is_amount = len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])  # noqa: PLR2004 - thousands
    starts_like_phone = written[0] in "(0" or (len(groups) >= 3 and "." not in written)  # noqa: PLR2004 - prefix and two groups
    starts_mobile = len(groups) == 3 and len(written) == 11 and written[0] in "679"  # noqa: PLR2004 - 612 345 678
    return starts_like_phone and (not is_amount or starts_mobile) and len(groups[-1]) > 1


def _valid(written: str, region: str) -> bool:
    number = _parsed(written, region)
    return number is not None and is_valid_number(number)


def _possible(written: str, region: str) -> bool:
    """Tell whether it is long enough: numbers kept for examples are in no plan."""
    number = _parsed(written, region)
    return number is not None and is_possible_number(number)


def _parsed(written: str, region: str | None) -> PhoneNumber | None:
    try:
        return parse(written, region)
    except NumberParseException:
        return None
