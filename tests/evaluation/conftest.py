"""What needs the statistical models, or what learns, is tried by `make evaluate`, whose environment has it."""

from importlib.util import find_spec

_NEEDED = {"test_statistical_models.py": "spacy", "test_learning.py": "sklearn"}

collect_ignore = [file for file, package in _NEEDED.items() if find_spec(package) is None]
