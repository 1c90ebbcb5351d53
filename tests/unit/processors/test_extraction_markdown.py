"""What comes out of a Markdown file."""

import pytest

from app.domain.extraction import Extraction
from app.processors.extraction import extract

SIGNS = "\n\n[It](http://is.example) **Markdown**.\n"
READ = "\n\nIt Markdown."


def read(text: str) -> Extraction:
    """Read *text*, and tell nobody how far it is."""
    return extract(text.encode(), lambda _stage, _fraction: None)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("# One #\nText", "One\n\nText"),
        ("One\n===\n\nTwo\n---", "One\n\nTwo"),
        ("wrapped\nline", "wrapped line"),
        ("meant  \nbreak\\\nhere", "meant\nbreak\nhere"),
        ("* one\n+ two\n  more\n- [x] three\n1. four\n2) five", "- one\n- two more\n- three\n1. four\n2) five"),
        ("| a | b |\n|:--|--:|\n| 1 | `2` |", "a | b\n1 | 2"),
        ("```py\nx = 1\n\n# no heading\n```\nafter", "x = 1\n\n# no heading\n\nafter"),
        ("> quoted\n> text\n>> deeper", "quoted text deeper"),
        ("a <!-- no\nno --> b", "a  b"),
        ("![a picture](x.png 'title') and [![b](c)](d)", "a picture and b"),
        ("[text][ref] <https://a.example/b> <a@b.example>", "text https://a.example/b a@b.example"),
        ("**bold** *em* __b__ _e_ ~~s~~ ***both*** `code`", "bold em b e s both code"),
        ("snake_case_name 2 * 3 * 4 a_b", "snake_case_name 2 * 3 * 4 a_b"),
        ("\\*no\\* &eacute; <b>x</b> 3 < 4", "*no* é x 3 < 4"),
        ("***\n\n- - -\n\n___\n\n[ref]: http://x.example\n\nend", "end"),
    ],
)
def test_the_signs_go_and_the_words_stay(written: str, text: str) -> None:
    """A summary that quotes asterisks looks broken."""
    assert read(written + SIGNS).text == text + READ


def test_headings_keep_their_levels_and_their_places() -> None:
    """They are the best that is known of a file's structure."""
    extraction = read("## Sub *one*\n\nText\n\nTop\n===\n\n###### Low\n" + SIGNS)

    assert [(heading.text, heading.level) for heading in extraction.headings] == [
        ("Sub one", 2),
        ("Top", 1),
        ("Low", 6),
    ]
    assert all(extraction.text.startswith(heading.text, heading.start) for heading in extraction.headings)
    assert extraction.title == "Top"


@pytest.mark.parametrize("value", ["Mi acta", '"Mi acta"', "'Mi acta'"])
def test_the_front_matter_gives_the_title_and_is_no_text(value: str) -> None:
    """Static sites keep it there."""
    extraction = read(f"---\nlayout: x\ntitle: {value}\n---\n\n# Other{SIGNS}")

    assert extraction.title == "Mi acta"
    assert extraction.text == f"Other{READ}"
