"""Jobs from lines, answers to lines.

In: {"bundle", "flow", "generation": "new"|"9", "clock", "env", "workspace", "languages", "contact", "webhook_answers",
"inputs"}, all required; "seed" (of UUIDs and random routers) may be given. Out: outputs, effects, webhooks, path,
waits, status, errors, runs, contact_after, perhaps unused_inputs and error, in the shapes of the recordings
(tests/golden/flows); of a flow that is refused new_error or error_9, and error with the same sentence; of an invalid
job only error.
Exit status 0, or 2 if there was an invalid job.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TextIO

from fakes.rapidpro.flows.jobs.conversation import run_job
from fakes.rapidpro.flows.jobs.job import BadJob, read_job


def run(lines: Iterable[bytes], out: TextIO) -> int:
    """Run each line's job and write its answer at once; blank lines are skipped. Returns the exit status."""
    status = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            answer: dict[str, Any] = run_job(read_job(line))
        except BadJob as error:
            answer, status = {"error": str(error)}, 2
        except RecursionError:
            answer, status = {"error": "the job is nested too deeply"}, 2
        out.write(json.dumps(answer) + "\n")
        out.flush()
    return status
