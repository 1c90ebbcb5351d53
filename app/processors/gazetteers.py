"""
Lists of names and of words that announce names.

The lists are plain text in `data`, whose `SOURCES` says where they come from:
entries separated by commas or line ends, `#` for comments, `[section]` for
headings.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Gazetteers:
    """Everything that is known by name, in lower case."""

    countries: frozenset[str]
    homes: frozenset[str]
    """Where a part of a firm may be at home: countries, and some of their parts."""
    places: frozenset[str]
    doubtful_places: frozenset[str]
    organizations: frozenset[str]
    technologies: frozenset[str]
    first_names: frozenset[str]
    surnames: frozenset[str]
    common: frozenset[str]
    ambiguous: frozenset[str]
    titles: frozenset[str]
    roles: frozenset[str]
    person_labels: frozenset[str]
    verbs: frozenset[str]
    organization_heads: frozenset[str]
    organization_tails: frozenset[str]
    weak_organization_tails: frozenset[str]
    lower_organization_heads: frozenset[str]
    before_organizations: frozenset[str]
    organization_suffixes: frozenset[str]
    dealings: frozenset[str]
    owning: frozenset[str]
    trading: frozenset[str]
    place_heads: frozenset[str]
    place_tails: frozenset[str]
    lower_place_heads: frozenset[str]
    before_places: frozenset[str]
    work_heads: frozenset[str]
    work_tails: frozenset[str]
    before_works: frozenset[str]


@cache
def gazetteers() -> Gazetteers:
    """Read the lists, once in each process."""
    organization, place = _sections("organization_words"), _sections("place_words")
    person, work = _sections("person_words"), _sections("work_words")
    cities = _sections("cities")
    return Gazetteers(
        countries=_entries("countries"),
        homes=_entries("countries") | place["homes"],
        places=_entries("countries") | _entries("regions") | _entries("places") | cities["sure"],
        doubtful_places=cities["doubtful"],
        organizations=_entries("organizations"),
        technologies=_entries("technologies"),
        first_names=_entries("first_names"),
        surnames=_entries("surnames"),
        common=_entries("common_words"),
        ambiguous=_entries("ambiguous_words"),
        titles=person["titles"],
        roles=person["roles"],
        person_labels=person["labels"],
        verbs=person["verbs"],
        organization_heads=organization["heads"],
        organization_tails=organization["tails"],
        weak_organization_tails=organization["weak_tails"],
        lower_organization_heads=organization["lower_heads"],
        before_organizations=organization["before"],
        organization_suffixes=organization["suffixes"],
        dealings=organization["dealings"],
        owning=organization["dealings"] | organization["owning"],
        trading=organization["trading"],
        place_heads=place["heads"],
        place_tails=place["tails"],
        lower_place_heads=place["lower_heads"],
        before_places=place["before"],
        work_heads=work["heads"],
        work_tails=work["tails"],
        before_works=work["before"],
    )


def vocabulary(language: str) -> frozenset[str]:
    """Return the stems of the ordinary words of *language*; none of a language that is not supported."""
    return _vocabularies().get(language, frozenset())


@cache
def _vocabularies() -> dict[str, frozenset[str]]:
    return _sections("vocabulary")


@cache
def common_stems() -> dict[str, dict[str, float]]:
    """
    Map the common stems of each language to how common they are.

    4 is one word of 100,000, 5 is ten of them, and so on, to 7.5.
    """
    found: dict[str, dict[str, float]] = {}
    for heading, stems in _sections("common_stems").items():
        language, _, zipf = heading.partition(" ")
        found.setdefault(language, {}).update(dict.fromkeys(stems, float(zipf)))
    return found


def _entries(name: str) -> frozenset[str]:
    return frozenset().union(*_sections(name).values())


def _sections(name: str) -> dict[str, frozenset[str]]:
    sections: dict[str, set[str]] = {}
    heading = ""
    source = files("app.processors") / "data" / f"{name}.txt"
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            heading = line.strip("[] ")
        elif not line.startswith("# "):
            listed = sections.setdefault(heading, set())
            listed.update(entry.strip().lower() for entry in line.split(",") if entry.strip())
    return {heading: frozenset(listed) for heading, listed in sections.items()}
