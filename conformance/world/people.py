"""People of the scenarios: each has a name and a phone number that nobody else in this run has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FIRST = 250_788_200_001


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone."""

    name: str
    number: str


class People:
    """Gives each name its own number, unique in the whole run: no scenario sees another's texts."""

    def __init__(self, numbers: Iterator[str] | None = None) -> None:
        self._numbers = numbers if numbers is not None else fresh_numbers()
        self._by_name: dict[str, Person] = {}

    def ever(self) -> frozenset[str]:
        """The numbers of all people so far, with those of earlier scenarios of this run."""
        earlier = self._numbers.given if isinstance(self._numbers, FreshNumbers) else ()
        return self.numbers().union(earlier)

    def __getitem__(self, name: str) -> Person:
        if name not in self._by_name:
            self._by_name[name] = Person(name, next(self._numbers))
        return self._by_name[name]

    def give_short_number(self, name: str) -> None:
        """Give somebody a number with too few digits, so that nothing can be sent to it; it is unique in this run."""
        self._by_name[name] = Person(name, f"+250{next(self._numbers)[-3:]}")

    def give_long_number(self, name: str, digits: int) -> None:
        """Give somebody a number with that many digits, which no phone has; it is unique in this run."""
        self._by_name[name] = Person(name, f"{next(self._numbers)}".ljust(digits, "0"))

    def give_short_code(self, name: str) -> None:
        """Give somebody a short code, as services have them, in place of a number; it is unique in this run."""
        self._by_name[name] = Person(name, f"6{next(self._numbers)[-4:]}")

    def of_number(self, number: str) -> Person:
        """Somebody with this number, which is also the name."""
        return self._by_name.setdefault(number, Person(number, number))

    def meet(self, person: Person) -> None:
        """Somebody of this number is there, from now on under this name."""
        self._by_name[person.number] = person

    def __iter__(self) -> Iterator[Person]:
        return iter(list(self._by_name.values()))

    def numbers(self) -> frozenset[str]:
        """The numbers of all people so far."""
        return frozenset(person.number for person in self)


class FreshNumbers(Iterator[str]):
    """Unused Rwandan mobile numbers, one after the other. It knows those that it gave."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def __next__(self) -> str:
        self.given.append(f"+{FIRST + len(self.given)}")
        return self.given[-1]


def fresh_numbers() -> FreshNumbers:
    """Numbers for a new run."""
    return FreshNumbers()
