"""What the right answers say, and that they belong to their texts."""

from pathlib import Path

import pytest

from tests.evaluation.gold import FOLDER, GoldDocument, GoldEntity, documents, indexed_documents, read
from tests.evaluation.summary_scores import tells

FIXTURES = FOLDER / "fixtures"
EVERY = [*documents(FOLDER / "documents"), *documents(FOLDER / "untouched"), *documents(FIXTURES)]


def test_a_document_is_read_with_its_answers() -> None:
    """Whatever is misread here makes every figure wrong."""
    document = read(FIXTURES / "en" / "01-notice.yaml")

    assert (document.name, document.language, document.genre) == ("01-notice", "en", "notice")
    assert document.summary.startswith("Pier Street is closed on 3 May 2024 for repairs that cost")
    assert document.facts == ((("Pier Street",), ("3 May 2024",)), (("£1,200", "Sandvik"), ("cost",)))
    assert document.entities[0] == GoldEntity(type="PERSON", forms=("Orla Tennant", "Tennant"))
    assert document.entities[-1] == GoldEntity(type="MONEY", forms=("£1,200",), value="1200 GBP")


def test_lines_with_one_value_are_one_thing() -> None:
    """An engine that joins a date in words and the same in digits must not be told that it missed one."""
    document = read(FIXTURES / "es" / "01-aviso.yaml")

    dates = [entity for entity in document.entities if entity.type == "DATE"]
    assert dates == [GoldEntity(type="DATE", forms=("2 de junio de 2025", "02/06/2025"), value="2025-06-02")]


def test_documents_are_chosen_by_language_and_name() -> None:
    """Whoever works on one document does not want to wait for all."""
    assert [document.language for document in documents(FIXTURES)] == ["en", "es"]
    assert [document.name for document in documents(FIXTURES, language="es")] == ["01-aviso"]
    assert [document.name for document in documents(FIXTURES, name="notice")] == ["01-notice"]


def test_a_type_that_the_service_does_not_know_is_refused(tmp_path: Path) -> None:
    """A misspelt type would count as missed for ever."""
    written = (FIXTURES / "es" / "01-aviso.yaml").read_text(encoding="utf-8").replace("PERSON", "PERSONA")
    path = tmp_path / "01-aviso.yaml"
    path.write_text(written, encoding="utf-8")

    with pytest.raises(ValueError, match="PERSONA"):
        read(path)


@pytest.mark.parametrize("document", EVERY, ids=lambda document: f"{document.language}-{document.name}")
def test_every_right_answer_stands_in_its_text(document: GoldDocument) -> None:
    """An answer that nobody could give lowers every figure, and nobody sees why."""
    text = " ".join(document.text.split())
    forms = [form for entity in document.entities for form in entity.forms]

    assert [form for form in forms if " ".join(form.split()) not in text] == []
    assert [fact for fact in document.facts if not tells(text, fact)] == []


@pytest.mark.parametrize("folder", ["documents", "indexed", "untouched", "fixtures"])
def test_every_key_phrase_stands_in_its_text(folder: str) -> None:
    """A ranking that learns from what is not there learns nothing."""
    strange = [
        (document.language, document.name, form)
        for document in indexed_documents(FOLDER / folder)
        for phrase in document.keywords
        for form in phrase.split(" | ")
        if form.casefold() not in " ".join(document.text.split()).casefold()
    ]

    assert strange == []
