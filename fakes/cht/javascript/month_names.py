"""Names of months and days as in moment.js, in the languages of templates.

Other languages fall back to English, as unknown languages do in moment.js.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

SHORT_ENGLISH = 3


@dataclass(frozen=True, slots=True)
class Language:
    """Months from January, days from Sunday; `ordinal` formats the number of a day or month (`D`, `M`).

    `bare_between_dashes`: short months have no dot in layouts such as `DD-MMM-YYYY`.
    """

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    short_days: tuple[str, ...]
    ordinal: Callable[[int, str], str]
    bare_between_dashes: bool = False

    def within(self, layout: str) -> Language:
        """The language as used in a layout."""
        if not self.bare_between_dashes or "-MMM-" not in layout:
            return self
        return replace(self, short_months=tuple(name.rstrip(".") for name in self.short_months))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _english(number: int, _unit: str) -> str:
    last = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{last}"


def _french(number: int, unit: str) -> str:
    return f"{number}er" if number == 1 else f"{number}{'e' if unit == 'M' else ''}"


ENGLISH_MONTHS = _words("January February March April May June July August September October November December")
ENGLISH_DAYS = _words("Sunday Monday Tuesday Wednesday Thursday Friday Saturday")
ENGLISH = Language(
    ENGLISH_MONTHS,
    tuple(name[:SHORT_ENGLISH] for name in ENGLISH_MONTHS),
    ENGLISH_DAYS,
    tuple(name[:SHORT_ENGLISH] for name in ENGLISH_DAYS),
    _english,
)
LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        "fr": Language(
            _words("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
            _words("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."),
            _words("dimanche lundi mardi mercredi jeudi vendredi samedi"),
            _words("dim. lun. mar. mer. jeu. ven. sam."),
            _french,
        ),
        "es": Language(
            _words("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
            _words("ene. feb. mar. abr. may. jun. jul. ago. sep. oct. nov. dic."),
            _words("domingo lunes martes miércoles jueves viernes sábado"),
            _words("dom. lun. mar. mié. jue. vie. sáb."),
            lambda number, _unit: f"{number}º",
            bare_between_dashes=True,
        ),
        "sw": Language(
            _words("Januari Februari Machi Aprili Mei Juni Julai Agosti Septemba Oktoba Novemba Desemba"),
            _words("Jan Feb Mac Apr Mei Jun Jul Ago Sep Okt Nov Des"),
            _words("Jumapili Jumatatu Jumanne Jumatano Alhamisi Ijumaa Jumamosi"),
            _words("Jpl Jtat Jnne Jtan Alh Ijm Jmos"),
            lambda number, _unit: str(number),
        ),
    }
)


def language_of(locale: str) -> Language:
    """The language of a locale such as `fr` or `fr-CA`."""
    return LANGUAGES.get(locale.lower().replace("_", "-").partition("-")[0], ENGLISH)
