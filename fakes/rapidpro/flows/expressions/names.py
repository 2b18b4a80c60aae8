"""Names of months, days and halves of the day in the workspace's language, as C libraries have them (glibc locales).

Other languages have the English names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fakes.rapidpro.versions.generation import Generation


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one language; days begin with Monday."""

    months: tuple[str, ...]
    days: tuple[str, ...]
    short_months: tuple[str, ...]
    short_days: tuple[str, ...]
    halves: tuple[str, str] = ("am", "pm")


def _names(months: str, days: str, short_months: str, short_days: str, halves: tuple[str, str] = ("am", "pm")) -> Names:
    return Names(
        tuple(months.split()), tuple(days.split()), tuple(short_months.split()), tuple(short_days.split()), halves
    )


ENGLISH = _names(
    "January February March April May June July August September October November December",
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "Mon Tue Wed Thu Fri Sat Sun",
)
SPANISH_HALVES = ("a.\u202fm.", "p.\u202fm.")
_BY_LANGUAGE: Mapping[str, Names] = MappingProxyType({
    "amh": _names(
        "ጃንዩወሪ ፌብሩወሪ ማርች ኤፕሪል ሜይ ጁን ጁላይ ኦገስት ሴፕቴምበር ኦክቶበር ኖቬምበር ዲሴምበር",
        "ሰኞ ማክሰኞ ረቡዕ ሐሙስ ዓርብ ቅዳሜ እሑድ",
        "ጃንዩ ፌብሩ ማርች ኤፕሪ ሜይ ጁን ጁላይ ኦገስ ሴፕቴ ኦክቶ ኖቬም ዲሴም",
        "ሰኞ ማክሰ ረቡዕ ሐሙስ ዓርብ ቅዳሜ እሑድ",
        ("ጡዋት", "ከሰዓት"),
    ),
    "fra": _names(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "janv. févr. mars avril mai juin juil. août sept. oct. nov. déc.",
        "lun. mar. mer. jeu. ven. sam. dim.",
    ),
    "por": _names(
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "segunda terça quarta quinta sexta sábado domingo",
        "jan fev mar abr mai jun jul ago set out nov dez",
        "seg ter qua qui sex sáb dom",
    ),
    "spa": _names(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "lunes martes miércoles jueves viernes sábado domingo",
        "ene feb mar abr may jun jul ago sep oct nov dic",
        "lun mar mié jue vie sáb dom",
    ),
    "swa": _names(
        "Januari Februari Machi Aprili Mei Juni Julai Agosti Septemba Oktoba Novemba Desemba",
        "Jumatatu Jumanne Jumatano Alhamisi Ijumaa Jumamosi Jumapili",
        "Jan Feb Mac Apr Mei Jun Jul Ago Sep Okt Nov Des",
        "J3 J4 J5 Alh Ij J1 J2",
        ("asubuhi", "alasiri"),
    ),
})  # fmt: skip


def names_of(language: str, generation: Generation) -> Names:
    """The names in a language; English ones if they are not known."""
    found = _BY_LANGUAGE.get(language, ENGLISH)
    if language == "spa" and generation == "new":
        return Names(found.months, found.days, found.short_months, found.short_days, SPANISH_HALVES)
    return found
