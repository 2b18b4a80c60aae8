"""Parameters of lists that nobody recorded: times, cursors, order, what is shown.

Read at v6.4.0, v8.0.0, v9.3.76 and v26.3.54: temba/api/views.py (filter_before_after, get_int_param; temba/api/v2/
views_base.py before), temba/api/support.py (ModifiedOnCursorPagination), temba/api/v2/views.py (the endpoints),
the package iso8601 in versions 0.1.14, 0.1.16 and 2.1.0; Django REST framework's pagination.py.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fakes.rapidpro.api.values.times import FIRST, LAST, BadTime, read
from fakes.rapidpro.seed.default import default_seed
from tests.fakes.rapidpro.api.test_variations import ANN, BOB, NOW, Post, poster

FLOW = "000000f0-0000-4000-8000-000000000001"
DAY = "2025-12-0{}T10:00:00Z"
FLOWS = [{"workspace": 1, "uuid": FLOW, "name": "Intake", "created_on": DAY.format(1), "modified_on": DAY.format(1)}]
RUNS = [
    {"workspace": 1, "id": number, "uuid": f"00000077-0000-4000-8000-00000000000{number}", "flow": FLOW,
     "contact": ANN, "status": "completed", "created_on": DAY.format(1), "modified_on": DAY.format(number),
     "path": [{"node_uuid": FLOW, "arrived_on": DAY.format(1)}]}
    for number in (1, 2, 3)
]  # fmt: skip


def ids(post: Post, name: str, query: str, key: str = "id") -> list[Any]:
    return [row[key] for row in post(name, {}, query, "GET")[1]["results"]]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024", "2024-01-01T00:00:00+00:00"),
        ("2024-10", "2024-10-01T00:00:00+00:00"),
        ("2024-1-1", "2024-01-01T00:00:00+00:00"),
        ("20241001", "2024-10-01T00:00:00+00:00"),
        ("2024-1001", "2024-10-01T00:00:00+00:00"),
        ("2024-10-01T08", "2024-10-01T08:00:00+00:00"),
        ("2024-10-01 0830", "2024-10-01T08:30:00+00:00"),
        ("2024-10-01T08:00:5", "2024-10-01T08:00:05+00:00"),
        ("2024-10-01T08:00:00,5Z", "2024-10-01T08:00:00.500000+00:00"),
        ("2024-10-01T08:00:00.1234567Z", "2024-10-01T08:00:00.123456+00:00"),
        ("2024-10-01T08+02", "2024-10-01T06:00:00+00:00"),
        ("2024-10-01T08:00-0530", "2024-10-01T13:30:00+00:00"),
        ("2024-10-01T08:00+02:60", "2024-10-01T05:00:00+00:00"),
    ],
)
def test_a_time_is_read_as_far_as_it_is_written(text: str, time: str) -> None:
    assert read(text).isoformat() == time


@pytest.mark.parametrize(
    "text",
    [
        "202410", "24-10-01", "2024-13", "2024-02-30", "2024-274", "2024-W40-1", " 2024", "2024-10-01T", "now",
        "2024-10-01T8:00", "2024-10-01t08:00", "2024-10-01T24:00", "2024-10-01T08:60", "2024-10-01T08:00 Z",
        "2024-10-01T08:00 02:00", "2024-10-01T08:00z", "2024-10-01T08:00+24:00", "2024-10-01Z", "1727770000000",
        "２０２４-10-01", "2024-10-01T08:00:00.Z",
    ],
)  # fmt: skip
def test_an_invalid_time_leaves_the_list_empty(text: str) -> None:
    with pytest.raises(BadTime):
        read(text)


@pytest.mark.parametrize("path", ["broadcasts", "messages", "flow_starts", "runs", "contacts", "flows", "globals"])
def test_an_empty_list_still_checks_its_cursor(path: str) -> None:
    post = poster("9.3", flows=FLOWS, runs=RUNS)
    empty: Any = (200, {"next": None, "previous": None, "results": []})
    assert post(path, {}, "after=soon", "GET") == empty
    assert post(path, {}, "after=soon&reverse=1&cursor=cj0x", "GET") == empty
    assert post(path, {}, "after=soon&cursor=abc", "GET") == (404, {"detail": "Invalid cursor"})


def test_messages_of_nobody_are_a_list_with_cursors_too() -> None:
    post = poster("9.3")
    for asked in ("contact=nobody", "label=nothing", "folder=nowhere", "broadcast=77"):
        assert post("messages", {}, asked, "GET")[1]["results"] == []
        assert post("messages", {}, f"{asked}&cursor=abc", "GET") == (404, {"detail": "Invalid cursor"})


def test_times_beyond_the_calendar_become_its_first_or_last_time() -> None:
    assert (read("0001-01-01T00:00+02:00"), read("9999-12-31T23:00-02:00")) == (FIRST, LAST)
    post = poster("26", flows=FLOWS, runs=RUNS)
    assert len(ids(post, "runs", "after=0001-01-01T00:00%2B02:00&before=9999-12-31T23:00-02:00")) == 3
    assert ids(post, "runs", "after=2999-01-01") == ids(post, "runs", "before=0000-01-01") == []


def test_a_time_without_an_offset_is_utc_wherever_the_workspace_is() -> None:
    spaces = [{**default_seed(NOW)["workspaces"][0], "timezone": "Africa/Kigali"}]
    post = poster("26", flows=FLOWS, runs=RUNS, workspaces=spaces)
    assert ids(post, "runs", "after=2025-12-02T10:00:00") == [3, 2]
    assert ids(post, "runs", "after=2025-12-02T10:00:01") == [3]


@pytest.mark.parametrize("profile", ["6.4", "26"])
def test_lists_ordered_by_last_change_can_be_reversed(profile: str) -> None:
    post = poster(profile, flows=FLOWS, runs=RUNS)
    assert ids(post, "runs", "reverse=yes") == [1, 2, 3]
    assert ids(post, "runs", "reverse=t") == [3, 2, 1]
    assert ids(post, "contacts", "reverse=1", "uuid") == ids(post, "contacts", "", "uuid")[::-1]
    assert ids(post, "messages", "reverse=1", "text") == ids(post, "messages", "", "text"), "by creation"
    for name in ("First", "Second"):
        assert post("globals", {"name": name, "value": "x"})[0] == 201
    assert ids(post, "globals", "reverse=true", "name") == ["First", "Second"]


def test_pages_of_a_reversed_list_join() -> None:
    text = {"workspace": 1, "contact": ANN, "flow": FLOW, "status": "completed", "created_on": DAY.format(1)}
    runs = [
        {**text, "id": number, "uuid": f"00000077-0000-4000-8000-{number:012}",
         "modified_on": f"2025-12-01T10:{number // 60:02}:{number % 60:02}Z"}
        for number in range(1, 601)
    ]  # fmt: skip
    post, query, found = poster("26", flows=FLOWS, runs=runs), "reverse=1", []
    for _ in range(3):
        answer = post("runs", {}, query, "GET")[1]
        found += [row["id"] for row in answer["results"]]
        query = (answer["next"] or "?").partition("?")[2]
    assert (found, query) == (list(range(1, 601)), "")
    back = post("runs", {}, answer["previous"].partition("?")[2], "GET")[1]["results"]
    assert [row["id"] for row in back] == list(range(251, 501))


def cursor(text: str) -> str:
    return "cursor=" + base64.b64encode(text.encode()).decode().replace("+", "%2B").replace("=", "%3D")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("cursor=", 200),
        ("cursor=%", 200),
        ("cursor=é", 404),
        ("cursor=abc", 404),
        (cursor("o=-1"), 404),
        (cursor("o=x"), 404),
        (cursor("r=x"), 404),
        (cursor("o=" + "9" * 30), 200),
        (cursor("x=1&p=2025-12-02T10:00:00"), 200),
        (cursor("p=2025-12-02"), 200),
        (cursor("p=2025-12-02 10:00:00+02:00"), 500),
        (cursor("p=2025-12-02 10:00:00%2B02:00"), 200),
        (cursor("p=never"), 500),
        (cursor("p="), 500),
        (cursor("p=1&r=1&o=1"), 500),
        (f"{cursor('o=x')}&{cursor('o=1')}", 200),
        ("unknown=1&cursor=&cursor=", 200),
    ],
)
def test_a_cursor_is_accepted_refused_or_causes_a_server_error(query: str, status: int) -> None:
    assert poster("26", flows=FLOWS, runs=RUNS)("runs", {}, query, "GET")[0] == status


def test_a_cursor_of_one_list_is_a_time_in_another() -> None:
    post = poster("26", flows=FLOWS, runs=RUNS)
    place = cursor("p=2025-12-03 10:00:00%2B00:00")
    assert ids(post, "runs", place) == [2, 1]
    assert len(ids(post, "contacts", place, "uuid")) == 2
    assert ids(post, "flows", place, "uuid") == [FLOW]


def test_runs_are_shown_without_their_paths_and_contacts_with_the_parts_of_their_urns() -> None:
    post = poster("26", flows=FLOWS, runs=RUNS)
    for query, shown in (("", True), ("paths=1", True), ("paths=", False), ("paths=no", False)):
        rows = post("runs", {}, query, "GET")[1]["results"]
        assert all((row["path"] is not None) is shown for row in rows), query
    assert post("contacts", {"urns": ["mailto:ann@example.com", "tel:+250788000001"]}, f"uuid={ANN}")[0] == 200
    urns = post("contacts", {}, f"uuid={ANN}&expand_urns=yes", "GET")[1]["results"][0]["urns"]
    assert [(urn["scheme"], urn["path"], urn["channel"] is None) for urn in urns] == [
        ("tel", "+250788000001", False),
        ("mailto", "ann@example.com", True),
    ]
    ordered = post("contacts", {}, f"uuid={ANN}&expand_urns=yes&urn_order=priority", "GET")[1]["results"][0]["urns"]
    assert [urn["scheme"] for urn in ordered] == ["mailto", "tel"]


def test_numbers_are_read_as_python_does() -> None:
    post = poster("26", flows=FLOWS, runs=RUNS)
    for number in ("%201%20", "+1".replace("+", "%2B"), "0_1", "%D9%A1"):
        assert ids(post, "runs", f"id={number}") == [1], number
    for number in ("1.0", "", "0x1", "1e0"):
        assert post("runs", {}, f"id={number}", "GET")[0] == 400, number
    assert ids(post, "runs", "id=0") == [3, 2, 1]
    assert ids(post, "runs", "id=99999999999999999999999") == []
    assert ids(post, "runs", "id=7&id=2") == [2]


def test_of_two_wrong_parameters_the_one_checked_first_is_reported() -> None:
    query = "id=x&uuid=y"
    errors = {
        profile: [poster(profile)(name, {}, query, "GET")[1]["detail"] for name in names]
        for profile, names in (
            ("26", ("runs", "broadcasts", "messages")),
            ("9.3", ("runs",)),
            ("8.0", ("flow_starts",)),
        )
    }
    assert errors == {
        "26": ["Param 'uuid': y is not a valid UUID."] * 3,
        "9.3": ["Value for id must be an integer"],
        "8.0": ["Value for id must be an integer"],
    }
    both = "contact=a&flow=b&id=x"
    assert poster("26")("runs", {}, both, "GET")[1] == {
        "detail": "You may only specify one of the contact, flow parameters"
    }
    assert poster("26")("groups", {"name": "New"}, "uuid=&name=", "POST")[0] == 400


def test_events_of_channels_are_listed_though_newer_roots_do_not_name_them() -> None:
    for profile in ("6.4", "9.3", "26"):
        post = poster(profile)
        assert post("channel_events", {}, f"contact={BOB}&before=never", "GET")[1]["results"] == []
        assert post("channel_events", {}, "id=x", "GET") == (400, {"detail": "Value for id must be an integer"})


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("contacts", "group=%00", 500),
        ("channels", "address=a%00", 500),
        ("messages", "label=%00", 500),
        ("messages", "contact=%00", 500),
        ("messages", "folder=%00", 200),
        ("fields", "key=%00", 500),
        ("globals", "key=%00", 500),
        ("groups", "name=%00", 500),
        ("groups", "uuid=%00", 400),
        ("flows", "type=%00", 200),
        ("users", "email=%00", 500),
        ("users", "role=%00", 200),
        ("runs", "contact=%00", 500),
        ("runs", "unknown=%00", 200),
    ],
)
def test_nul_breaks_a_list_where_the_database_would_see_it(name: str, query: str, status: int) -> None:
    """PostgreSQL's text cannot hold NUL; nothing in temba/api/v2/views.py catches the driver's error."""
    assert poster("26")(name, {}, query, "GET")[0] == status
    if query == "uuid=%00":
        assert poster("9.3")(name, {}, query, "GET")[0] == 500
