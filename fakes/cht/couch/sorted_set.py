"""A sorted set of keys: stands for a database index of the real server."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any

CHUNK = 512
"""Keys per chunk before it is split: small enough to insert cheaply, large enough to keep the list of chunks short."""


class SortedSet:
    """Distinct comparable keys in ascending order; adding, removing and finding are fast at any size."""

    __slots__ = ("_chunks", "_firsts", "_size")

    def __init__(self) -> None:
        self._chunks: list[list[Any]] = []
        self._firsts: list[Any] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        for chunk in self._chunks:
            yield from chunk

    def add(self, key: Any) -> None:
        """Add `key` unless it is in the set."""
        if not self._chunks:
            self._chunks, self._firsts, self._size = [[key]], [key], 1
            return
        at = self._chunk_of(key)
        chunk = self._chunks[at]
        place = bisect_left(chunk, key)
        if place < len(chunk) and chunk[place] == key:
            return
        chunk.insert(place, key)
        self._size += 1
        self._firsts[at] = chunk[0]
        if len(chunk) > CHUNK:
            self._split(at)

    def discard(self, key: Any) -> None:
        """Remove `key` if it is in the set."""
        if not self._chunks:
            return
        at = self._chunk_of(key)
        chunk = self._chunks[at]
        place = bisect_left(chunk, key)
        if place == len(chunk) or chunk[place] != key:
            return
        del chunk[place]
        self._size -= 1
        if chunk:
            self._firsts[at] = chunk[0]
        else:
            del self._chunks[at], self._firsts[at]

    def since(self, key: Any) -> Iterator[Any]:
        """The keys from `key` on (inclusive), in order."""
        if not self._chunks:
            return
        first = self._chunk_of(key)
        for at in range(first, len(self._chunks)):
            chunk = self._chunks[at]
            yield from chunk[bisect_left(chunk, key) :] if at == first else chunk

    def after(self, skip: int) -> Iterator[Any]:
        """The keys in order without the first `skip`; whole chunks are skipped at once."""
        for chunk in self._chunks:
            if skip >= len(chunk):
                skip -= len(chunk)
                continue
            yield from chunk[skip:]
            skip = 0

    def _chunk_of(self, key: Any) -> int:
        at = bisect_left(self._firsts, key)
        if at < len(self._firsts) and self._firsts[at] == key:
            return at
        return max(0, at - 1)

    def _split(self, at: int) -> None:
        chunk = self._chunks[at]
        half = len(chunk) // 2
        self._chunks[at : at + 1] = [chunk[:half], chunk[half:]]
        insort(self._firsts, chunk[half])
