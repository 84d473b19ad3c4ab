"""The log's public face: proofs for anybody, a sentence for bad input, nothing about anybody."""

from __future__ import annotations

import httpx
import pytest

from earmark import audit
from earmark.audit import extends, includes, leaf_hash
from earmark.web import create_desk, create_floor, create_home


@pytest.fixture
async def public(role_stores):
    """A client of the home plane that is not signed in."""
    app = create_home(await role_stores("earmark_home"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8040") as client:
        yield client


async def test_an_empty_log_has_nothing_to_show(public):
    for path in ("checkpoint", "proof/inclusion?number=0"):
        answer = await public.get(f"/api/audit/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "thing.not-found")


async def test_proofs_check_out_and_show_no_entry(public, stores, grow):
    first, second = await grow(5), await grow(8)
    shown = (await public.get("/api/audit/checkpoint")).json()
    assert shown == {**second, "cosignature": None}
    answer = (await public.get("/api/audit/proof/consistency?first=5&second=13")).json()
    steps = [bytes.fromhex(step) for step in answer["proof"]]
    assert extends(bytes.fromhex(first["root"]), 5, bytes.fromhex(second["root"]), 13, steps)
    entry = (await audit.recent(stores))[3]
    leaf = leaf_hash(audit.canonical(entry["event"]))
    answer = (await public.get(f"/api/audit/proof/inclusion?leaf={leaf.hex()}")).json()
    assert answer["number"] == entry["number"]
    steps = [bytes.fromhex(step) for step in answer["proof"]]
    assert includes(bytes.fromhex(second["root"]), 13, answer["number"], leaf, steps)
    assert set(answer) == {"number", "leaf", "size", "proof"}


@pytest.mark.parametrize(
    "path",
    [
        "inclusion",
        "inclusion?leaf=00",
        f"inclusion?leaf={'g' * 64}",
        f"inclusion?leaf={'0' * 64}&number=1",
        "inclusion?number=x",
        "inclusion?number=1e3",
        f"inclusion?number={10**30}",
        "inclusion?number=-1",
        "inclusion?number=5",
        f"inclusion?leaf={'0' * 64}",
        "inclusion?number=0&size=0",
        "inclusion?number=0&size=6",
        f"inclusion?number=0&size={2**62}",
        "consistency",
        "consistency?first=1",
        "consistency?first=0&second=5",
        "consistency?first=4&second=3",
        "consistency?first=1&second=6",
        f"consistency?first=1&second={2**63}",
        "consistency?first=&second=",
        "nothing",
    ],
)
async def test_bad_input_gets_a_code_and_a_sentence(public, grow, path):
    await grow(5)
    answer = await public.get(f"/api/audit/proof/{path}")
    assert answer.status_code in (400, 404, 422)
    error = answer.json()["error"]
    assert error["code"] in ("request.invalid", "thing.not-found")
    assert error["message"].endswith(".")


async def test_one_address_can_not_ask_for_ever(public, grow, monkeypatch):
    from earmark.web.audit_api import ASKED_A_MINUTE

    await grow(1)
    codes = [(await public.get("/api/audit/proof/inclusion?number=0")).status_code for _ in range(ASKED_A_MINUTE + 1)]
    assert codes == [200] * ASKED_A_MINUTE + [429]


async def test_the_desk_shows_it_too_and_the_floor_has_none(role_stores, grow):
    await grow(1)
    for plane, make, role, status in (
        ("desk", create_desk, "earmark_desk", 200),
        ("floor", create_floor, "earmark_review", 404),
    ):
        transport = httpx.ASGITransport(app=make(await role_stores(role)))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            assert (await client.get("/api/audit/checkpoint")).status_code == status, plane
