"""What Terraform gives an instance unless somebody says otherwise; the image is tested within just that."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024
_INFRA: Final = Path(__file__).parents[3] / "infra"
_DEFAULT: Final = re.compile(r"^\s*(\w+)\s*=\s*optional\(number, (\d+)\)", re.MULTILINE)
_BASE: Final = re.compile(r"^\s*base_memory_mib\s*=\s*(\d+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """One instance; memory in MiB, *base* being what the server takes without work."""

    cpu: int
    memory: int
    base: int
    child_memory: int
    body_budget: int

    @property
    def variables(self) -> dict[str, str]:
        """The settings that Terraform derives from them."""
        return {
            "AFTERWORD_CPU_SLOTS": str(self.cpu),
            "AFTERWORD_CHILD_MEMORY_MIB": str(self.child_memory),
            "AFTERWORD_BODY_BUDGET_BYTES": str(self.body_budget * MIB),
        }


def read_sizes() -> Sizes:
    """Read the defaults from the Terraform files."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(_INFRA.glob("*.tf")))
    default = {name: int(number) for name, number in _DEFAULT.findall(text)}
    return Sizes(
        cpu=default["cpu"],
        memory=default["memory_mib"],
        base=int(_BASE.findall(text)[0]),
        child_memory=default["child_memory_mib"],
        body_budget=default["body_budget_mib"],
    )


SIZES: Final = read_sizes()
