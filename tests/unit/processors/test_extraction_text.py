"""What comes out of a file without structure, in whatever encoding."""

import pytest

from app.domain.errors import DocumentTooLarge
from app.domain.extraction import TEXT_BYTES
from app.processors.extraction import extract

SPANISH = "Año nuevo: mañana el señor Núñez pagó 3 euros.\nLa reunión acabó así.\n"


def read(file: bytes) -> str:
    """Read *file* as text."""
    extraction = extract(file, lambda _stage, _fraction: None)
    assert extraction.media_type == "text/plain"
    assert (extraction.title, extraction.pages, extraction.headings) == (None, None, ())
    return extraction.text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *[
            (SPANISH, encoding)
            for encoding in (
                "utf-8",
                "utf-8-sig",
                "utf-16",
                "utf-16-le",
                "utf-16-be",
                "utf-32",
                "utf-32-le",
                "utf-32-be",
            )
        ],
        (SPANISH, "latin-1"),
        ("Été à la forêt : « ça coûte 3 € », dit-il\u2014enfin.", "cp1252"),
        ("Olá, ação de formação às três.", "latin-1"),
        ("Съешь же ещё этих мягких французских булок, да выпей чаю.", "cp1251"),
        *[
            (text, encoding)
            for encoding in ("utf-16-le", "utf-16-be")
            for text in (
                "Съешь же ещё этих мягких французских булок, да выпей чаю.",
                "Συνάντηση έγινε στις 6 Μαρτίου 2024.\n",
                "الاجتماع كان في السادس من مارس.",
                "नमस्ते दुनिया, यह एक परीक्षा है।",
                "Москва",
            )
        ],
        ("これは日本語の文章です。東京都に住んでいます。明日は晴れるでしょう。", "shift_jis"),
    ],
)
def test_the_encoding_is_found(text: str, encoding: str) -> None:
    """Nobody knows the encoding of the files that they have."""
    assert read(text.encode(encoding)) == text


@pytest.mark.parametrize("text", ["a\tb\tc\td\te\n" * 9, "1\n2\n3\n4\n", "x", "\f\f\f\fx"])
def test_columns_of_single_letters_are_not_taken_for_letters_of_two_bytes(text: str) -> None:
    """Every other byte of them is the same, as it is in UTF-16."""
    assert read(text.encode()) == text.replace("\f", "\n")


def test_the_encoding_of_a_large_file_is_found_where_it_shows() -> None:
    """The first letter with an accent may be far behind."""
    text = "plain words only\n" * 100_000 + SPANISH

    assert read(text.encode("latin-1")) == text


def test_what_was_pasted_in_another_encoding_is_read_as_well() -> None:
    """A log of two programs is half one and half the other."""
    file = SPANISH.encode() * 9 + SPANISH.encode("cp1252") + b"\x81"

    assert read(file).startswith(SPANISH * 10)


def test_control_characters_are_blanks_and_line_ends_are_one_kind() -> None:
    """Stores and terminals take offence at them."""
    assert read(b"one\0two\x1b[0m\r\nthree\rfour\x85\tfive" * 2) == "one two [0m\nthree\nfour\u2026\tfive" * 2
    assert read("a\ufeffb\u2028c\ufffed".encode()) == "a b\nc d"


def test_letters_and_their_accents_are_one_character() -> None:
    """A list of names has them composed; files from a Mac have not."""
    assert read("Nún\u0303ez Ángel \u1112\u1161\u11ab".encode()) == "Núñez Ángel \ud55c"


@pytest.mark.parametrize("text", ["שלום עולם, זה מבחן.", "مرحبا بالعالم.", "🙂👩‍👩‍👧 ok", "नमस्ते दुनिया", "x" * 100_000])
def test_other_scripts_are_left_as_they_are(text: str) -> None:
    """What the entities of it are is another question."""
    assert read(text.encode()) == text


def test_as_much_as_may_be_read_is_read_and_one_byte_more_is_not() -> None:
    """The limit is in bytes, whatever the letters."""
    assert len(read("é".encode() * (TEXT_BYTES // 2))) == TEXT_BYTES // 2
    with pytest.raises(DocumentTooLarge):
        read("é".encode() * (TEXT_BYTES // 2) + b"e")
