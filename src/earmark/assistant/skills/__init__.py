"""The skills: one folder each, found by walking this one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from earmark.assistant.skill import Home, Reply, Request

Handle = Callable[[Request, Home], Awaitable[Reply]]

_FOLDER = Path(__file__).parent


@cache
def templates() -> Mapping[str, Mapping[str, Any]]:
    """Skill name to its `sentences.yaml`, in order of name."""
    found = sorted(_FOLDER.glob("*/sentences.yaml"))
    return MappingProxyType({path.parent.name: yaml.safe_load(path.read_text("utf-8")) for path in found})


@cache
def handlers() -> Mapping[str, Handle]:
    """Intent to the function that does it."""
    return MappingProxyType(
        {
            intent: import_module(f"{__name__}.{name}.skill").handle
            for name, sentences in templates().items()
            for intent in sentences["intents"]
        }
    )


@cache
def _skills() -> Mapping[str, str]:
    return {intent: name for name, sentences in templates().items() for intent in sentences["intents"]}


def skill_of(intent: str) -> str:
    """Return the name of the skill that has an intent, or an empty string."""
    return _skills().get(intent, "")


async def answer(request: Request, home: Home) -> Reply:
    """Let the intent's skill do the command.

    Raises KeyError for an intent that no skill has.
    """
    return await handlers()[request.intent](request, home)
