"""Whatever reads a document. `processor` makes a model of a function."""

from app.processors.catalogue import processor

__all__ = ["processor"]
