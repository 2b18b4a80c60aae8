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
        self._commit, self._waiting = commit, dict[Future[Any], Any]()
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
                self._waiting[future] = request
                self._changed.notify()
                if not self._running:
                    self._running = True
                    threading.Thread(target=self._run, daemon=True).start()
            return future.result(seconds)
        finally:
            with self._changed:
                self._waiting.pop(future, None)
            self._places.release()

    def _run(self) -> None:
        while batch := self._next_batch():
            try:
                for future, result in zip(batch, self._commit(list(batch.values())), strict=True):
                    future.set_result(result)
            except Exception as error:
                for future in batch:
                    future.set_exception(error)

    def _next_batch(self) -> dict[Future[Any], Any]:
        with self._changed:
            if not self._waiting:
                self._changed.wait(IDLE_SECONDS)
            batch, self._waiting = self._waiting, {}
            self._running = bool(batch)
        return batch
