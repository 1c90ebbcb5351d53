"""CONTRIBUTING shows instead of describing, so what it shows has to exist."""

import re

import pytest

from tests.house.source import ROOT, modules

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.+?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
LINKS = re.findall(r"\]\(([^):#]+)\)", PAGE)
PATHS = re.findall(r"(?<![\w./-])((?:app|tests|docs)/[\w/.-]+\w)", PAGE)
PLANNED = {"tests/chaos"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_real_code(example: str) -> None:
    """An example that was written for the page has never been read by a machine."""
    assert any(example in module.text for module in modules("app", "tests"))


@pytest.mark.parametrize("path", sorted({*LINKS, *PATHS} - PLANNED))
def test_every_path_leads_somewhere(path: str) -> None:
    """A newcomer's first step must not be a dead link."""
    assert (ROOT / path).exists()


def test_every_command_is_a_target() -> None:
    """The set-up from nothing is followed to the letter by people who know nothing else."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z]+)\b", PAGE)) <= targets
