"""The capitalised words that names are made of, and what the lists know of a word."""

from typing import NamedTuple

from app.processors.gazetteers import Gazetteers


class Part(NamedTuple):
    """One capitalised word of the text, and where it stands."""

    start: int
    end: int
    word: str


def is_head(word: str, lists: Gazetteers) -> bool:
    """Tell whether *word* says what follows it is: an institution, a place, a work."""
    return is_organization_head(word, lists) or word in lists.place_heads or word in lists.work_heads


def is_organization_head(word: str, lists: Gazetteers) -> bool:
    """Tell whether *word* stands at one end of the names of institutions."""
    return word in lists.organization_heads or word in lists.organization_tails


def is_known(name: str, lists: Gazetteers) -> bool:
    """Tell whether *name* is listed under any type."""
    return (
        name in lists.places or name in lists.organizations or name in lists.technologies or name in lists.first_names
    )
