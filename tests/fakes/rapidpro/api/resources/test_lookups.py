"""UUIDs and other keys in the query: which are refused, and which of several counts.

Read at v6.4.0, v9.3.76 and v26.3.54: get_lookup_values and get_uuid_param of temba/api/views.py (temba/api/v2/
views_base.py before), get_object of the ContactsEndpoint in temba/api/v2/views.py.
"""

from __future__ import annotations

import pytest

from fakes.rapidpro.seed.default import default_seed
from tests.fakes.rapidpro.api.test_variations import ANN, BOB, NOW, Post, poster

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
def test_an_invalid_uuid_finds_nothing(profile: str, status: int, name: str, method: str, uuid: str) -> None:
    found, answer = poster(profile)(name, {"name": "New"}, f"uuid={uuid}", method)
    if (name, profile) == ("labels", "9.3"):
        status = 500  # whose UUIDs the database keeps as such
    assert found == status
    if status == 400:
        assert answer == {"detail": f"Param 'uuid': {uuid} is not a valid UUID."}


@pytest.mark.parametrize("name", ["fields", "globals"])
def test_an_empty_key_finds_nothing(name: str) -> None:
    assert poster("26")(name, {"name": "New", "type": "text", "value": "x"}, "key=")[0] == 404


def test_a_uuid_may_be_written_in_any_of_its_forms_in_version_26() -> None:
    shown = poster("26")("groups", {}, f"uuid={NURSES.replace('-', '').upper()}", "GET")[1]["results"]
    assert [row["uuid"] for row in shown] == [NURSES]


def test_of_several_uuids_the_first_counts_in_version_26_and_the_last_in_older_versions() -> None:
    query = f"uuid={ANN}&uuid={BOB}"
    for profile, uuid in (("26", ANN), ("9.3", BOB)):
        shown = poster(profile)("contacts", {}, query, "GET")[1]["results"]
        assert [row["uuid"] for row in shown] == [uuid], profile


def test_an_empty_uuid_is_refused_where_uuids_are_checked() -> None:
    sentences = {"26": "Param 'uuid':  is not a valid UUID.", "9.3": "Value for uuid must be a valid UUID"}
    for profile, sentence in sentences.items():
        assert poster(profile)("runs", {}, "uuid=", "GET") == (400, {"detail": sentence})
        assert poster(profile)("flow_starts", {}, "uuid=", "GET") == (400, {"detail": sentence})


FLOW = "000000f0-0000-4000-8000-000000000001"
BORN = "2025-12-01T00:00:00Z"
FLOWS = [{"workspace": 1, "uuid": FLOW, "name": "Intake", "created_on": BORN, "modified_on": BORN}]
URNS = {"urns": ["tel:+250788000001"]}
HELLO = {**URNS, "text": "Hello"}


@pytest.mark.parametrize(
    ("name", "body", "profiles"),
    [
        ("broadcasts", HELLO, ("26",)),
        ("messages", {"contact": ANN, "text": "Hello"}, ("9.0", "9.3", "10", "26")),
        ("flow_starts", {**URNS, "flow": FLOW}, ("6.4", "9.3", "26")),
    ],
)
def test_a_post_that_names_an_existing_object_creates_a_new_one_and_answers_200(
    name: str, body: dict[str, object], profiles: tuple[str, ...]
) -> None:
    """WriteAPIMixin.post of temba/api/views.py: the status is that of a change, though serializers make new ones."""
    for profile in profiles:
        post = poster(profile, flows=FLOWS)
        assert post(name, body)[0] == 201
        old = next(row["uuid"] for row in poster_rows(profile, post, name))
        before = len(post(name, {}, "", "GET")[1]["results"])
        assert post(name, body, f"uuid={old.replace('-', '').upper()}")[0] == 200, profile
        assert len(post(name, {}, "", "GET")[1]["results"]) == before + 1
        assert post(name, body, f"uuid={MISSING}")[0] == 404


MISSING = "00000000-0000-4000-8000-00000000ffff"


def poster_rows(profile: str, post: Post, name: str) -> list[dict[str, str]]:
    """Rows with their UUIDs; where messages do not show theirs, that of the seed."""
    if name == "messages" and profile != "26":
        return [{"uuid": "00000099-0000-4000-8000-000000000001"}]
    rows: list[dict[str, str]] = post(name, {}, "", "GET")[1]["results"]
    return rows


@pytest.mark.parametrize("profile", ["6.4", "9.3", "10"])
def test_broadcasts_could_not_be_looked_up_by_uuid(profile: str) -> None:
    assert poster(profile)("broadcasts", HELLO, f"uuid={MISSING}")[0] == 500


@pytest.mark.parametrize("name", ["messages", "flow_starts", "labels"])
def test_an_invalid_uuid_causes_a_server_error_where_the_database_has_a_uuid_type(name: str) -> None:
    assert poster("9.3")(name, {"name": "New"}, "uuid=abc") == (500, None)
    assert poster("9.3")("groups", {"name": "New"}, "uuid=abc")[1] == {
        "detail": "No ContactGroup matches the given query."
    }


def test_contacts_and_groups_need_a_uuid_as_stored_and_labels_accept_any_form() -> None:
    """temba/utils/models/base.py: LegacyUUIDMixin keeps words, TembaUUIDMixin UUIDs."""
    label = "00000070-0000-4000-8000-00000000000a"
    for profile, status in (("26", 200), ("8.0", 200), ("7.4", 404)):
        post = poster(profile, labels=[{"workspace": 1, "uuid": label, "name": "Odd"}])
        assert post("labels", {"name": "New"}, f"uuid={label.upper()}")[0] == status, profile
        assert post("groups", {"name": "New"}, f"uuid={NURSES.replace('-', '')}")[0] == 404
    assert poster("10")("labels", {}, "uuid=abc", "GET")[0] == 500
    assert poster("7.4")("labels", {}, "uuid=abc", "GET") == (200, {"next": None, "previous": None, "results": []})


def test_urns_find_nobody_in_an_anonymous_workspace() -> None:
    """BaseAPIView.normalize_urn of temba/api/views.py."""
    spaces = [{**default_seed(NOW)["workspaces"][0], "anonymous": True}]
    post = poster("26", workspaces=spaces)
    said = (400, {"detail": "URN lookups not allowed for anonymous organizations"})
    for method in ("GET", "POST", "DELETE"):
        assert post("contacts", {}, "urn=tel:%2B250788000001", method) == said


def test_old_versions_find_only_visible_messages_by_label() -> None:
    born = "2025-12-01T00:00:00Z"
    text = {"workspace": 1, "contact": ANN, "text": "hi", "status": "handled", "created_on": born, "direction": "in",
            "labels": ["Odd"], "id": 1, "uuid": "00000099-0000-4000-8000-000000000001"}  # fmt: skip
    labels = [{"workspace": 1, "uuid": "00000070-0000-4000-8000-00000000000a", "name": "Odd"}]
    for profile, found in (("8.0", 0), ("9.0", 1)):
        post = poster(profile, labels=labels, messages=[{**text, "visibility": "archived"}])
        assert len(post("messages", {}, "label=Odd", "GET")[1]["results"]) == found
