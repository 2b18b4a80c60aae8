"""`relay-harness flow outcomes`: what people are told beside what CHT holds, for every way the endpoint can answer."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli.flow.outcomes import outcomes_command
from conformance.evidence.model import Evidence
from conformance.flows.bundle import Bundle, bundle_of, read_bundle
from conformance.flows.checking.check import GENERATIONS
from conformance.flows.outcomes.endpoints import FakeCht, fresh_fakes
from conformance.flows.outcomes.outcome import Agreement, NotPossible, Row, chosen_flow, judged, outcomes
from conformance.flows.outcomes.ways import WAYS
from conformance.reports.reading import read_reports
from conformance.services.in_process import InProcessFakes
from tests.conformance.flows.building import BODY, CHT, Json, call, export, flow, node, post, say, split
from tests.conformance.flows.test_ready_flows import FOLDER

GOOD, BAD, MAIL = ("Thank you",), ("Send it again",), ("email sent",)
STORED = ("P 10 Amina",)
LOST = {"page", "redirect"}
"""What a flow that does not read the answer takes for success."""


@pytest.fixture(scope="module")
def fakes() -> InProcessFakes:
    return fresh_fakes()


def rows_of(bundle: Bundle, fakes: InProcessFakes, texts: Sequence[str] = ()) -> list[Row]:
    flow_uuid = chosen_flow(bundle, "new", None)
    return outcomes(bundle, flow_uuid, GENERATIONS, lambda key: FakeCht(fakes, key), None, random.Random(1), texts)


def lost(rows: Sequence[Row]) -> set[str]:
    return {row.name for row in rows if row.agreement is Agreement.DISAGREES}


@pytest.mark.parametrize(
    ("told", "noted", "holds", "good", "agreement"),
    [
        (GOOD, (), STORED, (GOOD, (), STORED), Agreement.AGREES),
        (BAD, (), (), (GOOD, (), STORED), Agreement.AGREES),
        (GOOD, (), (), (GOOD, (), STORED), Agreement.DISAGREES),
        (BAD, (), STORED, (GOOD, (), STORED), Agreement.RISK),
        (GOOD, (), (*STORED, *STORED), (GOOD, (), STORED), Agreement.DISAGREES),
        ((), (), (), ((), (), STORED), Agreement.DISAGREES),
        ((), MAIL, (), ((), (), STORED), Agreement.AGREES),
        ((), MAIL, STORED, ((), (), STORED), Agreement.RISK),
        (GOOD, MAIL, (), (GOOD, (), STORED), Agreement.DISAGREES),
        (GOOD, (), (), (GOOD, (), ()), Agreement.DISAGREES),
    ],
)
def test_what_is_told_is_compared_with_what_cht_holds(
    told: Sequence[str], noted: Sequence[str], holds: Sequence[str],
    good: tuple[Sequence[str], Sequence[str], Sequence[str]], agreement: Agreement,
) -> None:  # fmt: skip
    assert judged(told, noted, holds, *good)[0] is agreement


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("minimal", LOST | {"starting"}),  # it does not ask for JSON either
        ("recommended", set()),
        ("historic", LOST),
        ("two-way-follow-up", LOST),
        ("records", LOST),
    ],
)
def test_the_ready_flows_lose_what_they_are_known_to_lose(name: str, expected: set[str], fakes: InProcessFakes) -> None:
    rows = rows_of(read_bundle(FOLDER / f"{name}.json"), fakes)
    assert lost(rows) == expected
    assert {row.way.name for row in rows} == {way.name for way in WAYS}
    good = rows[0]
    assert (good.agreement, len(good.holds), good.calls) == (Agreement.AGREES, 1, 1)


def test_a_repeated_call_of_the_recommended_flow_stores_the_text_once(fakes: InProcessFakes) -> None:
    rows = {row.name: row for row in rows_of(read_bundle(FOLDER / "recommended.json"), fakes)}
    for name in ("late, once", "gone, once", "page, once", "too large, once", "empty, once"):
        assert (rows[name].calls, rows[name].agreement) == (2, Agreement.AGREES), name
        assert rows[name].told == ("Thank you, your message has arrived.",)
        assert rows[name].holds == STORED
    assert rows["late"].agreement is Agreement.RISK
    assert rows["late"].told[0].startswith("We do not know yet")


def test_a_flow_that_repeats_a_call_under_another_id_doubles_the_text(fakes: InProcessFakes) -> None:
    other = BODY.replace("run.uuid", "input.uuid")
    document = export(
        flow(
            "Texts",
            call("post", post(), good="thanks", bad="again"),
            call("again", post(body=other, result="Again"), key="again", good="thanks", bad="sorry"),
            node("thanks", say("Thank you")),
            node("sorry", say("Please send it again")),
        ),
        catch_all="Texts",
    )
    rows = {row.name: row for row in rows_of(bundle_of(document, "x"), fakes)}
    assert (rows["late, once"].agreement, len(rows["late, once"].holds)) == (Agreement.DISAGREES, 2)


def test_the_generations_differ_where_an_answer_is_too_large(fakes: InProcessFakes) -> None:
    rows = rows_of(read_bundle(FOLDER / "minimal.json"), fakes)
    assert {row.generations: row.noted for row in rows if row.way.name == "too large"} == {("new",): (), ("9",): MAIL}


def test_a_token_that_is_written_in_the_flow_is_taken_by_the_fake_cht(fakes: InProcessFakes) -> None:
    document = export(
        flow("Texts", call("post", post(headers={"Authorization": "Token my-own-key"}), bad="sorry"),
             node("sorry", say("Please send it again"))),
        catch_all="Texts",
    )  # fmt: skip
    assert rows_of(bundle_of(document, "x"), fakes)[0].holds == STORED


def test_a_token_that_is_given_is_taken_by_the_fake_cht_too() -> None:
    given = ("--global", "cht_api_key=abc", "--global", f"cht_url={CHT}")
    status, output = invoked(str(FOLDER / "recommended.json"), *given, "--json")
    assert status == 0
    assert json.loads(output)["rows"][0]["cht_holds"] == list(STORED)


def asks() -> Json:
    """A flow that posts what it is answered."""
    return export(
        flow(
            "Ask",
            node("ask", say("How many children?"), to="answer"),
            split("answer", cases={"Number": ("has_number", "post")}, other="ask", seconds=600),
            call("post", post(), good="thanks", bad="sorry"),
            node("thanks", say("Thank you")),
            node("sorry", say("Please send it again")),
        )
    )


def test_the_person_writes_the_given_texts(fakes: InProcessFakes) -> None:
    good = rows_of(bundle_of(asks(), "x"), fakes, ["none", "3"])[0]
    assert good.holds == ("3",)
    assert good.told == GOOD


def test_evidence_shows_the_changed_answer_and_hides_the_secret(fakes: InProcessFakes) -> None:
    rows = {row.name: row for row in rows_of(read_bundle(FOLDER / "minimal.json"), fakes)}
    evidence = rows["page"].evidence
    assert Evidence.from_json(json.loads(json.dumps(evidence.as_json()))).events
    (text, made) = evidence.events
    assert (text.source, text.target, text.title) == ("phone", "rapidpro", "P 10 Amina")
    assert made.fault == "page: something before it answers 200 with a page"
    assert (made.status, made.acted, made.decisive) == (200, False, True)
    assert made.request is not None
    assert made.request.headers["Authorization"] == "(hidden)"
    assert rows["200"].evidence.events[-1].title == 'holds: "P 10 Amina"'


def invoked(*arguments: str) -> tuple[int, str]:
    done = CliRunner(env={"COLUMNS": "140"}).invoke(outcomes_command, arguments)
    return done.exit_code, done.output


def test_the_command_shows_a_table_and_fails_on_losses() -> None:
    status, output = invoked(str(FOLDER / "minimal.json"), "--generation", "new")
    assert status == 1
    assert "Texts to CHT (minimal) with the fake CHT" in output
    assert "disagrees: CHT does not hold it, and nobody learns of it" in output


def test_the_reference_relay_passes_on_what_the_recommended_flow_says(tmp_path: Path) -> None:
    path = str(FOLDER / "recommended.json")
    status, output = invoked(path, "--reference", "--generation", "9", "--json", "--report-dir", str(tmp_path))
    document = json.loads(output)
    rows: Mapping[str, Json] = {f"{row['way']} {row['times']}": row for row in document["rows"]}
    assert (status, document["endpoint"]) == (0, "the reference relay")
    assert rows["late once"]["cht_holds"] == list(STORED)
    assert {"rapidpro", "relay"} in [{one["source"], one["target"]} for one in rows["200 always"]["evidence"]["events"]]
    (report,) = read_reports(tmp_path / "report.json")
    assert len(report.results) == len(document["rows"])
    assert "We do not know yet whether your message has arrived" in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (export(flow("Hello", node("one", say("hello")))), "no flow posts anything to CHT"),
        (export(flow("Ask", split("answer", wait=True, cases={"1": ("has_date", "post")}, other="answer"),
                     call("post", post()))), "the flow made no call in this conversation"),
        (export(flow("Call", call("post", post(), bad="sorry"), node("sorry", say("Please send it again")),
                     type="voice")), "flow 'Call' does not run: flows of type 'voice' need a call"),
        (export(flow("Bad", {**node("one", say("hello")), "exits": []})), "'Bad' is refused because unable to read"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_said(document: Json, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "flows.json"
    path.write_text(json.dumps(document), "utf-8")
    status, output = invoked(str(path))
    assert status == 2
    assert sentence in output


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--flow", "Nonsense"), "there is no flow 'Nonsense'; the export has 'Fever and cough to CHT records'"),
        (("--reference",), "reference takes texts only, and the flow posts to CHT's endpoint for records"),
        (("--reference", "--subject-url", "http://127.0.0.1:9"), "both say what is called"),
        (("--subject-command", "x"), "--subject-url"),
        (("--subject-url", "http://192.0.2.1:9"), "is not on this machine"),
        (("--allow-remote",), "--allow-remote goes with"),
        (("--report-dir", "/dev/null/x"), "/dev/null/x cannot be written"),
    ],
)
def test_wrong_usage_is_reported(options: tuple[str, ...], sentence: str) -> None:
    status, output = invoked(str(FOLDER / "records.json"), *options)
    assert status == 2
    assert sentence in output


def test_texts_are_shown_as_they_are(tmp_path: Path) -> None:
    document = export(
        flow("Texts", call("post", post(), good="thanks", bad="sorry"), node("thanks", say("[bold]Thank you\u202e")),
             node("sorry", say("Please send it again"))),
        catch_all="Texts",
    )  # fmt: skip
    path = tmp_path / "flows.json"
    path.write_text(json.dumps(document), "utf-8")
    assert "[bold]Thank you[U+202E]" in invoked(str(path), "--text", "P 10 Amina")[1]


def test_a_flow_can_be_named(fakes: InProcessFakes) -> None:
    bundle = read_bundle(FOLDER / "historic.json")
    assert bundle.name_of(chosen_flow(bundle, "9", "Text from CHT")) == "Text from CHT"
    with pytest.raises(NotPossible, match="no call"):
        outcomes(bundle_of(asks(), "x"), chosen_flow(bundle_of(asks(), "x"), "9", None), ["9"],
                 lambda key: FakeCht(fakes, key), None, random.Random(1), ["none"])  # fmt: skip
