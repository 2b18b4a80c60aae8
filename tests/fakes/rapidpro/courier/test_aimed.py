"""Trouble aimed at a number, a text, a segment or the nth message, and reports for each segment."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.rapidpro.courier import channel as channel_settings
from fakes.rapidpro.courier.aimed import TROUBLES, WHOLE_MESSAGE, Aim, read_rules, troubles
from fakes.rapidpro.courier.channel import Channel
from fakes.rapidpro.settings import BadSetting
from tests.fakes.rapidpro.worlds import AMINA, IncomingWorld
from tests.fakes.rapidpro.worlds import OutgoingWorld as World

BEN = "+250788123002"
DAY = 24 * 3600.0
THREE_SEGMENTS = "a" * 400


def rule(trouble: str, **match: Any) -> dict[str, Any]:
    return {"match": match, "trouble": trouble}


def words(message: Any) -> list[str]:
    return [word for _, word in message.history]


def one(trouble: str, text: str = "Muraho", wait: float = 3600, profile: str = "26", **channel: Any) -> Any:
    """A message that meets the trouble, and its world."""
    world = World(profile, aimed=[rule(trouble)], **channel)
    return world.one(text, wait=wait), world


@pytest.mark.parametrize(
    ("trouble", "expected", "arrives"),
    [
        ("refused", ["failed"], False),
        ("errored", ["errored", "queued", "errored", "queued", "failed"], False),
        ("failed", ["wired", "sent", "failed"], False),
        ("no_report", ["wired"], True),
        ("never_reports", ["wired"], True),
        ("out_of_order", ["wired", "delivered", "sent"], True),
        ("read", ["wired", "sent", "delivered", "read"], True),
    ],
)
def test_each_trouble_is_what_its_name_says(trouble: str, expected: list[str], arrives: bool) -> None:
    message, world = one(trouble)
    assert words(message) == expected
    assert world.texts_on(AMINA) == ["Muraho"] * arrives


def test_a_late_report_comes_after_more_than_an_hour() -> None:
    message, world = one("late_report", wait=60)
    assert (message.status, world.texts_on(AMINA)) == ("sent", ["Muraho"])
    world.clock.advance(6 * 3600)
    assert message.status == "delivered"


def test_each_duplicated_report_is_written_twice_and_no_more() -> None:
    message, _ = one("duplicate_report", shares={"duplicate_report": 1})
    assert sorted(words(message)) == ["delivered", "delivered", "sent", "sent", "wired"]


def test_until_9_1_5_a_message_refused_inside_a_200_is_tried_three_times() -> None:
    message, _ = one("refused", profile="9.0", aggregator="africastalking")
    assert words(message) == ["errored", "queued", "errored", "queued", "failed"]


@pytest.mark.parametrize("aggregator", ["plain", "infobip", "africastalking"])
@pytest.mark.parametrize("reachable", [True, False])
def test_an_aggregator_that_never_reports_says_nothing_in_a_week(aggregator: str, reachable: bool) -> None:
    bad = [] if reachable or aggregator != "infobip" else [AMINA]
    message, world = one("never_reports", wait=7 * DAY, aggregator=aggregator, bad_numbers=bad)
    assert words(message) == ["wired"]
    assert world.texts_on(AMINA) == ([] if bad else ["Muraho"])


def test_infobip_without_a_report_says_after_two_days_that_it_does_not_know() -> None:
    message, _ = one("no_report", wait=3 * DAY, aggregator="infobip")
    assert words(message) == ["wired", "sent"]


def test_trouble_for_one_number_leaves_the_others_alone() -> None:
    world = World(aimed=[rule("failed", to=AMINA)])
    assert (world.one().status, world.one(urn=f"tel:{BEN}").status) == ("failed", "delivered")


@pytest.mark.parametrize(
    ("pattern", "text", "met"),
    [
        ("Come*", "Come on Monday", True),
        ("Come*", "Come\non Monday", True),
        ("Come*", "come on Monday", False),
        ("Come", "Come on Monday", False),
        ("*Monday", "Come on Monday", True),
        ("?uraho", "Muraho", True),
        ("[MN]uraho", "Muraho", True),
        ("", "Muraho", False),
    ],
)
def test_a_text_pattern_covers_the_whole_text(pattern: str, text: str, met: bool) -> None:
    message = World(aimed=[rule("failed", text=pattern)]).one(text)
    assert message.status == ("failed" if met else "delivered")


def test_a_pattern_that_would_hang_a_regular_expression_does_not() -> None:
    (found,) = read_rules([rule("failed", text="*a" * 200 + "b")])
    assert not found.match.covers(AMINA, "a" * 640)


def test_the_nth_message_is_counted_among_those_of_its_rule() -> None:
    world = World(aimed=[rule("failed", to=AMINA, nth=2)])
    receivers = [AMINA, BEN, BEN, AMINA, AMINA]
    statuses = [world.one(f"text {n}", urn=f"tel:{number}").status for n, number in enumerate(receivers)]
    assert statuses == ["delivered", "delivered", "delivered", "failed", "delivered"]


def test_a_message_that_is_tried_again_is_still_the_same_one() -> None:
    world = World(aimed=[rule("errored", nth=1)])
    assert (world.one(wait=3600).status, world.one("two").status) == ("failed", "delivered")


def test_counting_begins_anew_when_the_rules_are_set_and_not_when_another_setting_changes() -> None:
    world = World(aimed=[rule("failed", nth=2)])
    assert world.one("1").status == "delivered"
    world.set_channel(tps=5)
    assert world.one("2").status == "failed"
    world.set_channel(aimed=[rule("failed", nth=2)])
    assert [world.one("3").status, world.one("4").status] == ["delivered", "failed"]


def test_counting_begins_anew_after_a_reset() -> None:
    world = World(aimed=[rule("failed", nth=2)])
    world.one("1")
    settings = world.mailroom.channel
    world.mailroom.reset()
    assert world.mailroom.channel == Channel()
    world.mailroom.courier.channel = settings
    assert [world.one("2").status, world.one("3").status] == ["delivered", "failed"]


def test_a_message_meets_the_troubles_of_all_its_rules() -> None:
    rules = [rule("out_of_order", to=AMINA), rule("read", text="M*"), rule("failed", to=BEN)]
    message = World(aimed=rules).one(wait=120)
    assert sorted(words(message)) == ["delivered", "read", "sent", "wired"]


def test_a_message_without_trouble_goes_as_it_goes_without_rules() -> None:
    histories = [World(aimed=aimed).one("€" * 200, wait=600).history for aimed in ([], [rule("failed", to=BEN)])]
    assert histories[0] == histories[1]


def test_each_segment_is_reported_and_the_phone_gets_the_text_once_and_whole() -> None:
    world = World(segment_reports=True)
    message = world.one(THREE_SEGMENTS)
    assert sorted(words(message)) == ["delivered"] * 3 + ["sent"] * 3 + ["wired"]
    assert world.texts_on(AMINA) == [THREE_SEGMENTS]


def test_a_text_of_one_segment_is_reported_as_without_segment_reports() -> None:
    histories = [World(segment_reports=on).one("Muraho", wait=600).history for on in (False, True)]
    assert histories[0] == histories[1]


def test_trouble_with_one_segment_keeps_the_text_from_the_phone_and_the_others_are_reported() -> None:
    world = World(segment_reports=True, aimed=[rule("failed", segment=2)])
    message = world.one(THREE_SEGMENTS)
    assert sorted(words(message)) == ["delivered"] * 2 + ["failed"] + ["sent"] * 3 + ["wired"]
    assert world.texts_on(AMINA) == []
    assert world.one("short").status == "delivered"


def test_a_segment_that_is_never_reported_leaves_the_reports_of_the_others() -> None:
    world = World(segment_reports=True, aimed=[rule("never_reports", segment=3)])
    message = world.one(THREE_SEGMENTS)
    assert sorted(words(message)) == ["delivered"] * 2 + ["sent"] * 2 + ["wired"]
    assert world.texts_on(AMINA) == [THREE_SEGMENTS]


def test_a_phone_that_gets_a_text_twice_shows_it_twice() -> None:
    world = World(segment_reports=True)
    message = world.one(THREE_SEGMENTS)
    world.mailroom.courier.set_status(message, "failed")
    world.mailroom.resend(message)
    world.clock.advance(60)
    assert world.texts_on(AMINA) == [THREE_SEGMENTS] * 2


@pytest.mark.parametrize(
    ("given_rules", "complaint"),
    [
        ("x", "aimed must be a list of rules such as"),
        ({}, "aimed must be a list of rules such as"),
        ([5], "aimed[0] must be an object with any of match, trouble; got 5"),
        ([{}], "aimed[0] must be an object with match and trouble"),
        ([{"match": {}}], "aimed[0] must be an object with match and trouble"),
        ([{"trouble": "failed"}], "aimed[0] must be an object with match and trouble"),
        ([{**rule("failed"), "nth": 2}], "aimed[0]: unknown key 'nth': possible are match, trouble"),
        ([rule("failed"), rule("fail")], "aimed[1].trouble must be one of refused, errored, failed"),
        ([{"match": {}, "trouble": ["failed"]}], "aimed[0].trouble must be one of"),
        ([{"match": [], "trouble": "failed"}], "aimed[0].match must be an object with any of to, text, segment, nth"),
        ([rule("failed", number=AMINA)], "aimed[0].match: unknown key 'number': possible are to, text, segment, nth"),
        ([rule("failed", to="0788123001")], "aimed[0].match.to must be a number in full"),
        ([rule("failed", to=5)], "aimed[0].match.to must be a number in full"),
        ([rule("failed", text=5)], 'aimed[0].match.text must be a pattern such as "Come*"'),
        ([rule("failed", nth=0)], "aimed[0].match.nth must be a whole number above 0"),
        ([rule("failed", nth=True)], "aimed[0].match.nth must be a whole number above 0"),
        ([rule("failed", segment=1.5)], "aimed[0].match.segment must be a whole number above 0"),
        ([rule("refused", segment=1)], "aimed[0]: refused concerns the whole message and cannot be aimed at a segment"),
        ([rule("failed", segment=1)], "aimed names a segment: that needs segment_reports to be true"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place_and_what_is_possible(given_rules: Any, complaint: str) -> None:
    with pytest.raises(BadSetting, match="^" + re.escape(complaint)):
        channel_settings.changed(Channel(), {"aimed": given_rules})


def test_segment_reports_must_be_true_or_false_and_stay_on_while_a_rule_names_a_segment() -> None:
    with pytest.raises(BadSetting, match=r"^segment_reports must be true or false"):
        channel_settings.changed(Channel(), {"segment_reports": 1})
    found = channel_settings.changed(Channel(), {"segment_reports": True, "aimed": [rule("failed", segment=1)]})
    with pytest.raises(BadSetting, match="needs segment_reports"):
        channel_settings.changed(found, {"segment_reports": False})
    assert channel_settings.changed(found, {"segment_reports": False, "aimed": []}) == Channel()


NUMBERS = st.sampled_from([AMINA, BEN, "60396"])
PARTS = st.fixed_dictionaries({}, optional={"to": NUMBERS, "text": st.text(max_size=5), "nth": st.integers(1, 3)})
RULE = st.builds(lambda match, trouble: rule(trouble, **match), PARTS, st.sampled_from([*TROUBLES]))
RULES = st.lists(RULE, max_size=5)


@given(RULES)
def test_rules_are_shown_as_they_are_put(rules: list[Any]) -> None:
    shown = channel_settings.changed(Channel(), {"aimed": rules}).as_json()
    assert shown["aimed"] == rules
    assert channel_settings.changed(Channel(), shown).as_json() == shown


@given(RULES, st.lists(st.tuples(st.integers(1, 4), NUMBERS, st.sampled_from(["a", "ab"])), max_size=8))
def test_what_a_message_meets_is_the_same_at_each_attempt(rules: list[Any], attempts: list[Any]) -> None:
    first: dict[Any, Any] = {}
    known, aim = read_rules(rules), Aim()
    for attempt in attempts:
        met = troubles(aim.rules_for(known, *attempt))
        assert met <= {one["trouble"] for one in rules}
        assert first.setdefault(attempt, met) == met


def test_the_control_api_shows_and_refuses_rules() -> None:
    world = IncomingWorld()
    shown = world.http.get("/rapidpro/channel").get_json()
    assert (shown["aimed"], shown["segment_reports"]) == ([], False)
    rules = [rule("failed", to=AMINA, nth=3)]
    assert world.put("channel", aimed=rules)["aimed"] == rules
    answer = world.http.put("/rapidpro/channel", json={"aimed": [rule("gone")]})
    assert (answer.status_code, answer.get_json()["error"][:17]) == (400, "aimed[0].trouble ")
    world.mailroom.reset()
    assert world.http.get("/rapidpro/channel").get_json() == shown


def test_all_troubles_but_those_of_the_whole_message_can_be_aimed_at_a_segment() -> None:
    for trouble in TROUBLES.keys() - set(WHOLE_MESSAGE):
        assert read_rules([rule(trouble, segment=1)])[0].match.segment == 1
