"""The page on infrastructure says what can be set, as the module says it."""

import pytest

from tests.docs.infra_page import BEGIN, END, PAGE, outputs, tables, variables, with_tables

REGION = """variable "region" {
  description = "Where it runs."
  type        = string
  default     = "europe-west1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+$", var.region))
    error_message = "A region."
  }
}
"""
SIZE = """variable "size" {
  description = "How large it is."
  type = object({
    cpu   = optional(number, 1)       # vCPUs.
    gpu   = optional(string)          # A card.
    name  = string                    # Its name.
    zones = optional(set(string), []) # Where it may be.
  })
}
"""


def test_every_variable_and_output_is_on_the_page_as_it_is() -> None:
    """Who deploys reads the page, not the module."""
    written = PAGE.read_text(encoding="utf-8")

    assert written == with_tables(written, tables()), "write it anew: python -m tests.docs.infra_page"


def test_a_variable_has_its_type_and_its_default() -> None:
    """Without the default nobody knows what they change."""
    (region,) = variables(REGION)

    assert str(region) == '| `region` | string | `"europe-west1"` | Where it runs. |\n'


def test_an_objects_attributes_stand_below_it() -> None:
    """Most of what can be set is an attribute, and Terraform has no place for its description."""
    assert [str(variable) for variable in variables(SIZE)] == [
        "| `size` | object | required | How large it is. |\n",
        "| `size.cpu` | number | `1` | vCPUs. |\n",
        "| `size.gpu` | string | unset | A card. |\n",
        "| `size.name` | string | required | Its name. |\n",
        "| `size.zones` | set(string) | `[]` | Where it may be. |\n",
    ]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('  description = "How large it is."\n', "", "size needs a description"),
        ("How large it is.", "${var.x}", "size needs a description"),
        (" # A card.", "", "gpu"),
        ("variable", "module", "neither a variable nor an output: module"),
    ],
    ids=["no description", "a computed description", "an attribute without meaning", "another block"],
)
def test_what_the_page_could_not_show_is_refused(old: str, new: str, complaint: str) -> None:
    """A variable that the page leaves out is one that nobody finds."""
    text = SIZE.replace(old, new)

    with pytest.raises(ValueError, match=complaint):
        list(variables(text))


def test_an_output_needs_a_description_too() -> None:
    """What is printed after an apply is read by somebody who has not seen the module."""
    assert list(outputs('output "url" {\n  description = "Where."\n  value       = x.uri\n}\n')) == [("url", "Where.")]
    with pytest.raises(ValueError, match="url needs a description"):
        list(outputs('output "url" {\n  value = x.uri\n}\n'))


def test_only_what_is_between_the_marks_is_replaced() -> None:
    """The rest of the page is written by people."""
    page = f"Before.\n{BEGIN}old\n{END}After.\n"

    assert with_tables(page, "new\n") == f"Before.\n{BEGIN}\nnew\n\n{END}After.\n"


@pytest.mark.parametrize("page", ["", BEGIN, END, END + BEGIN, (BEGIN + END) * 2])
def test_a_page_without_its_marks_is_not_written(page: str) -> None:
    """Otherwise a mark that was lost would take the table, or half the page, with it."""
    with pytest.raises(ValueError, match="once each"):
        with_tables(page, "new\n")
