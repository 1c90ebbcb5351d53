"""A module in which somebody forgot the decorator."""
