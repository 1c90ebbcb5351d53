"""
How good the answers are: `make evaluate`.

Lets the engine answer documents whose right answers are known, and prints
figures beside those of simple means; `+` is found and not there, `-` is there and
not found, `~` has a wrong value. Writes all of it to `build/evaluation.html`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.evaluation.engines import OURS, core_engines, installed_engines, not_installed
from tests.evaluation.gold import FOLDER, documents
from tests.evaluation.mistakes import mistakes
from tests.evaluation.page import write_page
from tests.evaluation.results import LANGUAGES, Results, evaluate
from tests.evaluation.tables import tables

SETS: Final = {"Development documents": FOLDER / "documents", "Untouched documents": FOLDER / "untouched"}
PAGE: Final = Path("build/evaluation.html")


def main(arguments: Sequence[str]) -> int:
    """Print what was asked for; 1 if there is no such document."""
    asked = _parser().parse_args(arguments)
    folders = {str(asked.folder): asked.folder} if asked.folder else SETS
    chosen = {name: documents(path, language=asked.language, name=asked.document) for name, path in folders.items()}
    results = {name: evaluate(listed, lambda _language: core_engines()) for name, listed in chosen.items() if listed}
    if asked.only != "core":
        results = {name: core + evaluate(chosen[name], installed_engines) for name, core in results.items()}
    if not results:
        print("There are no such documents.", file=sys.stderr)
        return 1
    for name, of_set in results.items():
        _print(name, of_set, asked)
    if asked.only != "core":
        for line in not_installed(sorted({code for of_set in results.values() for code in of_set.languages})):
            print(f"({line})")
    write_page(asked.page, results)
    print(f"Each document with its right answers and ours: {asked.page}", file=sys.stderr)
    return 0


def _print(name: str, results: Results, asked: argparse.Namespace) -> None:
    print(f"## {name}\n" if asked.markdown else f"{name.upper()}\n")
    for table in tables(results):
        print(table.markdown() if asked.markdown else table.plain(), end="\n\n")
    if asked.misses:
        for one in results.of(engine=OURS).every:
            print(*mistakes(one), sep="\n")
        print()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation", description=__doc__)
    parser.add_argument("--only", choices=["core"], help="compare with nothing that has to be installed")
    parser.add_argument("--language", choices=LANGUAGES)
    parser.add_argument("--document", default="", metavar="NAME", help="only documents with this in their name")
    parser.add_argument("--misses", action="store_true", help="list what is wrong with each answer")
    parser.add_argument("--markdown", action="store_true", help="print the tables in Markdown")
    parser.add_argument("--folder", type=Path, help="documents from this folder only")
    parser.add_argument("--page", type=Path, default=PAGE, help=f"where to write the page; {PAGE}")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
