"""JSON that is passed on as it is stored."""

from storage.jsontext import RawJSON

__all__ = ["RawJSON"]
