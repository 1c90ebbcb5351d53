"""Afterword: asynchronous document AI with the guarantees of a queue and no broker to run."""

__version__ = "0.1.0"
