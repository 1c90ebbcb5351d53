"""The default engine as the service calls it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from app.domain.processing import Document, Json, Kind
from app.processors.analysis import LARGEST_RESULT
from app.processors.entities import TYPES
from app.processors.extractive import PROCESSOR, load

TUTORIAL = (
    "Este es un documento de prueba para demostrar el procesamiento asíncrono con FastAPI y BackgroundTasks. "
    "Contiene información sobre la Inteligencia Artificial y el ecosistema Python."
)
GERMAN = (
    "Die Stadt Freiburg hat am 12. März 2025 beschlossen, alle Busse auf Strom umzustellen. Das Projekt kostet "
    "34 Millionen Euro. Die neuen Busse sind leiser und billiger im Betrieb. Mehr unter https://busse.example/plan."
)


def silent(_stage: str, _fraction: float) -> None:
    """Take a report of progress and do nothing with it."""


def result(text: str, options: Mapping[str, Json] | None = None) -> dict[str, Any]:
    """Run the engine on *text*."""
    answer = PROCESSOR.run(Document(text=text, options=options or {}), silent)
    assert isinstance(answer, dict)
    return answer


def test_the_tutorials_document_is_understood() -> None:
    """It is the first document that everybody sends."""
    answer = result(TUTORIAL)

    misc = [entity["text"] for entity in answer["entities"] if entity["type"] == "MISC"]
    assert answer["language"] == "es"
    assert {"FastAPI", "Python"} <= set(misc)
    assert "inteligencia artificial" in answer["keywords"]
    assert answer["summary"] in TUTORIAL


def test_a_name_that_was_found_is_whole_in_the_keywords() -> None:
    """The two lists stand side by side and must not contradict each other."""
    text = (
        "La Biblioteca Municipal de Zaragoza cerró el año con más visitas. La directora de la Biblioteca Municipal "
        "atribuye las visitas al horario. Muchas visitas llegan desde la Universidad de Zaragoza."
    )

    answer = result(text, {"language": "es"})

    named = {entity["text"] for entity in answer["entities"]}
    assert "Biblioteca Municipal de Zaragoza" in named & set(answer["keywords"])
    assert not {"Biblioteca Municipal", "Municipal de Zaragoza", "biblioteca"} & set(answer["keywords"])


def test_the_result_has_the_shape_of_the_contract() -> None:
    """Clients are written against it."""
    answer = result(TUTORIAL)

    assert set(answer) == {
        "summary", "keywords", "entities", "language", "language_supported", "model_name", "statistics",
    }  # fmt: skip
    assert answer["model_name"] == "extractive_v1"
    assert answer["statistics"] == {"characters": len(TUTORIAL), "sentences": 2, "words": 25}
    assert all(entity["type"] in TYPES for entity in answer["entities"])


def test_its_names_are_the_ones_callers_use() -> None:
    """The tutorial asks for `summarizer_v1`, everybody else for the default."""
    assert PROCESSOR.name == "extractive_v1"
    assert {"default_ai_model", "summarizer_v1"} <= set(PROCESSOR.aliases)
    assert PROCESSOR.kinds == frozenset(Kind)


def test_an_unsupported_language_is_said_to_be_one() -> None:
    """The caller can then judge what the result is worth."""
    answer = result(GERMAN)

    types = {entity["type"] for entity in answer["entities"]}
    assert (answer["language"], answer["language_supported"]) == ("de", False)
    assert answer["summary"]
    assert answer["keywords"]
    assert {"DATE", "URL"} <= types


def test_the_same_document_has_the_same_result() -> None:
    """Processing happens at least once, so twice must be the same."""
    assert json.dumps(result(TUTORIAL * 5)) == json.dumps(result(TUTORIAL * 5))


def test_each_paragraph_is_read_in_its_own_language() -> None:
    """A sum, a date and a stop word mean different things in each."""
    spanish = "El ayuntamiento de Soria pagó 1.250 euros por las obras del puente, que terminaron el 3/4/2024."
    english = "The council of Leeds paid 1,250 dollars for the works on the bridge, which ended on 3/4/2024."

    answer = result(f"{spanish}\n\n{spanish}\n\n{english}")

    values = {(entity["text"], entity.get("value")) for entity in answer["entities"]}
    assert answer["language"] == "es"
    assert {("1.250 euros", "1250 EUR"), ("3/4/2024", "2024-04-03"), ("3/4/2024", None)} <= values
    assert {"Soria", "Leeds"} <= {text for text, _ in values}
    assert not {"the", "which", "the works", "las obras"} & set(answer["keywords"])


def test_the_callers_language_is_taken() -> None:
    """Short texts are guessed badly; the caller knows."""
    assert result("Hola Lisboa", {"language": "pt-BR"})["language"] == "pt"


def test_options_are_honoured() -> None:
    """An option is never ignored."""
    text = " ".join(f"La obra número {number} de la ciudad terminó en {2000 + number}." for number in range(1, 9))

    answer = result(text, {"max_keywords": 2, "summary_sentences": 1, "entity_types": ["DATE"]})

    assert len(answer["keywords"]) <= 2
    assert answer["summary"].count(".") == 1
    assert {entity["type"] for entity in answer["entities"]} == {"DATE"}


def test_progress_only_goes_forward() -> None:
    """A bar that jumps back is not believed."""
    seen: list[tuple[str, float]] = []

    PROCESSOR.run(Document(text=TUTORIAL * 50), lambda stage, fraction: seen.append((stage, fraction)))

    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert list(dict(seen)) == ["language", "sentences", "keywords", "entities", "summary"]
    assert fractions[-1] == 1.0


@pytest.mark.parametrize(
    "text",
    ["Hola", "😀", "😀 🎉 👩‍👩‍👧", "a\x00b \x00 c", "\ud800 x", "1 2 3", ".",
     "שלום עולם, זה מסמך קצר מאוד.", "هذا مستند قصير للاختبار فقط."],
)  # fmt: skip
def test_odd_texts_have_results(text: str) -> None:
    """Whatever passes validation ends with a result."""
    answer = result(text)

    assert isinstance(answer["summary"], str)
    json.dumps(answer, ensure_ascii=False).encode()


def test_control_characters_stay_inside_the_document() -> None:
    """Firestore and terminals choke on them; positions stay true all the same."""
    text = "Ayer\x00 llegó la carta\x07 de Lisboa."

    answer = result(text, {"language": "es"})

    [start, end] = answer["entities"][0]["positions"][0]
    assert text[start:end] == "Lisboa"
    assert "\x00" not in json.dumps(answer, ensure_ascii=False)


def test_positions_survive_windows_line_ends() -> None:
    """They refer to what was sent, not to what was cleaned."""
    text = "Primera línea del texto.\r\n\r\nEl viaje acaba en Lisboa.\r\n"

    answer = result(text, {"language": "es"})

    [start, end] = answer["entities"][0]["positions"][0]
    assert text[start:end] == "Lisboa"


@pytest.mark.parametrize("unit", ["a", "palabra ", "«", "\n"])
def test_a_megabyte_of_one_thing_ends(unit: str) -> None:
    """The largest content the service takes, at its dullest."""
    text = (unit * (2**20 // len(unit)))[: 2**20]

    answer = result(text)

    assert answer["statistics"]["characters"] == len(text)
    assert len(json.dumps(answer).encode()) <= LARGEST_RESULT


def test_a_result_that_would_be_too_large_is_cut_and_says_so() -> None:
    """Half a megabyte is what the service stores."""
    text = " ".join(f"Escriba a persona{number}@departamento{number}.example hoy." for number in range(5000))

    answer = result(text)

    assert answer["truncated"] is True
    assert len(json.dumps(answer).encode()) <= LARGEST_RESULT


def test_a_long_summary_on_request_is_still_bounded() -> None:
    """`summary_sentences` may be large."""
    text = " ".join(f"La frase {number} habla de {'ñ' * 300} y de nada más." for number in range(500))

    assert len(json.dumps(result(text, {"summary_sentences": 400})).encode()) <= LARGEST_RESULT


def test_loading_twice_is_harmless() -> None:
    """The fork server loads, and so does each child."""
    load()
    load()

    assert PROCESSOR.load is load
