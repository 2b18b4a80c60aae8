"""The fake RapidPro."""

from fakes.rapidpro.service import RapidPro

__all__ = ["RapidPro"]
