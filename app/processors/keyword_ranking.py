"""
The order of key phrases, as it is learnt from documents with chosen key phrases.

Boosted regression trees, read from `data/keyword_trees.json`; `make learn`
writes that file anew. Each tree asks a few signs of a phrase, and adds to the
odds of it what it has come to.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from app.processors.keyword_signs import SIGNS


@dataclass(frozen=True, slots=True)
class Ranking:
    """All trees, node by node; a leaf leads to itself."""

    depth: int
    roots: npt.NDArray[np.intp]
    sign: npt.NDArray[np.intp]
    limit: npt.NDArray[np.float32]
    below: npt.NDArray[np.intp]
    """Where to go on if the sign is not above the limit."""
    above: npt.NDArray[np.intp]
    value: npt.NDArray[np.float32]
    """What a leaf adds."""

    @classmethod
    def of(cls, trees: Mapping[str, Any]) -> "Ranking":
        """
        Take trees as the file has them: its members are those of this class, and `signs`.

        Raises:
            ValueError: If they were learnt from other signs.

        """
        if tuple(trees["signs"]) != SIGNS:
            raise ValueError("the trees were learnt from other signs: make learn")
        return cls(
            depth=trees["depth"],
            roots=np.array(trees["roots"]),
            sign=np.array(trees["sign"]),
            limit=np.array(trees["limit"], dtype=np.float32),
            below=np.array(trees["below"]),
            above=np.array(trees["above"]),
            value=np.array(trees["value"], dtype=np.float32),
        )

    def odds(self, described: Sequence[Sequence[float]]) -> list[float]:
        """Return the logarithm of the odds of each phrase, but for a constant; *described* are rows of `SIGNS`."""
        table = np.array(described, dtype=np.float32).reshape(-1, len(SIGNS))
        rows = np.arange(len(table))[:, None]
        node = np.broadcast_to(self.roots, (len(table), len(self.roots)))
        for _ in range(self.depth):
            is_above = table[rows, self.sign[node]] > self.limit[node]
            node = np.where(is_above, self.above[node], self.below[node])
        odds: list[float] = self.value[node].sum(axis=1, dtype=np.float64).tolist()
        return odds


@cache
def ranking() -> Ranking:
    """Read the trees, once in each process."""
    return Ranking.of(json.loads((files("app.processors") / "data" / "keyword_trees.json").read_text(encoding="utf-8")))
