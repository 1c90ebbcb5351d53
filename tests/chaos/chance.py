"""Chance that can be repeated."""

from random import Random


def chance(*names: object) -> Random:
    """A generator that *names* decide: the same ones give the same numbers, in every run and on every machine."""
    return Random("/".join(map(str, names)))  # noqa: S311 - repeatable, guards nothing
