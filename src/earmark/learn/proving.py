"""Proof that a bundle does not rest on what was deleted, checked against what is still there.

A dataset version is the hash of its lines, so nobody can take a line out or put one in and keep the name; the bundle's
manifest names the versions and is signed. What is left to check is that each of those lines is of a label that still
exists, and that none is one of those which went when the bundle before was retired.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from earmark.learn import registry
from earmark.learn.datasets import Line, version_of
from earmark.learn.registry import SQL
from earmark.storage import Row, Stores, fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenDataset:
    """One dataset version that a bundle was learned from."""

    version: str
    lines: int
    as_named: bool
    """Its lines have the hash that is its name."""
    current: bool
    """Nothing in it was deleted since."""
    erased: int
    """Lines of labels that are not there any more."""

    @property
    def holds(self) -> bool:
        return self.as_named and self.current and not self.erased and self.lines > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """One bundle that was retired for something deleted, in whose place this one was made."""

    retired: str
    """Its version."""
    datasets: tuple[str, ...]
    """The revoked versions that it was learned from."""
    erased: int
    """Labels of those that are gone."""
    among_lines: int
    """How many of these the new bundle's datasets hold."""
    gone: bool
    """It is retired, and its files are deleted."""

    @property
    def holds(self) -> bool:
        return self.gone and self.erased > 0 and not self.among_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was checked about one bundle."""

    version: str
    corpus: str | None
    """The folder it was learned from besides: nothing of that is anybody's to delete here."""
    datasets: tuple[ProvenDataset, ...]
    replaces: tuple[Replaced, ...]
    holds: bool
    """Signature, files, datasets and what it replaces: all of it."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


async def to_replace(stores: Stores) -> list[dict[str, Any]]:
    """Return, for a new bundle's manifest, which retired bundles wait for one in their place, and of which datasets."""
    waiting = {each.retired for each in await registry.remakes(stores) if each.done_at is None}
    known = sorted(await registry.models(stores), key=lambda model: model.version)
    return [
        {"retired": model.version, "datasets": _named(model.manifest)} for model in known if model.version in waiting
    ]


async def prove(stores: Stores, version: str) -> Proof:
    """Check a bundle. Raises NotFound for an unknown one, Conflict for a retired one, BadBundle for a damaged one."""
    manifest = (await registry.bundle(stores, version)).manifest
    named = _named(manifest)
    lines = await _lines(stores, named)
    datasets = tuple([_dataset(name, lines.get(name, [])) for name in named])
    held = {line["label_id"] for rows in lines.values() for line in rows}
    replaces = tuple([await _replaced(stores, each, held) for each in manifest.get("replaces") or ()])
    return Proof(
        version=version,
        corpus=manifest.get("corpus"),
        datasets=datasets,
        replaces=replaces,
        holds=all(each.holds for each in (*datasets, *replaces)),
    )


def _named(manifest: Mapping[str, Any]) -> list[str]:
    """Return every dataset version that any file of a bundle was learned from."""
    return sorted({*dict(manifest.get("datasets") or {}).values(), manifest.get("dataset")} - {None})


async def _lines(stores: Stores, versions: Sequence[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in await fetch(stores.pool, SQL.lines_and_labels, {"versions": list(versions)}):
        found.setdefault(row["version"], []).append(row)
    return found


def _dataset(version: str, rows: Sequence[Row]) -> ProvenDataset:
    lines = [Line(label_id=r["label_id"], label_hash=bytes(r["label_hash"]), side=r["side"]) for r in rows]
    return ProvenDataset(
        version=version,
        lines=len(lines),
        as_named=version_of(lines) == version,
        current=all(row["state"] == "current" for row in rows),
        erased=sum(not row["alive"] for row in rows),
    )


async def _replaced(stores: Stores, named: Mapping[str, Any], held: set[uuid.UUID]) -> Replaced:
    retired = str(named["retired"])
    lines = await _lines(stores, named["datasets"])
    erased = {row["label_id"] for rows in lines.values() for row in rows if not row["alive"]}
    state = next((model.state for model in await registry.models(stores) if model.version == retired), None)
    return Replaced(
        retired=retired,
        datasets=tuple(named["datasets"]),
        erased=len(erased),
        among_lines=len(erased & held),
        gone=state == "retired" and not (stores.home.models / retired).exists(),
    )
