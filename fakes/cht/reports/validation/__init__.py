"""The validation rules of reports (cht-core `shared-libs/validation`)."""
