"""Posting: signed, at least once, patient for a day, never where it may not go."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import ssl
import textwrap
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from earmark import audit, webhooks
from earmark.errors import BadRequest, NotFound
from earmark.webhooks import Wire, deliver, pause, secret_of


@pytest.fixture
def waiting(stores):
    async def read():
        async with stores.pool.connection() as connection:
            return await (await connection.execute("SELECT * FROM review.deliveries ORDER BY at")).fetchall()

    return read


@pytest.fixture
def message(stores, clock):
    """`await message(webhook)`: something to tell."""

    async def make(webhook, **data):
        identifier = uuid.uuid4()
        async with stores.pool.connection() as connection:
            await connection.execute(
                "INSERT INTO review.deliveries (id, webhook_id, event, at, next_at)"
                """ VALUES (%s, %s, '{"type": "label.agreed", "data": {"count": 3}}', %s, %s)""",
                [identifier, webhook, clock(), clock()],
            )
        return str(identifier)

    return make


async def test_a_message_is_signed_over_id_time_and_body(stores, clock, receive, message, waiting):
    receiver = await receive()
    added = await webhooks.add(stores, f"{receiver.url}hook?x=1", ["label.agreed"])
    identifier = await message(added.id)
    assert await deliver(stores) == 1
    (got,) = receiver.got
    assert got.path == "/hook?x=1"
    assert got.event == {"type": "label.agreed", "data": {"count": 3}}
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["webhook-id"] == identifier
    assert got.headers["webhook-timestamp"] == str(int(clock().timestamp()))
    key = base64.b64decode(added.secret.removeprefix("whsec_"))
    said = f"{identifier}.{got.headers['webhook-timestamp']}.".encode() + got.body
    wanted = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{wanted}"
    assert len(key) == 32
    assert await waiting() == []


async def test_each_webhook_has_a_secret_of_its_own_that_is_kept_nowhere(stores, home):
    one = await webhooks.add(stores, "https://hooks.example/", ["label.agreed"])
    two = await webhooks.add(stores, "https://hooks.example/", ["label.agreed"])
    assert one.secret != two.secret
    assert secret_of(stores, one.id) == one.secret
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute("SELECT t::text AS row FROM review.webhooks t")).fetchall()
    assert not [row for row in rows if one.secret[8:] in row["row"]]
    assert not [file for file in (home.folder / "secrets").iterdir() if one.secret[8:] in file.read_text()]


async def test_what_is_not_taken_is_sent_again_with_the_same_id(stores, clock, receive, message, waiting):
    receiver = await receive(status=500)
    added = await webhooks.add(stores, receiver.url, ["label.agreed"])
    identifier = await message(added.id)
    assert await deliver(stores) == 0
    assert await deliver(stores) == 0  # not due yet
    clock.turn(seconds=13)
    receiver.status = 200
    assert await deliver(stores) == 1
    assert [got.headers["webhook-id"] for got in receiver.got] == [identifier] * 2
    assert receiver.got[0].headers["webhook-signature"] != receiver.got[1].headers["webhook-signature"]
    assert await waiting() == []


@pytest.mark.parametrize("status", [0, 301, 307, 404, 410, 500])
async def test_no_other_answer_counts_and_no_redirect_is_followed(stores, receive, message, waiting, status):
    receiver = await receive(status=status)
    added = await webhooks.add(stores, receiver.url, ["label.agreed"])
    await message(added.id)
    assert await deliver(stores) == 0
    assert len(receiver.got) == 1
    assert len(await waiting()) == 1


async def test_after_a_day_it_is_dropped_and_the_log_says_so(stores, clock, receive, message, waiting, capsys):
    receiver = await receive(status=503)
    added = await webhooks.add(stores, f"{receiver.url}token-in-the-path", ["label.agreed"])
    await message(added.id)
    began = clock()
    while await waiting():
        await deliver(stores, chance=lambda: 0.5)
        clock.turn(minutes=1)
    assert timedelta(hours=18) < clock() - began <= timedelta(days=1)
    assert 10 < len(receiver.got) < 30
    await audit.sequence(stores)
    (event,) = [e["event"] for e in await audit.recent(stores) if e["event"]["what"] == "webhook.dropped"]
    assert (event["webhook"], event["type"], event["tries"]) == (str(added.id), "label.agreed", len(receiver.got))
    told = "".join(capsys.readouterr())
    assert str(added.id) in told
    assert "token-in-the-path" not in told


def test_pauses_grow_and_end():
    pauses = [pause(tries, 0.5) for tries in range(1, 30)]
    assert pauses[0] == timedelta(seconds=10)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=4)
    assert pause(3, 0.0) < pause(3, 1.0)


async def test_who_does_not_answer_is_given_five_seconds(stores, receive, message, waiting, monkeypatch):
    monkeypatch.setattr("earmark.webhooks.sending.TIMEOUT", 1.5)
    slow, quick = await receive(delay=30), await receive()
    one = await webhooks.add(stores, slow.url, ["label.agreed"])
    two = await webhooks.add(stores, quick.url, ["label.agreed"])
    for _ in range(20):
        await message(one.id)
    await message(two.id)
    began = time.monotonic()
    assert await deliver(stores) == 1  # many that wait for one do not keep the other
    assert time.monotonic() - began < 20, "20 messages that wait 1.5 s each"
    assert webhooks.TIMEOUT == 5
    assert len(await waiting()) == 20


async def test_a_crash_in_the_middle_sends_again(stores, clock, receive, message, waiting):
    receiver = await receive(delay=5)
    added = await webhooks.add(stores, receiver.url, ["label.agreed"])
    await message(added.id)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(deliver(stores), 0.3)
    clock.turn(minutes=2)
    receiver.delay = 0
    assert await deliver(stores) == 1


async def test_two_workers_do_not_send_the_same_at_once(stores, receive, message):
    receiver = await receive(delay=0.1)
    added = await webhooks.add(stores, receiver.url, ["label.agreed"])
    for _ in range(8):
        await message(added.id)
    assert sum(await asyncio.gather(deliver(stores), deliver(stores), deliver(stores))) == 8
    assert len({got.headers["webhook-id"] for got in receiver.got}) == len(receiver.got) == 8


def leads_to(*addresses: str) -> Wire:
    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return Wire(resolve=resolve)


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("10.0.0.1",), ("169.254.169.254",), ("93.184.216.34", "::1")])
async def test_a_name_that_leads_inside_is_not_called(stores, message, waiting, monkeypatch, addresses):
    async def sent(*_):
        raise AssertionError("it was called")

    monkeypatch.setattr("earmark.webhooks.sending._send", sent)
    added = await webhooks.add(stores, "https://hooks.example/", ["label.agreed"])
    await message(added.id)
    assert await deliver(stores, wire=leads_to(*addresses)) == 0
    assert len(await waiting()) == 1


def certificate(name: str) -> tuple[bytes, ssl.SSLContext]:
    """Return a certificate for one name with its key (PEM), and a client's side that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem + secret, ssl.create_default_context(cadata=pem.decode())


@pytest.mark.parametrize(("name", "taken"), [("hooks.example", 1), ("other.example", 0)])
async def test_the_certificate_must_be_of_the_name_that_was_written(stores, receive, message, tmp_path, name, taken):
    pem, trust = certificate(name)
    (tmp_path / "both.pem").write_bytes(pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "both.pem")
    receiver = await receive(tls=server)
    added = await webhooks.add(stores, f"https://hooks.example:{receiver.port}/", ["label.agreed"], allow_private=True)
    await message(added.id)
    wire = Wire(resolve=leads_to("127.0.0.1").resolve, trust=trust)
    assert await deliver(stores, wire=wire) == taken
    assert len(receiver.got) == taken
    if taken:
        assert receiver.got[0].headers["host"] == f"hooks.example:{receiver.port}"


async def test_trying_it_out_tells_what_came_of_it(stores, receive, waiting):
    receiver = await receive()
    added = await webhooks.add(stores, receiver.url, ["case.overdue"])
    assert (await webhooks.try_out(stores, added.id)).taken
    assert receiver.got[0].event["type"] == "webhook.test"
    receiver.status = 302
    outcome = await webhooks.try_out(stores, added.id)
    assert (outcome.taken, outcome.status, outcome.why) == (False, 302, "it answered 302")
    assert await waiting() == []
    with pytest.raises(NotFound):
        await webhooks.try_out(stores, uuid.uuid4())


async def test_a_webhook_that_is_removed_is_told_nothing_more(stores, receive, message, waiting):
    receiver = await receive()
    added = await webhooks.add(stores, receiver.url, ["label.agreed"])
    await message(added.id)
    await webhooks.remove(stores, added.id)
    assert (await webhooks.webhooks(stores), await waiting()) == ([], [])
    with pytest.raises(NotFound):
        await webhooks.remove(stores, added.id)
    await audit.sequence(stores)
    told = [entry["event"] for entry in await audit.recent(stores)]
    assert {event["what"] for event in told} == {"webhook.added", "webhook.removed"}
    assert not [event for event in told if receiver.url in str(event)]


async def test_what_can_not_be_told_is_refused(stores):
    for url, events, how in (
        ("https://hooks.example/", [], {}),
        ("https://hooks.example/", ["label.heard"], {}),
        ("https://hooks.example/", ["backlog.low"], {"low": 0}),
        ("https://10.0.0.1/", ["backlog.low"], {}),
    ):
        with pytest.raises(BadRequest):
            await webhooks.add(stores, url, events, **how)  # type: ignore[arg-type]


def test_the_page_checks_signatures_as_we_make_them():
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    code = re.search(r"(    import base64.*?)\n\n(?=## )", page, re.DOTALL)
    assert code is not None
    scope: dict[str, Any] = {}
    exec(textwrap.dedent(code[1]), scope)  # noqa: S102
    secret = "whsec_" + base64.b64encode(bytes(32)).decode()
    sent = webhooks.headers(secret, "id", 1_777_886_400, b"{}")
    assert scope["genuine"](secret, sent, b"{}")
    assert not scope["genuine"](secret, sent, b"{ }")
    assert not scope["genuine"](secret, sent | {"webhook-timestamp": "1777886401"}, b"{}")
    assert not scope["genuine"](secret, sent | {"webhook-id": "other"}, b"{}")
