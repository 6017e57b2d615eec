"""Every channel through a real worker, clock and Valkey, and codes that reach a phone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from diary.access.viewer import Viewer, viewer_of
from diary.delivery import contacts
from diary.delivery.tables import Channel, Messenger, OutboxKind
from embedded.servers import EmbeddedServers
from tasks.actors.letters import Letters
from tasks.channels.providers import Providers
from tests.tasks.gateway import Gateway
from tests.tasks.processes import ROOT, Processes, until
from tests.tasks.ways import ALL, PUSH, SMS, TELEGRAM, TOKEN, Reach, Way, carriers, environment
from tests.tasks.world import Family, World


@pytest.fixture
def connected(world: World, servers: EmbeddedServers, gateway: Gateway, tmp_path: Path) -> Iterator[Processes]:
    """Workers and clocks for which the gateway is every provider, and which have no mail server."""
    settings = {
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "DIARY_DATA": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        **environment(gateway),
    }
    started = Processes(settings, tmp_path / "log.txt")
    yield started
    started.end_all()
    print(started.told() if started.log.exists() else "")


async def test_each_channel_is_nudged_dispatched_and_settled_by_real_processes(
    connected: Processes, world: World, gateway: Gateway
) -> None:
    """The gateway's one answer is good for every provider at once."""
    facts = {"id": "1", "ok": True, "result": {"message_id": 1}, "response": 1, "message": {"body": {"mid": "1"}}}
    gateway.answers(facts, 201)
    reach = Reach(world, gateway, Letters(Providers({})))
    letters: list[UUID] = []
    for number, way in enumerate(ALL):
        family = await world.family(number)
        letters.append(await reach.letter(family, way, await reach.contact(family, way)))
    waiting = await world.letter(await world.family(99))

    connected.start("worker")
    connected.start("clock")

    async def all_left() -> bool:
        return (await world.states()).get("DONE", 0) == len(letters)

    await until(all_left, seconds=40)
    assert sorted(request.path for request in gateway.requests) == sorted(
        ["/sms/send", f"/bot{TOKEN}/sendMessage", "/method/messages.send", "/messages", PUSH.value]
    )
    assert (await world.row(waiting))["state"] == "QUEUED", "an e-mail waits until there is a mail server"
    assert TOKEN not in connected.told()


async def test_a_worker_killed_amid_short_messages_loses_none_and_doubles_none(
    connected: Processes, world: World, gateway: Gateway
) -> None:
    gateway.answers(SMS.good)
    gateway.delay = 0.05
    reach = Reach(world, gateway, Letters(Providers({})))
    family = await world.family()
    contact = await reach.contact(family, SMS)
    letters = [await reach.letter(family, SMS, contact, key=str(number)) for number in range(80)]
    worker = connected.start("worker")
    connected.start("clock")
    await until(lambda: arrived(gateway, 20), seconds=40)

    connected.kill(worker)
    connected.start("worker")

    await until(lambda: none_waits(world), seconds=60)
    received = Counter(request.facts["id"] for request in gateway.requests)
    for letter in letters:
        row = await world.row(letter)
        assert received[str(letter)] == 1 if row["state"] == "DONE" else row["state"] == "STARTED"
    assert max(received.values()) == 1
    states = await world.states()
    assert states.get("STARTED", 0) <= 4, "what the dead worker had in its hands, for a person to decide"


async def arrived(gateway: Gateway, number: int) -> bool:
    return len(gateway.requests) >= number


async def none_waits(world: World) -> bool:
    states = await world.states()
    return not states.get("QUEUED") and states.get("DONE", 0) + 4 >= 80


async def guardian(world: World, family: Family) -> Viewer:
    account = await world.account(f"anna-{uuid4()}")
    await world.connection.execute(
        "INSERT INTO capacity (id, account, school, role, guardian) VALUES ($1, $2, $3, 'GUARDIAN', $4)",
        uuid4(),
        account,
        world.school,
        family.guardian,
    )
    return await viewer_of(account, route="GRAPHQL")


@pytest.mark.parametrize(
    ("way", "channel", "entered"),
    [(SMS, Channel.SMS, "8 916 123-45-67"), (TELEGRAM, Channel.MESSENGER, "5551234")],
    ids=["sms", "telegram"],
)
async def test_an_entered_number_is_confirmed_by_the_code_that_reached_it(
    world: World, gateway: Gateway, way: Way, channel: Channel, entered: str
) -> None:
    everybody = carriers(gateway)
    gateway.answers(way.good)
    family = await world.family(consent=False)
    viewer = await guardian(world, family)

    added = await contacts.add_contact_point(
        viewer,
        guardian_id=family.guardian,
        channel=channel,
        messenger=Messenger(way.messenger) if way.messenger else None,
        value=entered,
    )
    [row] = await world.connection.fetch("SELECT id, kind FROM outbox WHERE topic = 'CODE'")
    await Letters(everybody).send(str(row["id"]), OutboxKind(row["kind"]))
    await everybody.close()

    [request] = gateway.requests
    code = re.search(r"\b[0-9]{6}\b", request.facts["text"].partition("Код:")[2])
    assert code is not None
    confirmed = await contacts.confirm_contact_point(viewer, contact_id=added.contact.id, code=code[0])
    assert (confirmed.value, confirmed.confirmed_at is not None) == (way.value, True)
    settled = await world.row(row["id"])
    assert (settled["state"], settled["kind"], settled["body"]) == ("DONE", way.kind, "")
    assert code[0] not in str(dict(settled))


async def test_a_code_is_wiped_even_where_nobody_carries_it(world: World, gateway: Gateway) -> None:
    everybody = carriers(gateway)
    gateway.trouble = "cuts"
    family = await world.family(consent=False)
    await contacts.add_contact_point(
        await guardian(world, family), guardian_id=family.guardian, channel=Channel.SMS, value="+79161234567"
    )
    [row] = await world.connection.fetch("SELECT id FROM outbox WHERE topic = 'CODE'")

    await Letters(everybody).send(str(row["id"]), OutboxKind.SMS)
    await everybody.close()

    settled = await world.row(row["id"])
    assert (settled["state"], settled["body"]) == ("UNCERTAIN", "")
