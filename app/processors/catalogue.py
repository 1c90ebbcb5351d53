"""
Which models this process knows: the built-in ones and the operator's own.

A module registers a model by having a `Processor` at its top level; the
decorator `processor` makes one from a function.
"""

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from inspect import getdoc, iscoroutinefunction
from types import ModuleType
from typing import Final, Self, override

from app.domain.errors import UnknownModel
from app.domain.processing import Execution, Kind, Models, Processor, Run

BUILT_IN: Final = ("app.processors.extractive", "app.processors.uppercase")
RULES_ALONE: Final = ("app.processors.extractive_rules", "app.processors.uppercase")
VARIABLE: Final = "AFTERWORD_PROCESSORS"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class CatalogueError(ValueError):
    """The models of this installation cannot be offered; the message tells the operator why."""


def processor(  # noqa: PLR0913 - each is an optional word about one model
    name: str,
    *,
    kinds: frozenset[Kind] = frozenset(Kind),
    aliases: tuple[str, ...] = (),
    languages: tuple[str, ...] = (),
    description: str = "",
    time_limit: timedelta | None = None,
    load: Callable[[], None] | None = None,
) -> Callable[[Run], Processor]:
    """
    Offer the decorated function as the model *name*.

    A plain function runs in a child process, a coroutine function on the event
    loop. Without a *description*, the first line of its docstring is taken.
    """

    def offer(run: Run) -> Processor:
        return Processor(
            name=name,
            run=run,
            execution=Execution.IO if iscoroutinefunction(run) else Execution.CPU,
            kinds=kinds,
            aliases=aliases,
            languages=languages,
            description=description or (getdoc(run) or "").partition("\n")[0],
            time_limit=time_limit,
            load=load,
        )

    return offer


@dataclass(frozen=True)
class Catalogue(Models):
    """
    The models that can be asked for, each under its name and its aliases.

    Raises:
        CatalogueError: If a name is malformed or taken twice, or a model
            cannot run where it says.

    """

    processors: tuple[Processor, ...]
    _by_name: dict[str, Processor] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse models that could not be told apart or run."""
        for offered in self.processors:
            _refuse_wrong_execution(offered)
            for name in (offered.name, *offered.aliases):
                _refuse_bad_name(name, offered)
                if name in self._by_name:
                    raise CatalogueError(
                        f"Two models are called '{name}': one in {_home(self._by_name[name])}, one in {_home(offered)}."
                    )
                self._by_name[name] = offered

    @classmethod
    def load(cls, modules: Sequence[str], *, statistical_models: str = "auto") -> Self:
        """
        The built-in models and those of *modules*, which are imported for it.

        With *statistical_models* "off", the default engine is offered with its rules alone.

        Raises:
            CatalogueError: If a module is missing, broken or offers nothing, or
                if two models share a name.

        """
        built_in = RULES_ALONE if statistical_models == "off" else BUILT_IN
        found = [offered for name in (*built_in, *modules) for offered in _offered(_imported(name))]
        return cls(tuple({id(offered): offered for offered in found}.values()))

    def __iter__(self) -> Iterator[Processor]:
        """All models, the built-in ones first."""
        return iter(self.processors)

    def names(self, kind: Kind) -> tuple[str, ...]:
        """What a caller may ask for with a *kind* of input, aliases included."""
        return tuple(name for name, offered in self._by_name.items() if kind in offered.kinds)

    @override
    def find(self, name: str, kind: Kind) -> Processor:
        """
        The model that goes by *name* and accepts *kind*.

        Raises:
            UnknownModel: If there is none; the message lists those there are.

        """
        found = self._by_name.get(name)
        if found is None or kind not in found.kinds:
            raise UnknownModel(f"No {kind.value} model has this name; known are {', '.join(self.names(kind))}")
        return found


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        where = "" if name in BUILT_IN else f" Correct {VARIABLE}, or the module."
        raise CatalogueError(f"The processor module '{name}' cannot be imported.{where}") from error


def _offered(module: ModuleType) -> list[Processor]:
    offered = [value for value in vars(module).values() if isinstance(value, Processor)]
    if not offered:
        raise CatalogueError(
            f"The module '{module.__name__}', named in {VARIABLE}, offers no model. "
            "Decorate a function of it with @processor('name')."
        )
    return offered


def _refuse_bad_name(name: str, offered: Processor) -> None:
    if not _NAME.fullmatch(name):
        raise CatalogueError(
            f"'{name}', in {_home(offered)}, is no name for a model: "
            "it takes 1 to 64 letters, digits, dots, dashes or underscores and begins with a letter or digit."
        )


def _refuse_wrong_execution(offered: Processor) -> None:
    if iscoroutinefunction(offered.run) is not (offered.execution is Execution.IO):
        raise CatalogueError(
            f"The model '{offered.name}', in {_home(offered)}, must be a coroutine function to run as 'io', "
            "and a plain one to run as 'cpu'."
        )


def _home(offered: Processor) -> str:
    return f"module '{getattr(offered.run, '__module__', 'unknown')}'"
