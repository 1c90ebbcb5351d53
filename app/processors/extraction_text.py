"""What bytes say that are no container: their encoding, and whether they are text at all."""

import codecs
import re
from collections import Counter
from string import ascii_letters
from typing import Final

import charset_normalizer

from app.domain.errors import DocumentTooLarge, DocumentUnreadable, NoTextFound
from app.domain.extraction import TEXT_BYTES, Extraction
from app.processors.extraction_draft import readable, size

NOT_TEXT: Final = "The file is no PDF, DOCX, HTML, Markdown or plain text, or it is damaged"

_SAMPLE: Final = 1 << 15
_LARGEST_SHARE_OF_CONTROLS: Final = 0.02
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT: Final = (b"{\\rtf", b"%!PS", b"\x1f\x8b", b"\x7fELF", b"\x89PNG", b"\xff\xd8\xff", b"7z\xbc\xaf", b"Rar!")
_CONTROLS: Final = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b") + b"\x7f"
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})""", re.IGNORECASE)
_KNOWN = re.compile(
    r"iso-?8859-\d+|latin-?\d|(?:windows-|cp)(?:125\d|874|866)|koi8-[ru]|shift[_-]jis|sjis|euc-(?:jp|kr)|iso-2022-jp"
    r"|gb2312|gbk|gb18030|big5|macintosh|us-ascii",
    re.IGNORECASE,
)
_MEANS_WINDOWS: Final = frozenset({"iso-8859-1", "latin1", "latin-1", "us-ascii"})
# Bytes that are no UTF-8, as `surrogateescape` leaves them, to what they are in windows-1252.
_STRAY: Final = {0xDC00 + code: bytes([code]).decode("cp1252", "replace") for code in range(128, 256)}
# Most of what stands in Western texts beyond ASCII, in windows-1252.
_WESTERN: Final = "áéíóúàèìòùâêîôûäëïöüãõåæøœñçßÁÉÍÓÚÀÈÌÒÙÂÊÎÔÛÄËÏÖÜÃÕÅÆØŒÑÇ¿¡ªº«»…€£§°·®©™½\xa0".encode(
    "cp1252"
) + bytes(range(0x91, 0x98))
_WORD_OF_ACCENTS = re.compile(rb"[\xc0-\xff]{4}")


def extract_text(text: str) -> Extraction:
    """
    Return *text* as it is, but for control characters.

    Raises:
        DocumentTooLarge: If it is more than may be read of one file.
        NoTextFound: If it is blank.

    """
    text = readable(text)
    if not text.strip():
        raise NoTextFound
    if size(text) > TEXT_BYTES:
        raise DocumentTooLarge
    return Extraction(text=text, media_type="text/plain")


def decoded(file: bytes) -> str:
    """
    Find out the encoding of *file*, and read it; a few bytes that do not fit stop nobody.

    Raises:
        DocumentUnreadable: If it is no text.

    """
    if file.startswith(_NOT_TEXT):
        raise DocumentUnreadable(NOT_TEXT)
    for mark, encoding in _MARKS:
        if file.startswith(mark):
            return _if_text(file.decode(encoding, "replace").removeprefix("\ufeff"))
    sample = file[:_SAMPLE]
    if encoding := _without_mark(sample) or _of_one_alphabet(sample):
        return _if_text(file.decode(encoding, "replace"))
    if _share(sample.replace(b"\0", b""), _CONTROLS) > _LARGEST_SHARE_OF_CONTROLS:
        raise DocumentUnreadable(NOT_TEXT)
    try:
        return file.decode()
    except UnicodeDecodeError as error:
        return _if_text(_guessed(file, error.start))


def _without_mark(sample: bytes) -> str:
    """Name the wide encoding that puts a NUL beside every Latin letter; nothing if there is no such pattern."""
    quarter = len(sample) // 4
    if not quarter:
        return ""
    shares = [sample[place : 4 * quarter : 4].count(0) / quarter for place in range(4)]
    pattern = "".join("0" if share > 0.7 else "x" if share < 0.1 else "?" for share in shares)  # noqa: PLR2004 - by eye
    return {"x000": "utf-32-le", "000x": "utf-32-be", "x0x0": "utf-16-le", "0x0x": "utf-16-be"}.get(pattern, "")


def _of_one_alphabet(sample: bytes) -> str:
    """Name the UTF-16 in which half of all characters share their higher byte, a control in any other encoding."""
    for place, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        higher = sample[place::2]
        for code, times in Counter(higher).most_common(1):
            is_alphabet = 0 < code < ord(" ") and (code in _CONTROLS or 0 in higher)
            if is_alphabet and 2 * times > len(higher):
                return encoding
    return ""


def _guessed(file: bytes, first_error: int) -> str:
    # From a line's beginning, so that no character is cut in two.
    start = file.rfind(b"\n", 0, first_error) + 1 if len(file) > _SAMPLE else 0
    sample = file[max(start, first_error - _SAMPLE // 2) :][:_SAMPLE]
    if _is_mixed(sample):
        return file.decode(errors="surrogateescape").translate(_STRAY)
    declared = _DECLARED.search(file, 0, 4096)
    if declared and _KNOWN.fullmatch(name := declared[1].decode("ascii", "replace")):
        return file.decode("cp1252" if name.lower() in _MEANS_WINDOWS else _existing(name), "replace")
    if _is_western(sample):
        return file.decode("cp1252", "replace")
    found = charset_normalizer.from_bytes(sample, steps=4, chunk_size=1024).best()
    return file.decode(found.encoding if found else "cp1252", "replace")


def _existing(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"


def _is_mixed(sample: bytes) -> bool:
    """Tell UTF-8 into which something else was pasted, by its whole characters of several bytes."""
    lossy = sample.decode("utf-8", "replace")
    lost = lossy.count("\ufffd")
    return sum(not letter.isascii() for letter in lossy) - lost > lost


def _is_western(sample: bytes) -> bool:
    """Tell Latin letters with a few accents among them; guessing is unreliable where there is little to go by."""
    high = bytes(code for code in sample if code > 127)  # noqa: PLR2004 - beyond ASCII
    letters = len(sample) - len(sample.translate(None, ascii_letters.encode()))
    return not high.translate(None, _WESTERN) and letters > len(high) and not _WORD_OF_ACCENTS.search(sample)


def _if_text(text: str) -> str:
    sample = text[:_SAMPLE]
    if sum(not letter.isprintable() and not letter.isspace() for letter in sample) > len(sample) // 4:
        raise DocumentUnreadable(NOT_TEXT)
    return text


def _share(sample: bytes, codes: bytes) -> float:
    return (len(sample) - len(sample.translate(None, codes))) / max(1, len(sample))
