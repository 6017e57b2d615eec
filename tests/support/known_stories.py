"""Stories that are told every time, each of one rule that is easily got wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.support.access_oracle import DAY, OUTSIDE, TICK
from tests.support.families import PAIRS
from tests.support.stories import ALONE, STARTS, Address, Agree, Days, Decide, Entrust, Rights, Story, Wait, Withdraw

MOTHERS = ("mother", "older")
NOTHING = Agree(("father", "younger"), (), None)
#: Decided at the very midnight that begins a day, so it is too late for this day's letters (R1.3).
AT_MIDNIGHT = Story(
    start=STARTS[0],
    zone="Europe/Moscow",
    ages=(14, 18),
    births=((7, 0), (7, 0)),
    settled=frozenset(PAIRS[1:]),
    grown=False,
    steps=(
        (Wait(None, 1), Decide("mother", "older", "PERSONAL_DATA", "GIVEN", None)),
        (Wait(TICK), Agree(MOTHERS, ("EMAIL",), None)),
        (Wait(timedelta(hours=7)), NOTHING),
        (Wait(DAY), NOTHING),
    ),
)
#: The electronic form is refused, and a day later taken up again (A2).
FORM_FOR_A_WHILE = replace(
    AT_MIDNIGHT,
    settled=frozenset(PAIRS),
    steps=(
        (Wait(TICK), Decide("mother", "older", "ELECTRONIC_FORM", "REFUSED", None)),
        (Wait(DAY), Decide("father", "older", "PERSONAL_DATA", "REFUSED", None)),
        (Wait(TICK), Decide("mother", "older", "ELECTRONIC_FORM", "GIVEN", None)),
        (Wait(TICK), Agree(MOTHERS, ("EMAIL",), None)),
    ),
)
#: A consent for a second: its last instant is already outside.
FOR_A_SECOND = replace(
    AT_MIDNIGHT,
    steps=(
        (Wait(TICK), Decide("mother", "older", "PERSONAL_DATA", "GIVEN", timedelta(seconds=1))),
        (Wait(None, 0, -TICK), NOTHING),
        (Wait(TICK), NOTHING),
    ),
)
#: The pupil comes of age, lets the guardians go on, and takes it back before the day is over (A12).
OF_AGE = replace(
    AT_MIDNIGHT,
    births=((18, 1), (17, 0)),
    settled=frozenset(PAIRS),
    steps=(
        (Wait(None, 1, -TICK), NOTHING),
        (Wait(TICK), Decide(None, "older", "GUARDIAN_ACCESS", "GIVEN", 2)),
        (Wait(timedelta(hours=7)), Decide(None, "older", "PERSONAL_DATA", "GIVEN", None)),
        (Wait(timedelta(hours=7)), Withdraw("older", "older", "GUARDIAN_ACCESS")),
    ),
)
#: What ended this morning and was given anew counts from tomorrow on, even if it is agreed upon at once (R1.3).
ENDED_AND_GIVEN_ANEW = replace(
    AT_MIDNIGHT,
    settled=frozenset(PAIRS),
    steps=(
        (Wait(TICK), Withdraw("mother", "older", "PERSONAL_DATA")),
        (Wait(TICK), Decide("mother", "older", "PERSONAL_DATA", "GIVEN", None)),
        (Wait(TICK), Agree(MOTHERS, ("EMAIL",), None)),
        (Wait(DAY), NOTHING),
    ),
)
#: The last day of a guardianship counts whole, and so does the first, and only, day of the next one (A11).
LAST_AND_FIRST_DAYS = replace(
    AT_MIDNIGHT,
    settled=frozenset(PAIRS),
    steps=(
        (Wait(TICK), Rights(0, restricted=False, last=0)),
        (Wait(None, 1, -TICK), NOTHING),
        (Wait(TICK), Entrust(MOTHERS, 1, 0)),
        (Wait(None, 1, -TICK), NOTHING),
        (Wait(TICK), NOTHING),
        (Wait(None, 1, -TICK), NOTHING),
        (Wait(TICK), NOTHING),
    ),
)
#: A court restricts the father in a record beside the one that gives him rights; then that record ends (A11).
RESTRICTED_BESIDE = replace(
    AT_MIDNIGHT,
    settled=frozenset(PAIRS),
    steps=(
        (Wait(TICK), Entrust(("father", "older"), 1, 0, restricted=True)),
        (Wait(None, 1, -TICK), NOTHING),
        (Wait(TICK), NOTHING),
        (Wait(TICK), Entrust(("father", "older"), 0, None)),
        (Wait(None, 1, -TICK), NOTHING),
        (Wait(TICK), NOTHING),
    ),
)
#: News wait for Thursday; the family first agrees to Friday, then to look alone, then is written to at once (R1.2).
OTHER_DAYS = replace(
    AT_MIDNIGHT,
    settled=frozenset(PAIRS),
    through=("SMS", "MESSENGER", "MAILBOX"),
    steps=(
        (Wait(TICK), Agree(MOTHERS, ("SMS", "EMAIL"), None, Days("weekdays", 2))),
        (Wait(TICK), Agree(("father", "older"), ("WEB_PUSH", "SMS"), None, Days("dates", 1))),
        (Wait(DAY), Agree(("mother", "younger"), ("MESSENGER",), None, ALONE)),
        (Wait(DAY), Agree(MOTHERS, ("SMS", "EMAIL"), None, Days("weekdays", 1))),
        (Wait(timedelta(hours=7)), Agree(("father", "older"), ("WEB_PUSH", "SMS"), None, ALONE)),
        (Wait(DAY), Agree(("father", "older"), ("WEB_PUSH", "SMS"), None)),
    ),
)
#: The days agreed about one child are over, the other child's news come as ever (R1.2).
DAYS_ARE_OVER = replace(
    AT_MIDNIGHT,
    settled=frozenset(PAIRS),
    steps=(
        (Wait(TICK), Agree(MOTHERS, ("SMS", "EMAIL"), None, Days("dates"))),
        (Wait(2 * DAY), NOTHING),
    ),
)
#: One address after the other is lost; what is for them goes to those that are left (R8.1).
LOST_ADDRESSES = replace(
    AT_MIDNIGHT,
    settled=frozenset(PAIRS),
    through=OUTSIDE,
    steps=(
        (Wait(TICK), Address("mother", "EMAIL", "retired")),
        (Wait(TICK), Address("mother", "SMS", "failed")),
        (Wait(TICK), Address("mother", "MESSENGER", "unconfirmed")),
        (Wait(TICK), Address("mother", "WEB_PUSH", "retired")),
        (Wait(TICK), Address("mother", "EMAIL", "new")),
    ),
)
