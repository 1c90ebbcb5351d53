"""A line on a page of a PDF."""

from typing import NamedTuple


class Line(NamedTuple):
    """
    What stands in it, and where.

    Attributes:
        text: Without line ends; never blank.
        page: Which page, from 0.
        left: Where its first letter begins, in points from the page's left edge.
        top: The upper edge of its first letter, in points from the page's bottom.
        right: Where its last letter ends.
        bottom: The lower edge of its last letter.
        height: How high its letters are.

    """

    text: str
    page: int
    left: float
    top: float
    right: float
    bottom: float
    height: float
