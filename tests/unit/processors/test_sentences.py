"""Sentences as people break them over lines."""

import pytest

from app.processors.sentences import split


def prose(text: str, language: str = "en") -> list[str]:
    """List the sentences of *text* that are prose, each on one line."""
    return [" ".join(text[one.start : one.end].split()) for one in split(text, language) if one.is_prose]


def test_a_row_of_a_table_stays_on_its_line() -> None:
    """A column that ends in a full stop would drag the whole table into a sentence."""
    assert prose("Lot 1     Quays     3,000 t.\nLot 2     Sheds     1,200 t.\nBidders may bid for both lots.") == [
        "Bidders may bid for both lots."
    ]


@pytest.mark.parametrize(
    "line",
    ["Sent: Monday 3 p.m.", "> Enviado el: lunes 3 p. m.", "**De:** Inés D.", "Envoyé : à 9 h.", "Assunto: obras etc."],
)
def test_the_head_of_a_message_is_no_sentence(line: str) -> None:
    """When a message was sent is not what it says."""
    assert prose(f"{line}\n\nThe pier is closed today.") == ["The pier is closed today."]


def test_a_line_that_ends_in_a_preposition_goes_on() -> None:
    """Where lines were wrapped by hand, the next word may have fitted."""
    text = (
        "Work on the pier may not be done between\n1 May and 31 August because of the\nHerring gulls that nest there."
    )

    assert len(prose(text)) == 1


def test_a_short_word_with_a_full_stop_before_a_small_letter_is_an_abbreviation() -> None:
    """No list knows all that doctors and engineers shorten."""
    assert len(prose("On arrival the resp. rate was 28 and the temp. of the water low. Both fell later.")) == 2


@pytest.mark.parametrize("mark", [">", "> ", ">>", ">" * 20_000])
def test_empty_lines_of_an_answered_message_part_its_paragraphs(mark: str) -> None:
    """Every mail program marks them, too."""
    text = f"{mark} The pier is closed.\n{mark}\n{mark} The quay is open.\n"

    assert [sentence.lstrip("> ") for sentence in prose(text)] == ["The pier is closed.", "The quay is open."]


@pytest.mark.parametrize("text", ["Nos termos do artigo 146.º do Código.", "Según el art. 5.º de la ley."])
def test_an_ordinal_goes_on_behind_its_full_stop(text: str) -> None:
    """Laws and contracts in Portuguese and Spanish are full of them."""
    assert prose(text) == [text]
