"""The catalogue: what an installation offers, and how it refuses what cannot be offered."""

from datetime import timedelta

import pytest

from app.domain.errors import UnknownModel
from app.domain.processing import Document, Execution, Json, Kind, Processor, Report
from app.processors.catalogue import Catalogue, CatalogueError, processor


def quiet(_stage: str, _fraction: float, /) -> None:
    """Report to nobody."""


def make(name: str, *aliases: str, kinds: frozenset[Kind] = frozenset(Kind)) -> Processor:
    """Return a model that goes by *name*."""

    @processor(name, aliases=aliases, kinds=kinds)
    def run(document: Document, _report: Report) -> Json:
        return document.text

    return run


def test_built_in_models_are_there_without_any_module() -> None:
    """The tutorial's requests work on an installation that nobody has configured."""
    catalogue = Catalogue.load([])

    assert catalogue.find("summarizer_v1", Kind.DOCUMENT) is catalogue.find("default_ai_model", Kind.DOCUMENT)
    assert "uppercase" in catalogue.names(Kind.TEXT)


def test_a_module_registers_models_by_having_them() -> None:
    """Ten lines and a variable make somebody's function durable."""
    catalogue = Catalogue.load(["tests.models.is_fine"])

    assert catalogue.find("backwards", Kind.TEXT).name == "reverse"
    assert {"reverse", "backwards", "well_behaved"} <= set(catalogue.names(Kind.TEXT))
    assert {"reverse", "translate", "well_behaved"} <= {offered.name for offered in catalogue}


def test_a_model_imported_by_a_second_module_is_offered_once() -> None:
    """An import is not a second model of the same name."""
    catalogue = Catalogue.load(["tests.poison", "tests.models.is_fine"])

    assert [offered.name for offered in catalogue].count("well_behaved") == 1


def test_a_coroutine_function_becomes_an_io_model() -> None:
    """Whoever waits for a network does not take up a CPU slot."""
    catalogue = Catalogue.load(["tests.models.is_fine"])

    assert catalogue.find("translate", Kind.DOCUMENT).execution is Execution.IO
    assert catalogue.find("reverse", Kind.TEXT).execution is Execution.CPU


def test_the_decorator_keeps_what_it_is_told() -> None:
    """What /models says about a model comes from here."""
    catalogue = Catalogue.load(["tests.models.is_fine"])

    translate = catalogue.find("translate", Kind.DOCUMENT)
    reverse = catalogue.find("reverse", Kind.TEXT)

    assert (translate.description, translate.languages, translate.time_limit) == (
        "Translates",
        ("es",),
        timedelta(seconds=7),
    )
    assert reverse.description == "Read from right to left."


def test_a_decorated_function_can_still_be_called() -> None:
    """A model's author tests it without this service."""
    reverse = Catalogue.load(["tests.models.is_fine"]).find("reverse", Kind.TEXT)

    assert reverse.run(Document(text="abc"), quiet) == "cba"


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    """A caller who mistyped a name learns the right one, and the message does not repeat the caller's text."""
    catalogue = Catalogue((make("short", "brief"), make("shout", kinds=frozenset({Kind.TEXT}))))

    with pytest.raises(UnknownModel) as refused:
        catalogue.find("shrot", Kind.DOCUMENT)

    assert refused.value.message == "No document model has this name; known are short, brief"


def test_a_model_is_unknown_for_a_kind_that_it_does_not_accept() -> None:
    """A document sent to a model for texts is refused before it is stored."""
    catalogue = Catalogue((make("shout", kinds=frozenset({Kind.TEXT})),))

    assert catalogue.knows("shout", Kind.TEXT)
    assert not catalogue.knows("shout", Kind.DOCUMENT)


@pytest.mark.parametrize(
    ("module", "complaint"),
    [
        ("tests.models.is_missing", "'tests.models.is_missing' cannot be imported. Correct AFTERWORD_PROCESSORS"),
        ("tests.models.breaks_on_import", "'tests.models.breaks_on_import' cannot be imported"),
        ("tests.models.offers_nothing", "'tests.models.offers_nothing', named in AFTERWORD_PROCESSORS, offers no"),
        (
            "tests.models.takes_a_taken_name",
            "called 'uppercase': one in module 'app.processors.uppercase', one in module 'tests.models.takes",
        ),
    ],
)
def test_a_module_that_cannot_be_offered_is_refused_at_start(module: str, complaint: str) -> None:
    """An operator reads which module it is and which variable names it, before any task is accepted."""
    with pytest.raises(CatalogueError, match=complaint):
        Catalogue.load([module])


@pytest.mark.parametrize("name", ["", " ", "-x", "a b", "a/b", "a,b", "ñ", "x" * 65])
def test_a_name_that_could_not_be_written_in_a_list_or_a_url_is_refused(name: str) -> None:
    """Names travel in URLs, metrics and comma-separated lists."""
    with pytest.raises(CatalogueError, match="is no name for a model"):
        Catalogue((make(name),))


def test_a_model_that_cannot_run_where_it_says_is_refused() -> None:
    """A plain function on the event loop would stop every request."""
    blocking = Processor(name="blocking", run=make("any").run, execution=Execution.IO)

    with pytest.raises(CatalogueError, match="must be a coroutine function to run as 'io'"):
        Catalogue((blocking,))
