"""The fake RapidPro answers as each real version did when it was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from fakes.serving.wsgi import Reply
from tests.fakes.rapidpro.recorded_traffic import (
    VERSIONS,
    World,
    compare,
    differences,
    expected_headers,
    not_yet,
    recorded,
    sequences,
)

Sequence = list[tuple[str, Mapping[str, Any]]]
PROFILES = ("9.3", *VERSIONS)


def changes_nothing(entry: Mapping[str, Any]) -> bool:
    """A reading or refused request that needs nothing before it: many of these may share one world."""
    trace = entry["trace"]
    safe = trace["request"]["method"] in ("GET", "HEAD", "OPTIONS") or 400 <= trace["response"]["status"] < 500
    return safe and "sequence" not in trace and "setup" not in trace


def cases(*, changing: bool) -> Iterator[Any]:
    missing = not_yet()
    for profile in PROFILES:
        for sequence in sequences(profile):
            if changes_nothing(sequence[0][1]) is changing:
                continue
            name = sequence[0][1]["trace"].get("sequence", sequence[0][0])
            reasons = [missing[f"{profile}/{key}"] for key, _ in sequence if f"{profile}/{key}" in missing]
            marks = [pytest.mark.xfail(reason="; ".join(reasons), strict=True)] if reasons else []
            yield pytest.param(profile, sequence, id=f"{profile}/{name}", marks=marks)


@cache
def shared_world(profile: str) -> World:
    return World(profile)


def played(world: World, sequence: Sequence) -> list[str]:
    return [f"{key}: {text}" for key, entry in sequence for text in differences(entry, world.play(entry["trace"]))]


@pytest.mark.parametrize(("profile", "sequence"), list(cases(changing=False)))
def test_a_request_that_changes_nothing_is_answered_as_recorded(profile: str, sequence: Sequence) -> None:
    assert played(shared_world(profile), sequence) == []


@pytest.mark.parametrize(("profile", "sequence"), list(cases(changing=True)))
def test_a_request_that_changes_something_or_a_sequence_is_answered_as_recorded(
    profile: str, sequence: Sequence
) -> None:
    assert played(World(profile), sequence) == []


def test_the_not_yet_list_names_only_recordings_that_exist() -> None:
    known = {f"{profile}/{key}" for profile in PROFILES for key in recorded(profile)}
    assert set(not_yet()) <= known
    assert all(reason.strip() for reason in not_yet().values())


def test_no_recording_is_left_out() -> None:
    counts = {profile: sum(len(sequence) for sequence in sequences(profile)) for profile in PROFILES}
    assert counts == {"9.3": 385, "6.4": 377, "7.4": 327, "8.0": 327, "9.0": 327, "10": 379, "26": 379}


def answer_to(key: str, profile: str = "9.3") -> tuple[Mapping[str, Any], Reply]:
    entry = recorded(profile)[key]
    return entry, World(profile).play(entry["trace"])


def altered(entry: Mapping[str, Any], **response: Any) -> Mapping[str, Any]:
    trace = entry["trace"]
    return {**entry, "trace": {**trace, "response": {**trace["response"], **response}}}


def test_a_replay_notices_another_status() -> None:
    entry, reply = answer_to("get-by-id")
    assert differences(entry, reply) == []
    assert differences(altered(entry, status=201), reply) == ["status: 201 recorded, 200 came"]


def test_a_replay_notices_another_header_and_one_that_is_not_there() -> None:
    entry, reply = answer_to("get-by-id")
    headers = {**entry["trace"]["response"]["headers"], "Allow": "GET", "X-More": "1"}
    assert differences(altered(entry, headers=headers), reply) == [
        "header Allow: 'GET' recorded, 'GET, POST, HEAD, OPTIONS' came",
        "header X-More: '1' recorded, None came",
    ]


def test_a_replay_notices_another_value_a_missing_row_and_another_order_of_keys() -> None:
    entry, reply = answer_to("get-by-id")
    answer = entry["trace"]["response"]["json"]
    row = answer["results"][0]
    for rows, found in (
        ([{**row, "status": "sent"}], ["$.results[0].status: 'sent' recorded, 'started' came"]),
        ([], ["$.results: items [] recorded, [1002] came"]),
        ([dict(reversed(row.items()))], [f"$.results[0]: keys {list(reversed(row))} recorded, {list(row)} came"]),
    ):
        assert differences(altered(entry, json={**answer, "results": rows}), reply) == found


def test_a_replay_notices_other_bytes_where_bytes_are_recorded() -> None:
    entry, reply = answer_to("accept-json-indent")
    body = entry["trace"]["response"]["body"]
    assert differences(entry, reply) == []
    assert len(differences(altered(entry, body=body.replace("    ", "  ")), reply)) == 1


def test_a_volatile_value_must_still_have_its_type_and_a_time_its_form() -> None:
    found: list[str] = []
    compare({"id": 1}, {"id": 2}, "$", {"$.id"}, found)
    compare({"t": "2024-10-01T08:00:00Z"}, {"t": "2026-01-02T03:04:05.123456Z"}, "$", {"$.t"}, found)
    assert found == []
    compare({"id": 1}, {"id": "2"}, "$", {"$.id"}, found)
    compare({"t": "2024-10-01T08:00:00Z"}, {"t": "soon"}, "$", {"$.t"}, found)
    compare({"n": 1}, {"n": True}, "$", set(), found)
    assert len(found) == 3


def test_headers_from_another_version_are_expected_for_the_same_workspace() -> None:
    entry = recorded("26")["get-suspended-workspace"]
    assert entry["ambient"] is not None
    headers = expected_headers(entry)
    assert headers["X-Temba-Org"] is None
    assert headers["X-Temba-Workspace"] == "000000a0-0000-4000-8000-000000000004"


@pytest.mark.parametrize("profile", PROFILES)
def test_every_json_answer_is_compact_and_has_its_length_in_a_header(profile: str) -> None:
    entry = recorded(profile)["get-by-id"]
    reply = World(profile).play(entry["trace"])
    answer = json.loads(reply.body)
    assert reply.body == json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()
    assert reply.header("Content-Length") == str(len(reply.body))
