"""The page for people who test by hand, where this version has it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Blueprint


def page_routes() -> list[Blueprint]:
    """The routes of the page; none if there is no page."""
    if find_spec("fakes.control.page") is None:
        return []
    page: Blueprint = import_module("fakes.control.page.blueprint").page_blueprint()
    return [page]
