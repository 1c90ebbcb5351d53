"""What comes out of a web page."""

import pytest

from app.domain.extraction import Extraction
from app.processors.extraction import extract


def read(body: str, *, encoding: str = "utf-8") -> Extraction:
    """Read a page with this body."""
    return extract(f"<!doctype html>{body}".encode(encoding), lambda _stage, _fraction: None)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>one<p>two", "one\n\ntwo"),
        ("<div>one<div>two</div>three</div>", "one\n\ntwo\n\nthree"),
        ("a<b>b</b> <i>c</i>\n d<br>e", "ab c d\ne"),
        ("<ul><li>one<li>two<ol><li>three</ol></ul>end", "- one\n- two\n- three\n\nend"),
        ("<table><tr><th>a<th>b<tr><td>1<td>2</table>x", "a | b\n1 | 2\n\nx"),
        ("<table><tr><td><h1>Page</h1><p>Text.</td><td>x</td></tr></table>", "Page\n\nText.\n\nx"),
        ("<table><tr><td><table><tr><td>a<td>b</table><td></table>", "a | b"),
        ("<pre>a\n  b</pre> c\nd", "a\nb\n\nc d"),
        ("&eacute; &#233; &amp;lt; &copy &nbsp; x", "é é &lt; © x"),
        ("<p title='a > b'>x</p><p title=\"it's\">y", "x\n\ny"),
        ("a < b and b > c, 3<4", "a < b and b > c, 3<4"),
        ("don't <b x=it's>stop</b>", "don't stop"),
        ("<dl><dt>term<dd>meaning</dl>", "term\n\nmeaning"),
        ("x<!-- <p>no --><!-->y<? z ?><![CDATA[no]]>", "xy"),
        ("x <textarea>y</textarea>", "x y"),
    ],
)
def test_a_page_is_read_as_it_is_seen(body: str, text: str) -> None:
    """Whatever its author left open."""
    assert read(body).text == text


@pytest.mark.parametrize(
    "body",
    [
        "<script>if (a < b) { '<p>no</p>' }</script>",
        "<STYLE>p { no: 1 }</STYLE >",
        "<nav><ul><li>no</ul></nav>",
        "<noscript>no</noscript>",
        "<template><p>no</template>",
        "<svg><title>no</title><text>no</text></svg>",
        "<div hidden><div>no</div>no</div>",
        "<p style='color: red; DISPLAY : none'>no</p>",
        "<p hidden>no<p>",
        "<input hidden value=no>",
    ],
)
def test_what_nobody_sees_is_left_out(body: str) -> None:
    """Nor does a summary begin with the menu."""
    assert read(f"<p>yes {body} end").text.split() == ["yes", "end"]


@pytest.mark.parametrize("opening", ["<nav>", "<div hidden>", "<svg>", "<p title='hidden'>"])
def test_an_element_that_is_never_closed_does_not_hide_the_page(opening: str) -> None:
    """Somebody forgot a slash."""
    assert read(f"{opening}all of it").text == "all of it"


def test_headings_and_title_are_found() -> None:
    """They are what a page says of itself."""
    extraction = read("<head><title>A &amp; B\n</title></head><h1>One <em>more</em></h1><p>x<h3>Two</h3>")

    assert extraction.title == "A & B"
    assert [(heading.text, heading.level) for heading in extraction.headings] == [("One more", 1), ("Two", 3)]
    assert all(extraction.text.startswith(heading.text, heading.start) for heading in extraction.headings)


def test_a_page_without_a_title_is_called_by_its_first_heading() -> None:
    """The first of the highest level, which need not be the first of all."""
    assert read("<h2>Menu</h2><h1>Name</h1>").title == "Name"


@pytest.mark.parametrize(
    ("meta", "encoding", "text"),
    [
        ('<meta charset="windows-1251">', "cp1251", "Съешь же ещё этих мягких булок"),
        ("<meta http-equiv=Content-Type content='text/html; charset=Shift_JIS'>", "shift_jis", "日本語の文章です"),
        ("<meta charset=iso-8859-1>", "cp1252", "“Año” nuevo\u2014 3 €"),
        ("<meta charset=iso-8859-1>", "utf-8", "“Año” nuevo\u2014 3 €"),
        ("", "utf-16", "Año nuevo"),
        ("<meta charset=zlib>", "cp1252", "Año nuevo"),
        ("<meta charset=utf-7>", "cp1252", "Año nuevo"),
    ],
)
def test_a_page_says_its_encoding_and_may_be_wrong(meta: str, encoding: str, text: str) -> None:
    """What is valid UTF-8 is UTF-8, and not every codec that Python knows is for text."""
    assert read(f"{meta}<p>{text}", encoding=encoding).text == text
