"""CHT's transitions, as far as they concern SMS (cht-core `shared-libs/transitions`).

The setting `transitions` enables them; they always run in the same order. They run in two processes: in the server
over each incoming text, before it is saved; in sentinel over every change of a document.
"""
