"""Which translation of a text is used. Source: goflow flows/engine/run.go."""

from __future__ import annotations

from collections.abc import Sequence

from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.work.stretch import Stretch


def preferred(stretch: Stretch, run: Run) -> list[str]:
    """The contact's language if the workspace allows it, the workspace's default, the flow's language."""
    allowed, own = stretch.workspace.languages, stretch.session.contact.language
    flow = stretch.flow_of(run)
    wanted = [own] if own and own in allowed else []
    return [*dict.fromkeys([*wanted, *allowed[:1]]), flow.language if flow is not None else ""]


def texts_of(
    item: str, name: str, native: Sequence[str], stretch: Stretch, run: Run, languages: Sequence[str] | None = None
) -> list[str]:
    """The texts of a property in the first of the languages (default: the preferred ones) that has them."""
    flow = stretch.flow_of(run)
    if flow is None:
        return list(native)
    for language in preferred(stretch, run) if languages is None else languages:
        if language == flow.language:
            break
        found = flow.translation(language, item, name)
        if found:
            return found
    return list(native)


def translation_of(item: str, name: str, native: str, stretch: Stretch, run: Run) -> str:
    """The text of a property that has one."""
    return texts_of(item, name, [native], stretch, run)[0]
