"""Where the checkout, its documents and the recorded traffic are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GOLDEN = Path(__file__).parent / "golden"
