"""The API as an OpenAPI document, made from its routes and the profile in force."""
