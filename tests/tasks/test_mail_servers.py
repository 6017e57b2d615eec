"""Which mail server SMTP_URL names, and signing in to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from diary.delivery.tables import OutboxKind
from settings import SettingError
from tasks.actors.letters import Letters
from tasks.channels.email import Patience, Postman, Server, read_server
from tasks.channels.providers import Providers
from tests.tasks.conftest import SENDER
from tests.tasks.mail_server import MailServer
from tests.tasks.world import World


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://localhost", ("localhost", 25, None, None, False, None)),
        ("smtp://127.0.0.1:2525?starttls=0", ("127.0.0.1", 2525, None, None, False, False)),
        ("smtp://school%40x:p%3A%40ss@mail.example", ("mail.example", 587, "school@x", "p:@ss", False, None)),
        ("smtp://u:p@mail.example:25?starttls=1", ("mail.example", 25, "u", "p", False, True)),
        ("smtps://u:p@mail.example", ("mail.example", 465, "u", "p", True, False)),
    ],
)
def test_an_address_names_a_server(
    url: str, server: tuple[str, int, str | None, str | None, bool, bool | None]
) -> None:
    host, port, username, password, implicit_tls, starttls = server
    assert read_server(url) == Server(
        host=host, port=port, username=username, password=password, implicit_tls=implicit_tls, starttls=starttls
    )


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://u:secret@mail.example",
        "smtp://u:secret@",
        "smtp://u:secret@mail.example:port",
        "smtps://u:secret@mail.example?starttls=1",
        "smtp://u:secret@mail.example?starttls=yes",
    ],
)
def test_a_bad_address_is_explained_without_the_password(url: str) -> None:
    with pytest.raises(SettingError, match="SMTP_URL") as refusal:
        read_server(url)

    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def by(postman: Postman) -> Letters:
    return Letters(Providers({(OutboxKind.EMAIL, None): postman}))


@pytest.fixture
def guarded() -> Iterator[MailServer]:
    """A mail server that wants a password."""
    server = MailServer(password="Пароль 1:@")
    server.start()
    yield server
    server.stop()


async def test_a_letter_goes_through_a_server_that_wants_a_password(world: World, guarded: MailServer) -> None:
    letter = await world.letter(await world.family())
    url = f"smtp://school:%D0%9F%D0%B0%D1%80%D0%BE%D0%BB%D1%8C%201%3A%40@127.0.0.1:{guarded.port}"
    postman = Postman(read_server(url), sender=SENDER)

    await by(postman).send(str(letter))
    await postman.close()

    assert guarded.times_received == {str(letter): 1}


async def test_a_wrong_password_is_the_operators_to_put_right_so_the_letter_waits(
    world: World, guarded: MailServer
) -> None:
    letter = await world.letter(await world.family())
    postman = Postman(
        read_server(f"smtp://school:wrong@127.0.0.1:{guarded.port}"), sender=SENDER, patience=Patience(connect=3)
    )

    await by(postman).send(str(letter))

    row = await world.row(letter)
    assert row["state"] == "QUEUED"
    assert row["outcome"].startswith("535")


async def test_a_server_that_must_encrypt_and_does_not_gets_no_letter(world: World, mail_server: MailServer) -> None:
    letter = await world.letter(await world.family())
    postman = Postman(read_server(f"{mail_server.url}?starttls=1"), sender=SENDER)

    await by(postman).send(str(letter))

    row = await world.row(letter)
    assert (row["state"], row["attempt"]) == ("QUEUED", 1)
    assert "STARTTLS" in row["outcome"]
    assert mail_server.received == []
