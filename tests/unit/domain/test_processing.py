"""The contract between the engine and whatever reads a document."""

from dataclasses import FrozenInstanceError
from math import inf, nan
from typing import override

import pytest

from app.domain.errors import PermanentFailure, UnknownModel
from app.domain.processing import (
    RESULT_BYTES,
    Document,
    Execution,
    Json,
    Kind,
    Models,
    Processor,
    Progress,
    Report,
    Result,
    answer,
    told,
)


def shout(document: Document, _report: Report) -> Result:
    """Answer the text in capitals."""
    return document.text.upper()


class OneModel(Models):
    """Knows `shout`, for texts only."""

    @override
    def find(self, name: str, kind: Kind) -> Processor:
        if (name, kind) != ("shout", Kind.TEXT):
            raise UnknownModel
        return Processor(name="shout", run=shout, kinds=frozenset({Kind.TEXT}))


@pytest.mark.parametrize("fraction", [-0.001, 1.001, 42.0, -inf, inf, nan])
def test_progress_outside_of_its_range_is_refused(fraction: float) -> None:
    """A progress bar at 4,200 per cent is a processor's mistake, and NaN is not even JSON."""
    with pytest.raises(ValueError, match="is not between 0 and 1"):
        Progress(stage="reading", fraction=fraction)


@pytest.mark.parametrize("fraction", [0, 0.0, 0.5, 1, 1.0])
def test_progress_includes_both_ends(fraction: float) -> None:
    """Work begins at nothing and ends at all."""
    assert Progress(stage="reading", fraction=fraction).fraction == fraction


@pytest.mark.parametrize(("fraction", "kept"), [(-1.0, 0.0), (0.25, 0.25), (7.0, 1.0), (nan, 0.0)])
def test_what_a_model_reports_is_made_to_fit(fraction: float, kept: float) -> None:
    """A model's mistake in its own progress bar must not cost the attempt."""
    assert Progress.reported("reading", fraction).fraction == kept


def test_what_a_model_says_is_made_fit_to_be_stored() -> None:
    """A message that no store can keep would be written again and again, and its task never end."""
    assert told("x" * 5000 + "\ud800", at_most=1000) == "x" * 1000
    assert told("half a pair: \ud800", at_most=1000) == "half a pair: ?"


def test_a_processor_needs_no_more_than_a_name_and_a_function() -> None:
    """Adding a model is a few lines: it runs apart from the loop, and takes documents and texts."""
    processor = Processor(name="shout", run=shout)

    assert processor.execution is Execution.CPU
    assert processor.kinds == {Kind.DOCUMENT, Kind.TEXT}
    assert processor.aliases == ()
    assert processor.time_limit is None
    assert processor.load is None


def test_a_document_has_the_default_options_if_the_caller_chose_none() -> None:
    """An absent option means the default, so two documents must not share what one of them was given."""
    document = Document(text="hello")

    assert document.kind is Kind.DOCUMENT
    assert document.options == {}
    assert document.options is not Document(text="hello").options


def test_what_a_processor_is_given_cannot_be_changed() -> None:
    """The next attempt must see what the first one saw."""
    document = Document(text="hello")

    with pytest.raises(FrozenInstanceError):
        document.text = "changed"  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize(
    ("name", "kind", "known"),
    [("shout", Kind.TEXT, True), ("shout", Kind.DOCUMENT, False), ("whisper", Kind.TEXT, False)],
)
def test_a_process_knows_the_models_that_it_finds(name: str, kind: Kind, *, known: bool) -> None:
    """During a deployment, tasks of a newer version's model are left to the newer version."""
    assert OneModel().knows(name, kind) is known


@pytest.mark.parametrize(
    ("returned", "kind", "expected"),
    [
        ({"summary": "Short.", "keywords": []}, Kind.DOCUMENT, {"summary": "Short.", "keywords": []}),
        ("Short.", Kind.DOCUMENT, {"summary": "Short."}),
        ("HELLO", Kind.TEXT, "HELLO"),
        ("", Kind.TEXT, ""),
        ({"summary": "Short.", "keywords": []}, Kind.TEXT, "Short."),
        ("half a pair: \ud800", Kind.TEXT, "half a pair: ?"),
        ({"summary": "", "at": [(0, 4), (5, 9)]}, Kind.DOCUMENT, {"summary": "", "at": [[0, 4], [5, 9]]}),
    ],
)
def test_an_answer_gets_the_shape_its_callers_expect(returned: object, kind: Kind, expected: Json) -> None:
    """One model serves both kinds of callers, and what is stored is what JSON can say."""
    assert answer(returned, kind) == expected


@pytest.mark.parametrize(
    ("returned", "kind"),
    [
        (None, Kind.DOCUMENT),
        (["Short."], Kind.DOCUMENT),
        ({"keywords": []}, Kind.DOCUMENT),
        ({"summary": None}, Kind.DOCUMENT),
        (None, Kind.TEXT),
        ({"keywords": []}, Kind.TEXT),
        (5, Kind.TEXT),
    ],
)
def test_an_answer_of_another_shape_is_a_permanent_failure(returned: object, kind: Kind) -> None:
    """A model that forgets its answer forgets it every time."""
    with pytest.raises(PermanentFailure, match=f"no answer that fits a {kind.value}"):
        answer(returned, kind)


def nested(depth: int) -> list[object]:
    """Return lists in lists."""
    inner: list[object] = []
    for _ in range(depth):
        inner = [inner]
    return inner


@pytest.mark.parametrize(
    "value",
    [nan, inf, b"bytes", {1, 2}, object(), nested(100_000)],
    ids=["NaN", "infinity", "bytes", "set", "object", "too deep"],
)
def test_an_answer_that_is_no_json_is_a_permanent_failure(value: object) -> None:
    """It could be neither stored nor sent, and would fail again after every attempt."""
    with pytest.raises(PermanentFailure, match="cannot be written as JSON"):
        answer({"summary": "Short.", "more": value}, Kind.DOCUMENT)


def test_an_answer_of_many_small_pieces_is_given_up_at_the_limit() -> None:
    """A model that returns everything it knows must not fill this process's memory a second time."""
    with pytest.raises(PermanentFailure, match="larger than"):
        answer({"summary": "Short.", "everything": ["piece"] * RESULT_BYTES}, Kind.DOCUMENT)


def test_an_answer_may_be_as_large_as_the_limit_and_no_larger() -> None:
    """Bytes count, as in the store: two for each of these characters."""
    fitting = "é" * ((RESULT_BYTES - len('""')) // 2)

    assert answer(fitting, Kind.TEXT) == fitting
    with pytest.raises(PermanentFailure, match="larger than"):
        answer(fitting + "é", Kind.TEXT)
