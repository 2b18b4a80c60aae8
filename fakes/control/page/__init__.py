"""The page of the control API for people who test by hand: phones, ladder, RapidPro, CHT, faults and time.

`page_blueprint` serves one template and a few plain scripts that use the control API and nothing else.
"""

from fakes.control.page.blueprint import page_blueprint

__all__ = ["page_blueprint"]
