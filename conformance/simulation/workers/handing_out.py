"""Hands out batches on an executor until each is answered once, whatever happens to workers meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import replace

from conformance.simulation.results import SeedResult
from conformance.simulation.workers.batches import BatchAnswer, SeedBatch, run_batch
from conformance.verdicts import HarnessBroken

ATTEMPTS = 3
"""How often a batch is handed out. What ends three workers would end any."""


class HandedOut:
    """The batches that workers have, and what becomes of them. Only the batches that are answered have results."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._waiting: dict[Future[BatchAnswer], SeedBatch] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def hand_out(self, batch: SeedBatch) -> None:
        """Give a batch to a worker. Raises HarnessBroken if the executor takes none."""
        try:
            self._waiting[self._executor.submit(run_batch, batch)] = batch
        except Exception as failure:  # whatever this executor raises when it has ended
            self._waiting.clear()  # nobody is left who could take them back
            raise HarnessBroken(f"{_named(batch)} cannot be handed out to a worker: {_told(failure)}") from failure

    def answered(self) -> Iterator[Sequence[SeedResult]]:
        """Wait for answers: the results of each batch. A batch whose worker is lost is handed out again.

        Raises HarnessBroken for a batch that is lost each time, and for workers that cannot run batches.
        """
        done, _ = wait(self._waiting, return_when=FIRST_COMPLETED)
        for future in done:
            batch = self._waiting.pop(future)
            lost = CancelledError() if future.cancelled() else future.exception()
            if lost is not None:  # what goes wrong in a run would be in the answer
                self._again(batch, _told(lost))
                continue
            answer = future.result()
            _check(answer, batch)
            if answer.answers(batch):
                yield answer.results
            else:
                self._again(batch, f"{answer.worker} answered with other seeds")

    def cancel(self) -> None:
        """Take back what no worker has begun."""
        for future in self._waiting:
            future.cancel()

    def _again(self, batch: SeedBatch, reason: str) -> None:
        if batch.attempt >= ATTEMPTS:
            raise HarnessBroken(
                f"{_named(batch)} were handed out {ATTEMPTS} times without an answer: {reason}. Is the same "
                "cht-rapidpro-harness installed where the workers run?"
            )
        self.hand_out(replace(batch, attempt=batch.attempt + 1))


def _check(answer: BatchAnswer, batch: SeedBatch) -> None:
    """HarnessBroken if the worker runs other code, or the harness failed there."""
    if answer.code != batch.code:
        raise HarnessBroken(
            f"the worker {answer.worker} runs other code of the harness ({answer.code}) than this process "
            f"({batch.code}): install the same cht-rapidpro-harness in both, and start the worker again"
        )
    if answer.problem is not None:
        raise HarnessBroken(f"{_named(batch)} could not be run by the worker {answer.worker}:\n{answer.problem}")


def _named(batch: SeedBatch) -> str:
    return f"the seeds {batch.seeds[0]} to {batch.seeds[-1]}"


def _told(failure: BaseException) -> str:
    return f"{type(failure).__name__}: {failure}" if str(failure) else type(failure).__name__
