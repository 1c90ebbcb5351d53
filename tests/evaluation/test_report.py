"""What is printed and written of the figures."""

from pathlib import Path

import pytest

from tests.evaluation.__main__ import main
from tests.evaluation.engines import Answer
from tests.evaluation.entity_scores import Found
from tests.evaluation.gold import FOLDER, GoldDocument, documents
from tests.evaluation.mistakes import mistakes
from tests.evaluation.results import evaluate
from tests.evaluation.tables import tables

FIXTURES = FOLDER / "fixtures"


def guesses(document: GoldDocument) -> Answer:
    """Answer some right and some wrong things."""
    if document.language == "es":
        return Answer(entities=(), keywords=("biblioteca",), summary="La biblioteca de Teruel abre en junio.")
    return Answer(
        entities=(
            Found("PERSON", "Tennant"),
            Found("MISC", "Pier Street"),
            Found("ORGANIZATION", "Port Authority"),
            Found("DATE", "3 May 2024", "2024-03-05"),
            Found("DATE", "1911", "1911"),
        ),
        keywords=("harbour walls", "pier"),
        summary="Tennant answers from Monday.",
    )


def test_tables_add_up_what_all_documents_gave() -> None:
    """A mean of percentages would let a document with one name weigh as much as one with forty."""
    results = evaluate(documents(FIXTURES), lambda _language: {"ours": guesses})

    names, patterns, keywords, summaries = tables(results)
    assert [row[:5] for row in names.rows] == [
        ["es (1)", "ours", ".00", ".00", ".00"],
        ["en (1)", "ours", ".50", ".25", ".33"],
    ]
    assert [row[:7] for row in patterns.rows] == [["en (1)", "ours", "1.00", ".67", ".80", ".80", ".50"]]
    assert [row[2:5] for row in keywords.rows] == [["1.00", "1.00", "1.00"], [".50", ".25", ".33"]]
    assert [row[3] for row in summaries.rows] == ["1.00", ".00"]
    assert names.markdown().splitlines()[2].startswith("|  |  | P | R | F1 |")


def test_mistakes_say_what_was_meant() -> None:
    """Whoever mends the engine needs the name, not the figure."""
    (result,) = evaluate(documents(FIXTURES, language="en"), lambda _language: {"ours": guesses}).every

    said = list(mistakes(result))
    assert "  + MISC 'Pier Street' (is LOCATION)" in said
    assert "  + ORGANIZATION 'Port Authority' (meant: Port Authority of Kilmory)" in said
    assert "  - ORGANIZATION 'Sandvik & Daughters'" in said
    assert "  ~ DATE '3 May 2024': 2024-03-05, not 2024-05-03" in said
    assert "    untold: Pier Street & 3 May 2024" in said


def test_the_command_prints_tables_and_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page is for people, so it must show every document and load nothing from elsewhere."""
    page = tmp_path / "build" / "evaluation.html"

    status = main(["--only", "core", "--folder", str(FIXTURES), "--misses", "--page", str(page)])

    printed, written = capsys.readouterr().out, page.read_text(encoding="utf-8")
    assert status == 0
    assert "lead-80" in printed
    assert "en/01-notice" in printed
    assert "<b>01-notice</b>" in written
    assert "Sandvik &amp; Daughters" in written
    assert not {"src=", "href="} & set(written.split())


def test_documents_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    """An empty table would look like a run that went well."""
    assert main(["--folder", str(FIXTURES), "--document", "nowhere", "--page", str(tmp_path / "page.html")]) == 1
