"""However something is erased, receipts and exports have words for it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import earmark
from earmark.audit import receipts
from earmark.web import wording


def ways() -> set[str]:
    """Return each literal that the program passes as `how`."""
    trees = (ast.parse(file.read_text()) for file in Path(earmark.__file__).parent.rglob("*.py"))
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    values = [word.value for call in calls for word in call.keywords if word.arg == "how"]
    return {value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)}


def test_every_way_has_words():
    assert {"guest", "false wake", "repair", "case"} <= ways()
    assert ways() <= set(receipts.ASKED) | set(wording.HOWS)


@pytest.mark.parametrize("how", ["guest", "false wake", "repair"])
def test_a_receipt_says_it_in_words(how):
    lines = receipts.summary({"asked_at": "2026-05-04T09:30:00+00:00", "how": how})
    assert lines == [f"Asked for on 4 May 2026, 09:30 UTC, {receipts.ASKED[how]}."]
    assert receipts.ASKED[how] != how
