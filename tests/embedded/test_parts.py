"""The small rules of holding processes, at their boundaries."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from embedded.backoff import LONGEST_PAUSE, RAN_WELL, Backoff
from embedded.child import Command, run
from embedded.environment import child_environment, kept_secret
from embedded.error import ServerError
from embedded.listening import is_open, reserve
from embedded.server_log import telling_line


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_pauses_double_up_to_the_longest() -> None:
    watch = Watch()
    backoff = Backoff(now=watch)

    pauses = []
    for _ in range(9):
        pauses.append(backoff.fail())
        watch.now += pauses[-1]
        backoff.started()

    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, LONGEST_PAUSE]


@pytest.mark.parametrize(("ran", "pause"), [(RAN_WELL - 0.001, 1.0), (RAN_WELL, 0.5)])
def test_a_good_run_makes_the_next_crash_a_first_one(ran: float, pause: float) -> None:
    watch = Watch()
    backoff = Backoff(now=watch)
    backoff.fail()
    backoff.started()

    watch.now += ran

    assert backoff.fail() == pause


def test_a_start_is_due_when_the_pause_is_over_and_not_before() -> None:
    watch = Watch()
    backoff = Backoff(now=watch)
    assert not backoff.is_due()
    backoff.fail()

    watch.now += 0.499
    assert not backoff.is_due()
    watch.now += 0.001
    assert backoff.is_due()


def test_a_variable_takes_the_place_of_its_file() -> None:
    parent = {"DATABASE_URL_FILE": "/run/secrets/url", "SMTP_URL_FILE": "/run/secrets/smtp", "PATH": "/bin"}

    child = child_environment(parent, {"DATABASE_URL": "postgresql://diary@/diary"})

    assert child == {
        "DATABASE_URL": "postgresql://diary@/diary",
        "SMTP_URL_FILE": "/run/secrets/smtp",
        "PATH": "/bin",
        "PYTHONUNBUFFERED": "1",
    }


def test_the_secret_key_is_made_once_and_closed_to_others(place: Path) -> None:
    first = kept_secret(place)

    assert len(first) >= 64
    assert kept_secret(place) == first
    assert stat.S_IMODE((place / "secret.key").stat().st_mode) == 0o600


def test_an_address_that_does_not_exist_is_one_line() -> None:
    with pytest.raises(ServerError, match=r"^cannot listen on 192\.0\.2\.1, port 8000: ") as refused:
        reserve("192.0.2.1", 8000)
    assert "\n" not in str(refused.value)
    with pytest.raises(ServerError, match=r"^cannot listen on no\.such\.host\.invalid: "):
        reserve("no.such.host.invalid", 8000)


def test_a_reserved_address_refuses_callers_until_somebody_listens() -> None:
    with reserve("127.0.0.1", 0) as reserved:
        assert not is_open(reserved)
        reserved.listen()
        assert is_open(reserved)


def test_a_child_whose_parent_is_already_gone_does_not_start(place: Path) -> None:
    command = Command(argv=["/bin/touch", str(place / "started")], environment={})
    assert run(command) == (0, "")
    (place / "started").unlink()

    orphan = command.launcher()
    orphan[4] = orphan[4].replace('"parent": ', '"parent": 1')
    code, _ = run(Command(argv=orphan, environment={}))

    assert code == 126
    assert not (place / "started").exists()


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("", "it said nothing"),
        ("first\nsecond\n", "second"),
        ("2026 [1] FATAL:  no space\nchild process exited\ninitdb: removing contents", "no space"),
        (
            '2026 [1] LOG:  invalid value for parameter "work_mem": "much"\n2026 [1] FATAL:  file contains errors',
            'invalid value for parameter "work_mem": "much"',
        ),
    ],
)
def test_the_telling_line_of_a_program_is_found(said: str, line: str) -> None:
    assert telling_line(said) == line
