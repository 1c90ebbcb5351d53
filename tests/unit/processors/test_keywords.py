"""Keywords are read at a glance: one odd entry makes the whole list look careless."""

import pytest

from app.processors.keywords import keywords
from app.processors.reading import Reading

SPANISH = (
    "El riego por goteo ahorra agua. Los agricultores de la comarca instalaron el riego por goteo en sus huertos. "
    "Con el riego por goteo, el consumo de agua bajó a la mitad. La cooperativa estudia ahora la energía solar "
    "para mover las bombas de agua. La energía solar es barata en la comarca."
)
ENGLISH = (
    "Coral reefs protect the coast. When ocean temperatures rise, coral reefs lose their colour. The research team "
    "measured ocean temperatures around twelve coral reefs. Marine biologists hope that shade can save coral reefs."
)
FRENCH = (
    "Le tramway relie la gare au port. La ligne de tramway transporte dix mille voyageurs. Les voyageurs demandent "
    "une ligne de tramway vers l'hôpital. Le port restera relié au tramway."
)
PORTUGUESE = (
    "A energia eólica cresceu no país. Os parques de energia eólica produzem eletricidade barata. A energia eólica "
    "depende do vento. O vento do norte favorece os parques."
)


def found(text: str, language: str, count: int = 10) -> list[str]:
    """List the keywords of *text* in one step."""
    return keywords(Reading.of(text, language), count=count)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        (SPANISH, "es", "energía solar"),
        (ENGLISH, "en", "coral reefs"),
        (FRENCH, "fr", "ligne de tramway"),
        (PORTUGUESE, "pt", "energia eólica"),
    ],
)
def test_the_topic_is_among_the_first(text: str, language: str, expected: str) -> None:
    """A reader who sees only five must know what the text is about."""
    assert expected in found(text, language)[:5]


@pytest.mark.parametrize(("text", "language"), [(SPANISH, "es"), (ENGLISH, "en"), (FRENCH, "fr"), (PORTUGUESE, "pt")])
def test_every_phrase_stands_in_the_text(text: str, language: str) -> None:
    """A phrase that nobody wrote cannot be found again."""
    assert all(phrase.casefold() in text.casefold() for phrase in found(text, language))


def test_no_phrase_begins_or_ends_with_a_function_word() -> None:
    """`de agua` is a fragment."""
    ends = {word for phrase in found(SPANISH, "es") for word in (phrase.split()[0], phrase.split()[-1])}

    assert ends.isdisjoint({"de", "la", "el", "los", "por", "con", "en", "a"})


def test_singular_and_plural_are_one() -> None:
    """Near-duplicates waste places."""
    text = "El contrato es claro. Los contratos se firman aquí. Un contrato obliga. Los contratos duran un año."

    assert sum(phrase.startswith("contrato") for phrase in found(text, "es")) == 1


def test_names_keep_their_capitals_and_other_words_do_not() -> None:
    """Readable means as one would write it."""
    text = "El equipo usa FastAPI cada día. Con FastAPI las Pruebas Automáticas son rápidas."

    phrases = found(text, "es")

    assert "FastAPI" in phrases
    assert all(phrase == phrase.lower() for phrase in phrases if "FastAPI" not in phrase)


def test_the_parts_of_an_address_are_no_words() -> None:
    """`https` and `html` say nothing about a page."""
    text = "Los datos están en https://portal.example/datos/indice.html y en portal@correo.example desde ayer."

    assert not {"https", "html", "example", "correo"} & set(found(text, "es"))


def test_no_more_than_asked_for() -> None:
    """The option is a promise."""
    assert len(found(SPANISH, "es", count=2)) == 2


def test_function_words_alone_give_none() -> None:
    """An empty list is an honest answer."""
    assert found("de la que el en y a los se del", "es") == []


def test_a_piece_of_a_name_is_no_keyword() -> None:
    """`Municipal de Zaragoza` names nothing."""
    name = "Biblioteca Municipal de Zaragoza"
    text = (
        f"La {name} cerró el año con más visitas. La {name} abrirá los domingos. El Ayuntamiento de Zaragoza paga la "
        "digitalización de la prensa. La digitalización avanza."
    )

    phrases = keywords(Reading.of(text, "es"), names={name.lower(): name})

    assert name in phrases
    assert not {"biblioteca", "biblioteca municipal", "municipal de zaragoza", "municipal"} & {
        phrase.lower() for phrase in phrases
    }


def test_a_word_that_is_used_more_often_alone_stays_beside_the_name() -> None:
    """What the text is about may also be the head of a name in it."""
    name = "Museo Marítimo de Bermeo"
    text = (
        f"El {name} abrió ayer. Un museo pequeño atrae visitas. Otro museo presta barcos. Cada museo guarda un "
        "diario. Ningún museo cobra entrada. El museo cierra los lunes."
    )

    assert {name, "museo"} <= set(keywords(Reading.of(text, "es"), names={name.lower(): name}))


def test_no_phrase_is_a_fragment_of_another() -> None:
    """`conseil`, `conseil municipal` and `municipal de Nantes` are one thing said three times."""
    text = (
        "Le conseil municipal de Nantes vote le budget. Le conseil municipal de Nantes examine la piste cyclable. "
        "La piste cyclable passe par la gare."
    )

    phrases = [phrase.lower() for phrase in found(text, "fr")]

    assert "conseil municipal" in phrases
    assert not {"conseil", "municipal", "municipal de nantes", "piste", "cyclable"} & set(phrases)


@pytest.mark.parametrize(
    ("text", "language", "noun", "verb"),
    [
        ("La junta se propone cambios en el riego. El riego ya propone dudas.", "es", "riego", "propone"),
        ("L'usine qui consomme du gaz ferme. La consommation baisse.", "fr", "consommation", "consomme"),
        ("A fábrica que produz o vidro fecha. O vidro não produz lucro.", "pt", "vidro", "produz"),
        ("They prefer the harbour. We prefer a harbour with trees.", "en", "harbour", "prefer"),
    ],
)
def test_nouns_come_before_everyday_verbs(text: str, language: str, noun: str, verb: str) -> None:
    """A topic is a thing."""
    phrases = found(text, language)

    assert noun in phrases
    assert verb not in phrases or phrases.index(noun) < phrases.index(verb)


@pytest.mark.parametrize("unit", ["a", "ab ", "a-", "x y. ", "1 ", "\n", "😀"])
def test_hostile_repetition_ends(unit: str) -> None:
    """Whatever comes, there is an answer."""
    assert len(found(unit * 30_000, "es")) <= 10


def test_memory_does_not_grow_with_ever_new_words() -> None:
    """A dump of identifiers must not fill the child process."""
    text = " ".join(f"palabra{number}x" for number in range(30_000))

    assert len(found(text, "es")) <= 10


@pytest.mark.parametrize(
    ("text", "language", "telling", "general"),
    [
        ("The meeting heard of the goats. The meeting ended. It is for the goats.", "en", "goats", "meeting"),
        ("La reunión habló de colmenas. La reunión acabó. Hay colmenas vacías.", "es", "colmenas", "reunión"),
        ("La réunion a parlé des ruches. La réunion est finie. Les ruches sont vides.", "fr", "ruches", "réunion"),
        ("A reunião falou das colmeias. A reunião acabou. Há colmeias vazias.", "pt", "colmeias", "reunião"),
    ],
)
def test_what_any_document_may_speak_of_comes_later(text: str, language: str, telling: str, general: str) -> None:
    """Half of all minutes would have `meeting` for their topic."""
    phrases = found(text, language)

    assert phrases.index(telling) < (phrases.index(general) if general in phrases else len(phrases))


def test_an_institution_comes_before_a_word_that_occurs_as_often() -> None:
    """Who acts is what documents are searched by."""
    text = "The Kelp Council bought a boat. Nets were mended by hand in the sun. The oars are made of ash."

    phrases = keywords(
        Reading.of(text, "en"),
        names={"kelp council": "Kelp Council"},
        kinds={"kelp council": "ORGANIZATION"},
    )

    assert phrases[0] == "Kelp Council"


def test_an_adjective_that_never_leaves_its_noun_is_no_keyword_before_it() -> None:
    """`municipales` alone names nothing."""
    text = "Los huertos municipales crecen. Los huertos municipales dan calabazas. Se riegan los huertos municipales."

    assert found(text, "es")[0] == "huertos municipales"
    assert "municipales" not in found(text, "es")


def test_no_word_of_a_phrase_is_listed_beside_it() -> None:
    """Near-duplicates waste places."""
    text = (
        "Tidal power is clean. Tidal power costs money. Power from tidal power plants is dear. "
        "A power line leads to the power plants."
    )

    phrases = [frozenset(phrase.split()) for phrase in found(text, "en")]

    assert not [one for one in phrases for other in phrases if one < other]


@pytest.mark.parametrize("scrap", ["º", "__________"])
def test_what_has_no_letters_of_its_own_is_no_keyword(scrap: str) -> None:
    """`n.º 3` is a number, and a line is where people sign."""
    assert scrap not in found(f"El piso n.{scrap} 3 y el piso n.{scrap} 4. El piso n.{scrap} 5 y el n.{scrap} 6.", "es")
