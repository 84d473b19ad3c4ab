"""`scripts/verify_log.py`, run as somebody else would: on real output, and on output that was tampered with."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark import forget, vault
from earmark.audit.merkle import Tree, consistency, fold, inclusion, leaf_hash, pieces
from earmark.vault import Content, NewInteraction
from earmark.web import create_home

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_log.py"
spec = importlib.util.spec_from_file_location("verify_log", SCRIPT)
assert spec is not None
assert spec.loader is not None
verify_log = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verify_log)


def test_it_is_short_and_needs_nothing_of_ours():
    text = SCRIPT.read_text()
    assert len(text.splitlines()) <= 150
    tree = ast.walk(ast.parse(text))
    names = {name.name for node in tree if isinstance(node, ast.Import) for name in node.names}
    tree = ast.walk(ast.parse(text))
    names |= {node.module or "" for node in tree if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} - {"cryptography"} <= sys.stdlib_module_names


@pytest.fixture
async def shown(stores, role_stores, household, tone, grow, witness, tmp_path, clock):
    """What an outsider can get: two checkpoints, proofs, a receipt, a witness's word; each in a file."""
    await grow(5)
    recording = await vault.record(
        stores,
        NewInteraction(
            person_id=household.ada, started_at=clock(), kind="command", audio=tone(), content=Content(text="hello")
        ),
    )
    receipt = await forget.forget(stores, household.ada, [recording], how="settings")
    files = {"receipt": receipt, "old": await grow(3), "new": await grow(270)}
    files["word"] = witness.look(files["new"], lambda *_: [])
    app = create_home(await role_stores("earmark_home"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8040") as client:
        leaf = leaf_hash(receipt["log_entry"].encode()).hex()
        first, second = files["old"]["size"], files["new"]["size"]
        for name, path in (
            ("consistency", f"consistency?first={first}&second={second}"),
            ("inclusion", f"inclusion?leaf={leaf}"),
        ):
            files[name] = (await client.get(f"/api/audit/proof/{path}")).json()
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    key = files["new"]["public_key"]

    def run(what: str, *names: str, key: str = key) -> subprocess.CompletedProcess[str]:
        paths = [str(tmp_path / f"{name}.json") for name in names]
        keys = ["--key", key, "--witness", witness.public_key.public_bytes_raw().hex()]
        command = [sys.executable, "-I", str(SCRIPT), what, *paths, *keys]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    run.files, run.folder, run.key = files, tmp_path, key
    return run


CHECKS = [
    ("checkpoint", "new"),
    ("consistency", "old", "new", "consistency"),
    ("inclusion", "new", "inclusion"),
    ("receipt", "receipt"),
    ("receipt", "receipt", "new", "inclusion"),
    ("cosignature", "word", "new"),
]


async def test_real_output_is_good_and_altered_output_is_not(shown):
    for check in CHECKS:
        done = shown(*check)
        assert done.returncode == 0, (check, done.stderr)
    other = "00" * 31 + "01"
    for check in CHECKS:
        assert shown(*check, key=other).returncode == 1
    changes = {
        "new": {"size": shown.files["new"]["size"] - 1},
        "consistency": {"proof": shown.files["consistency"]["proof"][:-1]},
        "inclusion": {"number": 0},
        "receipt": {"how": "voice"},
        "word": {"seen_at": "2026-05-04T09:30:00+00:00"},
    }
    for name, change in changes.items():
        whole = shown.files[name]
        (shown.folder / f"{name}.json").write_text(json.dumps({**whole, **change}))
        for check in CHECKS:
            if name in check[1:]:
                done = shown(*check)
                assert done.returncode == 1, (name, check)
                assert done.stderr.startswith("not good: ")
        (shown.folder / f"{name}.json").write_text(json.dumps(whole))
    (shown.folder / "receipt.json").write_text("no JSON")
    assert "can't be read" in shown("receipt", "receipt").stderr


async def test_no_altered_byte_of_what_is_shown_passes(shown):
    """Every character of the files, changed one at a time, makes the check fail or changes nothing that it says."""
    witness = shown.files["word"]["public_key"]
    for what, *names in CHECKS:
        good = verify_log.run(what, [shown.files[name] for name in names], shown.key, witness)
        for place, name in enumerate(names):
            text = json.dumps(shown.files[name])
            for at in range(len(text)):
                changed = text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]
                try:
                    files = [shown.files[each] for each in names]
                    files[place] = json.loads(changed)
                    said = verify_log.run(what, files, shown.key, witness)
                except (verify_log.Bad, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
                    continue
                assert said == good, (what, name, at)
                assert unread(what, name, text, changed), (what, name, at, text[max(0, at - 20) : at + 20])


def unread(what: str, name: str, text: str, changed: str) -> bool:
    """Tell whether what was changed is nothing that a check goes by: a field beside those that are signed or hashed."""
    before, after = json.loads(text), json.loads(changed)
    for time in {"at", "seen_at"} & before.keys() & after.keys():  # Python reads any character between day and hour
        before[time], after[time] = (datetime.fromisoformat(each[time]) for each in (before, after))
    read = {
        "old": {"size", "root", "at", "signature"},
        "new": {"size", "root", "at", "signature"},
        "word": {"size", "root", "seen_at", "signature"},
        "receipt": set(before),
        "consistency": {"proof"},
        "inclusion": {"number", "proof"} | (set() if what == "receipt" else {"leaf"}),
    }[name]
    return all(before.get(field) == after.get(field) for field in read)


@settings(deadline=None)
@given(st.data())
def test_our_proofs_pass_and_altered_ones_do_not(data):
    size = data.draw(st.integers(1, 600))
    number = data.draw(st.integers(0, size - 1))
    first = number + 1
    leaves = [leaf_hash(str(n).encode()) for n in range(size)]

    def steps(ranges):
        return [fold([Tree.of(leaves[n << h : (n + 1) << h]).root() for h, n in pieces(r)]) for r in ranges]

    root, old = Tree.of(leaves).root(), Tree.of(leaves[:first]).root()
    for check, ranges in (
        (lambda proof: verify_log.inclusion(size, root, number, leaves[number], proof), inclusion(number, size)),
        (lambda proof: verify_log.consistency(first, old, size, root, proof), consistency(first, size)),
    ):
        proof = steps(ranges)
        check(proof)
        wrong = [[*proof, root]]
        if proof:
            which, at = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 31))
            changed = bytearray(proof[which])
            changed[at] ^= 1 << data.draw(st.integers(0, 7))
            wrong += [proof[:-1], [*proof[:which], bytes(changed), *proof[which + 1 :]]]
        for each in wrong:
            with pytest.raises(verify_log.Bad):
                check(each)
