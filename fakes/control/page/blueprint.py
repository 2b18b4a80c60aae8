"""Serves the page and its files, and leads browsers to it. The policy of the control API's answers applies to them."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, request, send_from_directory
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

FOLDER = Path(str(files("fakes.control.page")))
DEFAULT_LANGUAGE = "en"


def page_blueprint() -> Blueprint:
    """The routes `/page` and `/page/<file>`; a browser that asks for `/` is led to the page."""
    routes = Blueprint("page", __name__)

    @routes.before_app_request
    def lead_browsers() -> Any:
        best = request.accept_mimetypes.best_match(("application/json", "text/html"))
        wants_page = request.path == "/" and request.method == "GET" and best == "text/html"
        return redirect("/page") if wants_page else None

    @routes.get("/page")
    def page() -> Response:
        """The page for people who test by hand (docs/workbench.md), in the best of its languages for the browser.

        Answer: HTML
        """
        language = request.accept_languages.best_match(languages(), DEFAULT_LANGUAGE)
        return _fresh(Response(rendered(language), content_type="text/html; charset=utf-8"))

    @routes.get("/page/<path:file>")
    def page_file(file: str) -> Response:
        """A script or a style sheet of the page.

        Answer: the file
        """
        return _fresh(send_from_directory(FOLDER / "files", file))

    return routes


def _fresh(reply: Response) -> Response:
    """Asked for again each time: the page of another version of the harness may be at the same address."""
    reply.headers["Cache-Control"] = "no-cache"
    return reply


@lru_cache(maxsize=4)
def rendered(language: str) -> str:
    """The page in one language; its words are in `words/<language>.json`, for the template and the scripts."""
    words = catalogue(language)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((FOLDER / "page.html.jinja").read_text("utf-8"))
    return template.render(language=language, t=words.__getitem__, words=Markup(for_script(words)))


def languages() -> list[str]:
    """The languages of the page: each has a file of words."""
    return sorted(path.stem for path in (FOLDER / "words").glob("*.json"))


def catalogue(language: str) -> dict[str, str]:
    """All words of the page by name; `{name}` in them is filled in by the scripts."""
    found: dict[str, str] = json.loads((FOLDER / "words" / f"{language}.json").read_text("utf-8"))
    return found


def for_script(document: Any) -> str:
    """JSON that cannot end a script tag."""
    return json.dumps(document, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")
