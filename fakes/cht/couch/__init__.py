"""What CouchDB does for CHT: documents with revisions, the views that CHT reads, `_find`, info documents. No HTTP."""
