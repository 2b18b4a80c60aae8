"""What CHT does to a record before it is saved, as far as texts go (cht-core `shared-libs/transitions`).

Transitions are switched on by the setting `transitions` and always run in the same order. The same ones run in two
processes: in the server over what comes in by SMS, before it is saved; in sentinel over every change of a document.
"""
