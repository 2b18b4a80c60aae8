"""One release of CHT: a field for each difference, below it what the field means and since which release it is so.

Source: cht-core at the tags 3.11.0, 4.4.0, 4.13.0, 4.17.0, 4.21.0, 5.1.0 and 5.2.0. Releases 3.11 and 5.2 were run.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Release:
    """A row of the table. A field that is `yes` or `no` can be switched in a running fake: `PUT /cht/release`."""

    name: str
    about: str
    """What the release is known for."""
    version: str
    """The version that it gives."""
    right_path: bool
    """Incoming texts of RapidPro are also taken at the path that is spelt correctly (4.1)."""
    negotiates_errors: bool
    """Errors are JSON for all who prefer it; before, only if `Accept` is exactly `application/json` (4.5)."""
    push_cron: bool
    """Outbound pushes may have a `cron`; before, it is ignored (4.5)."""
    limits_logins: bool
    """After ten failed logins in ten seconds 429 is answered (4.6)."""
    unknown_is_queued: bool
    """An unknown status from RapidPro counts as `queued`; before, it is an error, and the text is sent again (4.14)."""
    refusal_is_final: bool
    """A text that RapidPro answers with 400 is failed; before, it is sent again by each pass (4.14)."""
    fetches: bool
    """Calls are made with `fetch`, not the request library: redirects of a POST are followed (4.17)."""
    request_ids: bool
    """Calls that an HTTP request causes carry its `x-request-id` (4.17)."""
    parses_answers_twice: bool
    """A JSON answer of Africa's Talking cannot be read, and the text stays pending (cht-core 10068: 4.17 to 4.20)."""
    push_user_agent: bool
    """Outbound pushes name CHT as `user-agent` (4.18)."""
    gateway_user_agent: bool
    """Calls to RapidPro and Africa's Talking name CHT as `user-agent` (4.19)."""
    clears_failing_schedules: bool
    """The setting `sms.clear_failing_schedules` is known (5.1)."""
    knows_default_to_sender: bool
    """The setting `sms.default_to_sender` is known; before, an unknown recipient is always the sender (5.1)."""
    only_scheduled_become_due: bool
    """A task becomes pending only if it is `scheduled`; before, also a delivered one, every 5 minutes for 7 days, if a
    task with the same due date cannot be generated (cht-core 10802; 5.2)."""
    uuid_version: int
    """The version of the uuids of messages (5.2)."""
    doubles_transitions: bool = False
    """Sentinel runs the transitions over an incoming text again: replies and schedules are doubled. Real servers do it
    sometimes; the fake never does until it is switched on, and then always (cht-core 10875, 11212)."""

    def user_agent(self, named: bool) -> str | None:
        """The header with which CHT names itself; None if it does not."""
        return f"Community Health Toolkit/{self.version} (linux,x64)" if named else None
