"""The default engine with its rules alone, whatever is installed beside them: `AFTERWORD_STATISTICAL_MODELS=off`."""

from dataclasses import replace

from app.processors import extractive

PROCESSOR = replace(extractive.PROCESSOR, load=extractive.load_rules, layers=("rules",))
