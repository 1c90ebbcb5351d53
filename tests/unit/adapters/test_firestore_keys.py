"""The query on API keys asks for no index: Terraform makes none for them."""

import pytest

from app.adapters.firestore_keys import FIELDS, list_query

LAST = "projects/p/databases/d/documents/api_keys/0123456789abcdef"


@pytest.mark.parametrize("after", [None, LAST])
def test_keys_are_listed_by_nothing_but_their_names(after: str | None) -> None:
    """The emulator answers every query; Firestore refuses one that has a filter or another order, on the first day."""
    query = list_query(after)

    assert "where" not in query
    assert query["order_by"] == [{"field": {"field_path": "__name__"}, "direction": "ASCENDING"}]


def test_a_listing_goes_on_behind_the_last_key() -> None:
    """Neither that one again, nor the next one left out."""
    query = list_query(LAST)

    assert query["start_at"] == {"values": [{"reference_value": LAST}], "before": False}


def test_a_listing_reads_what_a_key_is_made_of() -> None:
    """A field that is left out would look as if it were not set: a revoked key would be valid."""
    query = list_query(None)

    assert [field["field_path"] for field in query["select"]["fields"]] == list(FIELDS)
    assert {"schema", "owner", "digest", "created_at", "expires_at", "revoked_at"} == set(FIELDS)
