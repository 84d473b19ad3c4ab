"""How a masked copy and all that belongs to it lies sealed: one fresh key a task, each part bound to its place."""

from __future__ import annotations

from typing import Any

from earmark.storage import Stores, derive, seal, seal_json, unseal, unseal_json
from earmark.words import TaskId

PREFIX = "masked"
"""Object prefix of masked copies."""


def masked_key(stores: Stores, slot: int) -> bytes:
    """Return a task's AES-256 key. Raises Erased when it was recalled or erased."""
    return derive(stores.review_keys.secret(slot), purpose="masked")


def seal_sound(key: bytes, task_id: TaskId, wav: bytes) -> bytes:
    return seal(key, wav, place=f"masked:{task_id}")


def open_sound(key: bytes, task_id: TaskId, sealed: bytes) -> bytes:
    return unseal(key, sealed, place=f"masked:{task_id}")


def seal_prefill(key: bytes, task_id: TaskId, prefill: dict[str, Any]) -> bytes:
    return seal_json(key, prefill, place=f"prefill:{task_id}")


def open_prefill(key: bytes, task_id: TaskId, sealed: bytes) -> dict[str, Any]:
    return unseal_json(key, sealed, place=f"prefill:{task_id}")


def seal_answer(key: bytes, task_id: TaskId, answer: dict[str, Any]) -> bytes:
    return seal_json(key, answer, place=f"judgement:{task_id}")


def open_answer(key: bytes, task_id: TaskId, sealed: bytes) -> dict[str, Any]:
    return unseal_json(key, sealed, place=f"judgement:{task_id}")


def seal_label(key: bytes, task_id: TaskId, answer: dict[str, Any]) -> bytes:
    return seal_json(key, answer, place=f"label:{task_id}")


def open_label(key: bytes, task_id: TaskId, sealed: bytes) -> dict[str, Any]:
    return unseal_json(key, sealed, place=f"label:{task_id}")
