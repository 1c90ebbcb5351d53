"""Long lists of words in a pattern, written so that an engine soon sees that none of them stands there."""

from collections.abc import Iterable


def either(words: Iterable[str], *, any_case: bool = False) -> str:
    """
    Join *words*, patterns that begin with a letter; those that begin alike stay in their order.

    To try a hundred words at each place takes ten times as long as to try their
    first letters. With *any_case* the words are given in lower case.
    """
    rests: dict[str, list[str]] = {}
    for word in words:
        rests.setdefault(word[0], []).append(word[1:])
    if any_case:
        return "|".join(f"[{first}{first.upper()}](?i:{'|'.join(rest)})" for first, rest in rests.items())
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items())
