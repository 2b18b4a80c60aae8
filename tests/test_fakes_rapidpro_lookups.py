"""UUIDs and other names in the address: which are refused, and which of several counts.

Read at v6.4.0, v9.3.76 and v26.3.54: get_lookup_values and get_uuid_param of temba/api/views.py (temba/api/v2/
views_base.py before), get_object of the ContactsEndpoint in temba/api/v2/views.py.
"""

from __future__ import annotations

import pytest

from tests.test_fakes_rapidpro_variations import ANN, BOB, poster

TWO = "URL can only contain one of the following parameters: urn, uuid"
NURSES = "00000060-0000-4000-8000-000000000001"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("profile", ["6.4", "26"])
def test_a_contact_is_named_by_one_parameter_only(profile: str, method: str) -> None:
    query = f"uuid={ANN}&urn=tel:%2B250788000001"
    assert poster(profile)("contacts", {"name": "New"}, query, method) == (400, {"detail": TWO})


@pytest.mark.parametrize(("profile", "status"), [("9.3", 404), ("26", 400)])
@pytest.mark.parametrize("name", ["contacts", "groups", "labels"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("uuid", ["", "abc"])
def test_what_is_no_uuid_names_nothing(profile: str, status: int, name: str, method: str, uuid: str) -> None:
    found, told = poster(profile)(name, {"name": "New"}, f"uuid={uuid}", method)
    assert found == status
    if status == 400:
        assert told == {"detail": f"Param 'uuid': {uuid} is not a valid UUID."}


@pytest.mark.parametrize("name", ["fields", "globals"])
def test_an_empty_key_names_nothing(name: str) -> None:
    assert poster("26")(name, {"name": "New", "type": "text", "value": "x"}, "key=")[0] == 404


def test_a_uuid_may_be_written_in_any_of_its_forms_in_version_26() -> None:
    shown = poster("26")("groups", {}, f"uuid={NURSES.replace('-', '').upper()}", "GET")[1]["results"]
    assert [row["uuid"] for row in shown] == [NURSES]


def test_of_several_uuids_the_first_counts_in_version_26_and_the_last_before() -> None:
    query = f"uuid={ANN}&uuid={BOB}"
    for profile, uuid in (("26", ANN), ("9.3", BOB)):
        shown = poster(profile)("contacts", {}, query, "GET")[1]["results"]
        assert [row["uuid"] for row in shown] == [uuid], profile


def test_an_empty_uuid_is_refused_where_uuids_are_checked() -> None:
    told = {"26": "Param 'uuid':  is not a valid UUID.", "9.3": "Value for uuid must be a valid UUID"}
    for profile, sentence in told.items():
        assert poster(profile)("runs", {}, "uuid=", "GET") == (400, {"detail": sentence})
        assert poster(profile)("flow_starts", {}, "uuid=", "GET") == (400, {"detail": sentence})
