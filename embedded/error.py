"""The one kind of error that starting and holding servers raises."""

from __future__ import annotations


class ServerError(RuntimeError):
    """Raised with one clear line when servers cannot start or be reached; nothing is left running."""
