"""What belongs to the name of an institution behind a comma or an `and`, and what begins another one."""

import re
from collections.abc import Sequence

from app.processors.entity_parts import Part, is_head, is_known, is_organization_head
from app.processors.gazetteers import Gazetteers

_PAIR = 2
_WHOLE_LIST = (
    "trust bank university college foundation company group association society institute council club hospital museum "
    "union church theatre library"
)
_WHOLE = frozenset(_WHOLE_LIST.split())
"""Behind `and` and a name of its own, these end another institution: `the Royal Society of Arts and Selwyn Trust`."""
_LAWS = frozenset({"act", "bill"})
_MINISTRY_LIST = (
    "ministerio ministry department ministère ministério secretaría secretaria consejería conselleria direction "
    "dirección direção departamento département concejalía instituto comisión commission committee comité comissão "
    "faculty facultad institute council"
)
_MINISTRIES = frozenset(_MINISTRY_LIST.split())
_OF = r"(?:(?:de la|de los|de las|del|de l['\u2019]|de|d['\u2019]|du|des|da|do|das|dos) ?)?"
_MORE = re.compile(
    rf"(?:, {_OF}[A-ZÀ-Þ][\w-]{{2,20}}(?: [A-ZÀ-Þ][\w-]{{2,20}})?){{1,5}},? (?:and|y|e|et) {_OF}[A-ZÀ-Þ]"
)
"""`Ministry of Trade, Tourism and Sport`: what stands between commas up to the last `and`."""


def goes_on_after_and(run: Sequence[Part], following: Sequence[Part], lists: Gazetteers, *, is_headed: bool) -> bool:
    """`Secretaría de Agricultura y Ganadería` is one name, and so is `Food and Drug Administration`."""
    first, last = following[0].word.lower(), following[-1].word.lower()
    is_own = len(following) > 1 and last in _WHOLE
    if _is_matter(run, following, lists):
        return not is_own
    if (is_own and any(is_organization_head(one.word.lower(), lists) for one in run[:2])) or (
        is_head(first, lists) and len(following) == 1
    ):
        return False
    if is_known(first, lists):
        is_pair = len(following) == 1 and run[-1].word.lower() in lists.places
        return is_headed and is_pair and len(run) > _PAIR
    is_tailed = (
        (last in lists.organization_tails or last in _LAWS)
        and len(following) > 1
        and not is_known(run[-1].word.lower(), lists)
    )
    return is_tailed or (is_headed and len(run) > 1 and not is_head(first, lists))


def is_in_charge_of(text: str, run: Sequence[Part], following: Sequence[Part], lists: Gazetteers) -> bool:
    """`Ministerio de Industria, Comercio y Turismo` has three matters."""
    return _is_matter(run, following, lists) and _MORE.match(text, run[-1].end) is not None


def _is_matter(run: Sequence[Part], following: Sequence[Part], lists: Gazetteers) -> bool:
    """Tell what a ministry may be in charge of from a person, a place and another institution."""
    first = following[0].word.lower()
    if len(run) == 1 or run[0].word.lower() not in _MINISTRIES or first in lists.places or first in lists.first_names:
        return False
    return first not in _MINISTRIES and (len(following) == 1 or not is_head(first, lists))
