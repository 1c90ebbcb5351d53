"""
Writes the tables in `infra/README.md` from the Terraform module: `python -m tests.docs.infra_page`.

It reads `variables.tf` and `outputs.tf` as they are written here, an argument a
line, and refuses what it does not know; a test of the plan compares what it has
read with what Terraform has.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

INFRA: Final = Path(__file__).parents[2] / "infra"
PAGE: Final = INFRA / "README.md"
BEGIN: Final = "<!-- variables -->\n"
END: Final = "<!-- end of variables -->\n"

BLOCK: Final = re.compile(r'^(?:variable|output) "(\w+)" \{\n(.*?)^\}\n', re.MULTILINE | re.DOTALL)
ARGUMENT: Final = re.compile(r"^  (\w+) += (.+)$", re.MULTILINE)
OBJECT: Final = re.compile(r"^  type += object\(\{\n(.*?)^  \}\)$", re.MULTILINE | re.DOTALL)
TYPE: Final = r"\w+(?:\(\w+\))?"
ATTRIBUTE: Final = re.compile(rf"    (\w+) += (?:optional\(({TYPE})(?:, (.+))?\)|({TYPE})) +# (.+)")

HEADS: Final = (
    "| Variable | Type | Default | What it is |\n|---|---|---|---|\n",
    "\n| Output | What it is |\n|---|---|\n",
)


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A variable, or an attribute of one; *default* is None for one that must be given, and "null" for an unset one."""

    name: str
    kind: str
    default: str | None
    meaning: str

    def __str__(self) -> str:
        """Write its line in the table."""
        default = {None: "required", "null": "unset", "{}": "as below"}.get(self.default, f"`{self.default}`")
        return f"| `{self.name}` | {self.kind} | {default} | {self.meaning} |\n"


def variables(text: str) -> Iterator[Variable]:
    """
    Read the variables in *text*, each with its attributes behind it.

    Raises:
        ValueError: If a part of it is written in another way than all the others.

    """
    for name, body in _blocks(text):
        shape = OBJECT.search(body)
        arguments = dict(ARGUMENT.findall(body))
        yield Variable(
            name=name,
            kind="object" if shape else arguments["type"],
            default=arguments.get("default"),
            meaning=_literal(arguments, name),
        )
        for line in shape[1].splitlines() if shape else ():
            yield _attribute(name, line)


def outputs(text: str) -> Iterator[tuple[str, str]]:
    """
    Read the outputs in *text*: each one's name and meaning.

    Raises:
        ValueError: If a part of it is written in another way than all the others.

    """
    for name, body in _blocks(text):
        yield name, _literal(dict(ARGUMENT.findall(body)), name)


def tables() -> str:
    """Return both tables as they should be."""
    given = "".join(map(str, variables((INFRA / "variables.tf").read_text(encoding="utf-8"))))
    made = (INFRA / "outputs.tf").read_text(encoding="utf-8")
    return HEADS[0] + given + HEADS[1] + "".join(f"| `{name}` | {meaning} |\n" for name, meaning in outputs(made))


def with_tables(page: str, written: str) -> str:
    """
    Return *page* with *written* between the two marks.

    Raises:
        ValueError: If the page does not have both marks, once and in order.

    """
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark or BEGIN in rest or END in after:
        raise ValueError(f"{PAGE.name} must hold {BEGIN.strip()} and, behind it, {END.strip()}, once each")
    return f"{before}{BEGIN}\n{written}\n{END}{after}"


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    if left := BLOCK.sub("", text).strip():
        raise ValueError(f"neither a variable nor an output: {left.splitlines()[0]}")
    yield from BLOCK.findall(text)


def _literal(arguments: dict[str, str], name: str) -> str:
    description = arguments.get("description", "")
    if not re.fullmatch(r'"(?:[^"\\$|]|\\")+"', description):
        raise ValueError(f"{name} needs a description: one string, with neither $ nor | in it")
    text: str = json.loads(description)
    return text


def _attribute(variable: str, line: str) -> Variable:
    found = ATTRIBUTE.fullmatch(line)
    if not found:
        raise ValueError(f"{variable} has an attribute that is not `name = type # meaning`: {line.strip()}")
    name, optional, default, required, meaning = found.groups()
    return Variable(
        name=f"{variable}.{name}",
        kind=optional or required,
        default=default or ("null" if optional else None),
        meaning=meaning,
    )


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), tables()), encoding="utf-8")
