"""Each rule of `flow check`: a flow where it fires, and one like it where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.flows.bundle import bundle_of
from conformance.flows.checking.check import check, generations_for
from conformance.flows.checking.table import RULES
from fakes.rapidpro.versions.generation import Generation
from tests.conformance.flows.building import BODY, Json, action, call, export, flow, node, post, say, split, uid

BODY_RAW = '{"id": "@run.uuid", "from": "@(urn_parts(contact.urn).path)", "content": "@input.text"}'
BODY_QUOTED = '{"id": "@run.uuid", "from": "@(urn_parts(contact.urn).path)", "content": @(json(input.text))}'
BOTH: tuple[Generation, ...] = ("new", "9")


def only(*nodes: Json, **more: Any) -> Json:
    """An export with one flow."""
    return export(flow("Texts", *nodes), **more)


def posting(**changes: Any) -> Json:
    """A flow that posts each text that is not empty, and tells the person of a failure."""
    return only(
        split("text?", cases={"Has Text": ("has_text", "post")}),
        call("post", post(**changes), bad="sorry"),
        node("sorry", say("Please send it again")),
        catch_all="Texts",
    )


def asking(**wait: Any) -> Json:
    """A catch-all flow that posts the text, then asks a question."""
    return only(
        split("text?", cases={"Has Text": ("has_text", "post")}),
        call("post", post(), good="ask", bad="sorry"),
        node("sorry", say("Please send it again")),
        node("ask", say("Is it urgent?"), to="answer"),
        split("answer", **wait),
        node("thanks", say("Thank you")),
        catch_all="Texts",
    )


def loop(second: str | None, *actions: Json) -> Json:
    return only(node("one", say("a"), to="two"), node("two", *actions, to=second))


def reads(template: str, *before: Json) -> Json:
    return only(node("set", *before, to="say"), node("say", say(template)))


CASES: Mapping[str, tuple[Json, Json]] = {
    "refused": (only(node("one", action("dance"))), only(node("one", say("hello")))),
    "voice": (
        export(flow("Call", node("one", action("say_msg", text="hello")), type="voice")),
        only(node("one", say("hello"))),
    ),
    "missing-flow": (
        only(node("one", action("enter_flow", flow={"uuid": uid("Other flow"), "name": "Other flow"}))),
        export(
            flow("Texts", node("one", action("enter_flow", flow={"uuid": uid("Other flow"), "name": "Other flow"}))),
            flow("Other flow", node("two", say("hello"))),
        ),
    ),
    "missing-global": (posting(body=BODY.replace("input.text", "globals.gone")), posting()),
    "needs-global": (posting(), posting(headers={"Authorization": "Token abc"})),
    "missing-field": (
        reads("@fields.village"),
        {**reads("@fields.village"), "fields": [{"key": "village", "name": "Village", "type": "text"}]},
    ),
    "missing-group": (
        only(node("one", action("add_contact_groups", groups=[{"uuid": uid("Mothers"), "name": "Mothers"}]))),
        only(
            node("one", action("add_contact_groups", groups=[{"uuid": uid("Mothers"), "name": "Mothers"}])),
            groups=[{"uuid": uid("Mothers"), "name": "Mothers", "query": None}],
        ),
    ),
    "needs-label": (
        only(node("one", action("add_input_labels", labels=[{"uuid": uid("Urgent"), "name": "Urgent"}]))),
        only(node("one", action("add_input_labels", labels=[{"name_match": "Urgent"}]))),
    ),
    "needs-template": (
        export(flow("Texts", node("one", {**say("hello"), "template": {"uuid": uid("Visit"), "name": "visit"}}),
                    spec_version="14.4.2")),
        export(flow("Texts", node("one", say("hello")), spec_version="14.4.2")),
    ),
    "needs-service": (
        only(node("one", action("send_email", addresses=["a@example.org"], subject="s", body="b"))),
        only(node("one", say("hello"))),
    ),
    "no-content-type": (
        posting(headers={"Content-Type": "text/plain"}),
        posting(headers={"Content-Type": "application/JSON; charset=utf-8"}),
    ),
    "no-authorization": (posting(headers={"Authorization": None}), posting()),
    "wrong-authorization": (
        posting(headers={"Authorization": "token @globals.cht_token"}),
        posting(headers={"Authorization": "@globals.cht_authorization"}),
    ),
    "no-accept": (posting(headers={"Accept": "*/*"}), posting()),
    "plain-http": (
        posting(url="http://cht.example.org/api/v2/sms/rapidpro/incoming-messages"),
        posting(url="http://192.168.1.20/api/v2/sms/rapidpro/incoming-messages"),
    ),
    "no-failure-branch": (
        only(call("post", post(), good="thanks", bad="thanks"), node("thanks", say("Thank you"))),
        only(node("post", post(), to="how"), split("how", on="@results.relay.category",
             cases={"Failure": ("has_only_text", "Failure", "sorry")}), node("sorry", say("Please send it again"))),
    ),
    "answer-not-read": (
        posting(),
        only(
            call("post", post(), good="saved?", bad="sorry"),
            split("saved?", on="@(default(results.relay.extra.saved, 0))",
                  cases={"Saved": ("has_number_eq", "1", None)}, other="sorry"),
            node("sorry", say("Please send it again")),
        ),
    ),
    "wrong-webhook-shape": (
        only(split("post", post(), say("one more"), on="@webhook.status",
                   cases={"Success": ("has_number_between", "200", "299", None)})),
        posting(),
    ),
    "tel-prefix": (posting(body=BODY.replace("urn_parts(contact.urn).path", "contact.urn")), posting()),
    "body-not-escaped": (posting(body=BODY_RAW), posting(body=BODY_QUOTED)),
    "empty-content": (only(call("post", post(), bad="sorry"), node("sorry", say("Please send it again"))), posting()),
    "no-input": (
        only(call("post", post(), bad="sorry"), node("sorry", say("Please send it again"))),
        only(split("how", on="@trigger.type", cases={"Text": ("has_only_text", "msg", "post")}), call("post", post())),
    ),
    "bad-expression": (reads("@(1 + )"), reads("@(1 + 1)")),
    "unknown-name": (reads("@(uppr(contact.name))"), reads("@(upper(contact.first_name)) @contact.urn @run.flow.name")),
    "result-never-set": (
        reads("@results.relay_outcome", action("set_run_result", name="Outcome", value="x", category="")),
        reads("@results.relay_outcome", action("set_run_result", name="Relay Outcome", value="x", category="")),
    ),
    "run-uuid-repeated": (
        only(split("wait", wait=True, other="post"), call("post", post(), good="wait", bad="wait")),
        only(split("wait", wait=True, other="post"),
             call("post", post(body=BODY.replace("run.uuid", "input.uuid")), good="wait", bad="wait")),
    ),
    "retry-with-one-id": (
        only(call("post", post(), bad="again"), call("again", post(result="Again"), key="again")),
        only(split("which?", cases={"Register": ("has_beginning", "R", "post")}, other="again"),
             call("post", post()), call("again", post(result="Again"), key="again")),
    ),
    "report-swallowed": (
        asking(cases={"Yes": ("has_any_word", "yes", "thanks")}, seconds=600),
        asking(cases={"Yes": ("has_any_word", "yes", "thanks")}, seconds=600, other="post"),
    ),
    "wait-without-timeout": (asking(wait=True, other="thanks"), asking(seconds=600, other="thanks")),
    "timeout-after-expiry": (asking(seconds=3660, other="thanks"), asking(seconds=3600, other="thanks")),
    "loop-without-wait": (
        loop("one", say("b")),
        loop("one", action("set_run_result", name="Rounds", value="@(results.rounds + 1)", category="")),
    ),
    "unreachable-node": (
        only(node("one", say("hello")), node("two", say("nobody"))),
        only(node("one", say("hello"), to="two"), node("two", say("somebody"))),
    ),
}  # fmt: skip
KNOWN = {"cht_token": "abc", "cht_authorization": "Token abc"}


def fired(document: Json, rule: str, known: Mapping[str, str] | None = None) -> list[str]:
    bundle = bundle_of(document, "test.json")
    return [one.detail for one in check(bundle, generations_for(bundle), known) if one.rule.id == rule]


def test_every_rule_has_a_case() -> None:
    assert [rule.id for rule in RULES] == list(CASES)
    assert len({rule.title for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_fires_on_its_weakness_and_not_beside_it(rule: str) -> None:
    bad, good = CASES[rule]
    known = KNOWN if rule == "missing-global" else None
    assert fired(bad, rule, known)
    assert fired(good, rule, known) == []


@pytest.mark.parametrize("rule", [rule for rule in CASES if rule != "refused"])
def test_the_flows_of_the_table_are_valid(rule: str) -> None:
    for document in CASES[rule]:
        assert fired(document, "refused") == []


@pytest.mark.parametrize("rule", CASES)
def test_an_ignored_rule_finds_nothing(rule: str) -> None:
    bundle = bundle_of(CASES[rule][0], "test.json")
    assert rule not in {one.rule.id for one in check(bundle, BOTH, KNOWN, [rule])}


@pytest.mark.parametrize(
    ("rule", "document", "known", "detail"),
    [
        ("plain-http", posting(url="@globals.cht_url"), {"cht_url": "http://cht.example.org/x", "cht_token": "a"},
         "POST to http://cht.example.org/x"),
        ("no-authorization", posting(url="https://cht.example.org/api/v2/records", headers={"Authorization": None},
                                     body='@(json(object("_meta", object("form", "F"))))'), None,
         "there is no header Authorization"),
        ("wrong-authorization", posting(url="https://cht.example.org/api/sms"), None,
         "Authorization begins with 'Token', and this endpoint takes 'Basic ' and a secret"),
        ("unknown-name", reads("@(slice(array(1), 0))"), None, "@(slice(array(1), 0)): there is no function slice"),
        ("timeout-after-expiry", asking(seconds=5430, other="thanks"), None,
         "the wait times out after 90.5 minutes, and the flow expires after 60"),
        ("result-never-set", reads("@(default(results.x.value, 1))"), None,
         "@results.x.value is read, and nothing saves it"),
    ],
)  # fmt: skip
def test_a_finding_says_what_is_there(rule: str, document: Json, known: dict[str, str] | None, detail: str) -> None:
    assert fired(document, rule, known) == [detail]


@pytest.mark.parametrize(("minutes", "seconds", "count"), [(0, 259_200, 0), (0, 259_201, 1), (20_160, 259_201, 0)])
def test_an_expiry_of_0_minutes_stands_for_three_days(minutes: int, seconds: int, count: int) -> None:
    document = asking(seconds=seconds, other="thanks")
    document["flows"][0]["expire_after_minutes"] = minutes
    assert len(fired(document, "timeout-after-expiry")) == count


def test_two_bodies_under_one_id_are_no_retry() -> None:
    other = BODY.replace("input.text", "results.why")
    document = only(
        call("post", post(), good="more", bad="sorry"),
        call("more", post(body=other, result="More"), key="more", bad="sorry"),
        node("sorry", say("Please send it again")),
    )
    assert fired(document, "run-uuid-repeated") == ["an earlier call of the run had the same id, @run.uuid"]
    assert fired(document, "retry-with-one-id") == []


def test_two_calls_of_one_node_count_in_their_order() -> None:
    document = only(call("post", post(), post(result="Again"), key="again"))
    assert len(fired(document, "retry-with-one-id")) == 1


def test_a_retry_that_takes_400_for_success_is_good() -> None:
    document = only(
        call("post", post(), bad="again"),
        call("again", post(result="Again"), key="again", bad="known?"),
        split("known?", on="@results.again.value", cases={"Known": ("has_number_eq", "400", None)}, other="sorry"),
        node("sorry", say("Please send it again")),
    )
    assert fired(document, "retry-with-one-id") == []


def test_user_and_password_in_the_address_are_authorization() -> None:
    url = "https://user:secret@cht.example.org/api/v2/records"
    document = posting(url=url, headers={"Authorization": None}, body='@(json(object("_meta", object("form", "F"))))')
    assert fired(document, "no-authorization") == []


def test_an_export_that_lists_no_fields_and_groups_at_all_is_not_judged_by_its_lists() -> None:
    document = reads("@fields.village", action("add_contact_groups", groups=[{"uuid": uid("M"), "name": "M"}]))
    assert fired(document, "missing-field")
    assert fired(document, "missing-group")
    del document["fields"], document["groups"]
    assert fired(document, "missing-field") == fired(document, "missing-group") == []


def test_a_finding_names_the_generations_that_read_the_flow_so() -> None:
    bundle = bundle_of(reads("@(slice(array(1), 0)) @(uppr(1))"), "test.json")
    found = {one.detail: one.generations for one in check(bundle, BOTH, None) if one.rule.id == "unknown-name"}
    assert set(found.values()) == {("9",), ("new", "9")}


def test_an_export_for_newer_engines_is_read_by_them_alone() -> None:
    document = export(flow("Texts", node("one", say("hello")), spec_version="14.4.2"))
    assert generations_for(bundle_of(document, "test.json")) == ("new",)
    assert generations_for(bundle_of(reads("hello"), "test.json")) == BOTH
