"""The ledger: an append-only list of all exchanges, with secrets hidden in its output.

The state of a fake shows what it *did*; the ledger shows what *crossed the wire*. Judging may need both.
"""

from fakes.ledger.exchange import Exchange
from fakes.ledger.export import MAX_BODY_SHOWN, as_json
from fakes.ledger.ledger import HasSecrets, Ledger
from fakes.ledger.recorded import READ_LIMIT, Recorded

__all__ = ["MAX_BODY_SHOWN", "READ_LIMIT", "Exchange", "HasSecrets", "Ledger", "Recorded", "as_json"]
