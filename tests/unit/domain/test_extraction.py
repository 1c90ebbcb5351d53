"""What a result says of the file it is about."""

from app.domain.extraction import Extraction, Heading, after_reading, described, reading
from app.domain.processing import RESULT_BYTES, Result, size

HEADINGS = (Heading(text="Título", level=1, start=0), Heading(text="Resumen", level=2, start=40))
EXTRACTION = Extraction(text="…", media_type="application/pdf", title="Título", pages=3, headings=HEADINGS)


def long_summary(*, leaves: int) -> dict[str, Result]:
    """Return a result that *leaves* so many bytes of what one may take."""
    empty: dict[str, Result] = {"summary": ""}
    return {"summary": "x" * (RESULT_BYTES - size(empty) - leaves)}


def test_a_result_says_what_file_it_is_about() -> None:
    """Whoever shows it needs the title, and a way to the sections."""
    assert described({"summary": "s"}, EXTRACTION) == {
        "summary": "s",
        "document": {
            "media_type": "application/pdf",
            "title": "Título",
            "pages": 3,
            "headings": [
                {"text": "Título", "level": 1, "start": 0},
                {"text": "Resumen", "level": 2, "start": 40},
            ],
        },
    }


def test_the_last_headings_give_way_first() -> None:
    """A result that the store does not take would be no result."""
    result = described(long_summary(leaves=200), EXTRACTION)

    assert isinstance(result, dict)
    assert isinstance(result["document"], dict)
    assert result["document"]["headings"] == [{"text": "Título", "level": 1, "start": 0}]
    assert result["truncated"] is True
    assert size(result) <= RESULT_BYTES


def test_a_result_without_room_stays_as_it_is_and_says_so() -> None:
    """The answer itself is worth more than what it is about."""
    full = long_summary(leaves=50)

    result = described(full, EXTRACTION)

    assert result == full | {"truncated": True}
    assert size(result) <= RESULT_BYTES


def test_an_answer_that_is_no_object_is_left_alone() -> None:
    """There is nowhere to put it."""
    assert described("SHOUTED", EXTRACTION) == "SHOUTED"


def test_reading_and_what_follows_share_the_way_from_0_to_1() -> None:
    """Progress that goes back to 0 looks like an attempt that failed."""
    heard: list[tuple[str, float]] = []

    def report(stage: str, fraction: float, /) -> None:
        heard.append((stage, round(fraction, 3)))

    for stage, part in (("extract", reading(report)), ("summary", after_reading(report))):
        part(stage, 0.0)
        part(stage, 1.0)

    assert heard == [("extract", 0.0), ("extract", 0.2), ("summary", 0.2), ("summary", 1.0)]
