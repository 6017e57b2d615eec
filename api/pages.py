"""One style of connection for every list: first and after, 100 at most, cursors that tell nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from strawberry import relay


class Edge(Protocol):
    """A row with its place in the list."""

    cursor: str


def page_info(edges: Sequence[Edge], *, has_more: bool, after: str | None) -> relay.PageInfo:
    """Return whether and where the list goes on."""
    return relay.PageInfo(
        has_next_page=has_more,
        has_previous_page=after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
