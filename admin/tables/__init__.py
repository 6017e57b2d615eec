"""Which tables staff see, in which groups of the menu, and which of them they may change."""

from admin.crud import Listing
from admin.tables import delivery, groups, journal, obligations, paper, people, schools, signatures

LISTINGS: tuple[Listing, ...] = (
    *delivery.LISTINGS,
    *obligations.LISTINGS,
    *people.LISTINGS,
    *groups.LISTINGS,
    *schools.LISTINGS,
    *journal.LISTINGS,
    *paper.LISTINGS,
    *signatures.LISTINGS,
)
