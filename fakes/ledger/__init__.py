"""The ledger: an append-only list of all exchanges, with secrets hidden in its output.

The state of a fake shows what it *did*; the ledger shows what *crossed the wire*. Judging may need both.
"""

from fakes.ledger.exchange import Cut, Exchange
from fakes.ledger.export import MAX_BODY_SHOWN, as_json
from fakes.ledger.keeping import Keeping
from fakes.ledger.ledger import Dropped, HasSecrets, Ledger
from fakes.ledger.recorded import READ_LIMIT, Recorded

__all__ = [
    "MAX_BODY_SHOWN",
    "READ_LIMIT",
    "Cut",
    "Dropped",
    "Exchange",
    "HasSecrets",
    "Keeping",
    "Ledger",
    "Recorded",
    "as_json",
]
