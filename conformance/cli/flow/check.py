"""`relay-harness flow check`: what an export needs, and what in it will surprise."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from conformance.cli.options.running_fakes import NotDone
from conformance.flows.bundle import UnreadableBundle, read_bundle
from conformance.flows.checking.check import GENERATIONS, check, generations_for
from conformance.flows.checking.finding import Finding, Severity
from conformance.flows.checking.table import RULES
from fakes.rapidpro.versions.generation import Generation

BOTH = "both"


@click.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--generation", type=click.Choice([*GENERATIONS, BOTH]),
              help="The flow engine: 9 is RapidPro up to 9.3. Default: both that can read the export.")  # fmt: skip
@click.option("--global", "known", multiple=True, metavar="NAME[=VALUE]",
              help="A global of the workspace. May be repeated. With one, all others count as missing.")  # fmt: skip
@click.option("--ignore", "ignored", multiple=True, metavar="RULE", help="Leave a rule out. May be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def check_command(
    context: click.Context, /, files: Sequence[Path], generation: str | None, known: Sequence[str],
    ignored: Sequence[str], as_json: bool,
) -> None:  # fmt: skip
    """Look for what exported flows need and what in them will surprise.

    Exit status: 0 no errors; 1 errors; 2 a file is no export.
    """
    _check_rules(ignored)
    values = dict(map(read_global, known))
    found = [one for path in files for one in _findings(path, generation, values, ignored)]
    bad = any(one.rule.severity is Severity.ERROR for one in found)
    if as_json:
        document = {"ok": not bad, "files": list(map(str, files)), "findings": [one.as_json() for one in found]}
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        click.echo("\n".join([*lines_of(found), summary(found)]))
    context.exit(1 if bad else 0)


def lines_of(findings: Sequence[Finding]) -> Iterator[str]:
    """Findings for people: each rule once with its reason and remedy, then the places."""
    for rule in dict.fromkeys(one.rule for one in findings):
        yield f"{rule.severity}: {rule.id}: {rule.title}"
        yield f"    {rule.reason}"
        yield f"    -> {rule.remedy}"
        yield from (f"    * {place_of(one)}: {one.detail}" for one in findings if one.rule is rule)


def place_of(finding: Finding) -> str:
    """File, flow, node and action."""
    node = f", node {finding.node} ({finding.kind})" if finding.node else ""
    action = f", action {finding.action} ({finding.action_type})" if finding.action else ""
    only = "" if len(finding.generations) > 1 else f" (generation {finding.generations[0]})"
    return f"{finding.file}: flow {finding.flow!r}{node}{action}{only}"


def summary(findings: Sequence[Finding]) -> str:
    """How many there are of each severity."""
    counts = Counter(one.rule.severity for one in findings)
    words = [f"{counts[one]} {one}{'s' * (counts[one] != 1)}" for one in Severity if counts[one]]
    return ", ".join(words) or "nothing found"


def _findings(path: Path, generation: str | None, known: Mapping[str, str], ignored: Sequence[str]) -> list[Finding]:
    try:
        bundle = read_bundle(path)
    except UnreadableBundle as problem:
        raise NotDone(f"nothing was judged: {problem}") from None
    chosen: tuple[Generation, ...] = generations_for(bundle)
    if generation is not None:
        chosen = tuple(one for one in GENERATIONS if generation in (one, BOTH))
    return check(bundle, chosen, bundle.globals_with(known), ignored)


def read_global(word: str) -> tuple[str, str]:
    """Name and value of an option --global. click.UsageError if it has no name."""
    name, _, value = word.partition("=")
    if not name.strip():
        raise click.UsageError(f"--global: expected NAME or NAME=VALUE such as cht_url=https://..., got {word!r}")
    return name.strip().removeprefix("@").removeprefix("globals.").lower(), value


def _check_rules(ignored: Sequence[str]) -> None:
    known = [rule.id for rule in RULES]
    for one in ignored:
        if one not in known:
            raise click.UsageError(f"--ignore: unknown rule {one!r}; the rules are {', '.join(known)}")
