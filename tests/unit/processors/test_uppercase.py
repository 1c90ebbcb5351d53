"""The tutorial's text model: its two sentences are part of the contract."""

from app.domain.processing import Document, Kind
from app.processors.uppercase import PROCESSOR


def silent(_stage: str, _fraction: float) -> None:
    """Take a report of progress and do nothing with it."""


def test_a_text_comes_back_in_capitals() -> None:
    """Clients of the tutorial compare this string."""
    document = Document(text="hola", kind=Kind.TEXT)

    result = PROCESSOR.run(document, silent)

    assert result == "Texto procesado asíncronamente: 'HOLA'"


def test_the_blocking_call_is_answered_without_the_adverb() -> None:
    """The caller waited, so nothing was asynchronous about it."""
    document = Document(text="hola", kind=Kind.TEXT, options={"blocking": True})

    result = PROCESSOR.run(document, silent)

    assert result == "Texto procesado: 'HOLA'"


def test_an_empty_text_is_a_text() -> None:
    """The contract lets `text` be empty."""
    document = Document(text="", kind=Kind.TEXT)

    result = PROCESSOR.run(document, silent)

    assert result == "Texto procesado asíncronamente: ''"


def test_it_takes_texts_only() -> None:
    """A document result is an object, and this is a string."""
    assert PROCESSOR.kinds == frozenset({Kind.TEXT})
