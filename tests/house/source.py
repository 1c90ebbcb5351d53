"""The repository as the rules of the house read it: its files, and the syntax trees of its code."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = (".ci", "app", "docs", "infra", "tests")

type Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file; *name* is its path as people write it, such as `app/main.py`."""

    name: str
    text: str
    tree: ast.Module

    def functions(self) -> Iterator[tuple[str, Function]]:
        """Every function with its name in the file, such as `Runner.start`."""
        yield from _functions(self.tree, ())


def files() -> Iterator[Path]:
    """Every file that belongs to the project, wherever it lies."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".coverage"))
    for folder in FOLDERS:
        yield from (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)


@cache
def modules(*folders: str) -> list[Module]:
    """The Python files of *folders*, read once."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return [
        Module(path.relative_to(ROOT).as_posix(), text, ast.parse(text))
        for path, text in zip(paths, texts, strict=True)
    ]


def called_name(call: ast.Call) -> str:
    """The last word of what is called: `sleep` for `asyncio.sleep(1)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    """The calls in *tree* of whatever has that last *name*."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and called_name(node) == name]


def _functions(node: ast.AST, inside: tuple[str, ...]) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        place = inside
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            place = (*inside, child.name)
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield ".".join(place), child
        yield from _functions(child, place)
