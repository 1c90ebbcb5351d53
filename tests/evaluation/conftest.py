"""What needs the statistical models is tried by `make evaluate`, whose environment has them."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("spacy") else ["test_statistical_models.py"]
