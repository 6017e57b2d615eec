"""A file's facts against everything the diary holds of the same schools."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from diary.exchange.difference import Difference
from diary.exchange.frame_comparison import FrameComparison
from diary.exchange.group_comparison import GroupComparison
from diary.exchange.holdings import Holdings
from diary.exchange.intake import Intake
from diary.exchange.people_comparison import PeopleComparison
from diary.exchange.place_comparison import compare_places
from diary.kit import database

#: The route that the audit trail keeps for imports.
ROUTE = "IMPORT"


async def compare(intake: Intake, difference: Difference, *, now: datetime) -> Holdings:
    """Load what the diary holds and note on it everything that the file changes; nothing is written."""
    holdings = Holdings(difference, now)
    await holdings.load(intake.school_keys)
    frame = FrameComparison(intake, holdings)
    frame.compare()
    PeopleComparison(intake, holdings, await _ended_by_import(holdings)).compare()
    GroupComparison(intake, holdings, frame).compare()
    compare_places(intake, holdings, frame)
    return holdings


async def _ended_by_import(holdings: Holdings) -> frozenset[UUID]:
    """Return the guardianships whose end came from a file: only those may a file open again."""
    ended = [str(row_id) for row_id, row in holdings.guardianships.rows.items() if row["valid_to"] is not None]
    if not ended:
        return frozenset()
    rows = await database.fetch(
        """
        SELECT DISTINCT ON (record_id) record_id, route FROM audit_entry
        WHERE record = 'guardianship' AND record_id = ANY ($1) AND after ? 'valid_to'
        ORDER BY record_id, id DESC
        """,
        ended,
    )
    return frozenset(UUID(row["record_id"]) for row in rows if row["route"] == ROUTE)
