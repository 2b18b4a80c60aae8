"""Group commit: what the web app asks of the database at the same time shares a commit, and nobody waits for long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

MAX_CALLERS = 200
"""How many wait at the same time; one more gets TimeoutError at once, so that a thread is left for /health."""
IDLE_SECONDS = 1.0
"""How long the thread waits for something to do before it ends."""


class GroupCommit:
    """Calls `commit` with all that waits, in a thread of its own, which nobody has to stop."""

    def __init__(self, commit: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        self._commit, self._waiting = commit, list[tuple[Any, Future[Any]]]()
        self._changed, self._places = threading.Condition(), threading.BoundedSemaphore(MAX_CALLERS)
        self._running = False

    def ask(self, request: Any, seconds: float) -> Any:
        """What `commit` returns for this request. Raises what it raises, or TimeoutError after `seconds`.

        What was given up is not begun any more. What was begun by then may still be done.
        """
        if not self._places.acquire(blocking=False):
            raise TimeoutError("too many wait for the database")
        future: Future[Any] = Future()
        try:
            with self._changed:
                self._waiting.append((request, future))
                self._changed.notify()
                if not self._running:
                    self._running = True
                    threading.Thread(target=self._run, daemon=True).start()
            return future.result(seconds)
        finally:
            future.cancel()
            self._places.release()

    def _run(self) -> None:
        while batch := self._next_batch():
            try:
                results = self._commit([request for request, _ in batch])
            except Exception as error:
                for _, future in batch:
                    future.set_exception(error)
            else:
                for (_, future), result in zip(batch, results, strict=True):
                    future.set_result(result)

    def _next_batch(self) -> list[tuple[Any, Future[Any]]]:
        with self._changed:
            if not self._waiting:
                self._changed.wait(IDLE_SECONDS)
            batch = [(request, future) for request, future in self._waiting if future.set_running_or_notify_cancel()]
            self._waiting.clear()
            self._running = bool(batch)
        return batch
