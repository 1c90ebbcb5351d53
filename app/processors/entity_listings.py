"""Names that stand in a list: of those that are known the others are taken to be the like."""

from collections.abc import Sequence

from app.processors.entity_evidence import LOCATION, ORGANIZATION, PERSON, UNKNOWN, Judged, Judgement

_LISTED_TYPES = frozenset({PERSON, ORGANIZATION, LOCATION})
_BETWEEN = frozenset(
    [", ", " y ", " e ", " and ", " et ", ", and ", " o ", " ou ", " or ", " & ", ",\n", " / ", ", y "]
)
_LONGEST_GAP = 10
_SURE, _GUESS = 0.7, 0.5
_FEWEST = 2


def listed_together(text: str, judged: Sequence[Sequence[Judged]], types: dict[str, Judgement]) -> dict[str, Judgement]:
    """Take a name of which little is known for what its neighbours are: `Quito, Ambato and Zumbilla`."""
    found: dict[str, Judgement] = {}
    for names_of_section in judged:
        chain: list[str] = []
        last, is_list = 0, False
        for one in names_of_section:
            gap = text[last : one.start] if one.start - last <= _LONGEST_GAP else ""
            if gap not in _BETWEEN:
                found |= _like_the_others(chain, types, is_list=is_list)
                chain, is_list = [], False
            is_list = is_list or gap.strip(" ,") != "" or len(chain) > 1
            chain.append(one.name.lower())
            last = one.end
        found |= _like_the_others(chain, types, is_list=is_list)
    return found


def _like_the_others(chain: Sequence[str], types: dict[str, Judgement], *, is_list: bool) -> dict[str, Judgement]:
    """Two names with a comma between them may be an apposition: `the mayor of Ashdene, Ruth Calloway`."""
    sure = {types[name].type for name in chain if types[name].score >= _SURE and types[name].type in _LISTED_TYPES}
    if not is_list or len(chain) < _FEWEST or len(sure) != 1:
        return {}
    [kind] = sure
    doubtful = (name for name in chain if types[name].score <= _GUESS or types[name].type == UNKNOWN)
    return {name: Judgement(kind, 0.6) for name in doubtful}
