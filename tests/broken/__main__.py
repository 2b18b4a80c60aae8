"""`python -m tests.broken` writes the table of broken relays."""

from __future__ import annotations

from tests.broken.table import DOCUMENT, text

if __name__ == "__main__":
    DOCUMENT.write_text(text(), "utf-8")
