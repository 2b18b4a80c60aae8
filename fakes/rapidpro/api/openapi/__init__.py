"""The API as an OpenAPI document, generated from its routes and the profile."""
