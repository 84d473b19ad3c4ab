"""Which words may not leave."""

from __future__ import annotations

import pytest

from earmark.airlock import mask_text, name_words

NAMES = name_words(["Ada", "Jean-Luc O'Neil", "Siobhán", "D"])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("leave a message for ada please", "leave a message for [name] please"),
        ("Leave a message for Ada's sister", "Leave a message for [name] sister"),
        ("tell jean luc that o’neil called", "tell [name] that [name] called"),
        ("call SIOBHÁN, now", "call [name] now"),
        ("ada jean said", "[name] said"),
        ("play adagio for strings", "play adagio for strings"),
        ("vitamin d", "vitamin d"),
        ("my number is four one five five five five", "my number is [number]"),
        ("my number is double four seven", "my number is [number]"),
        ("it is 4155550132", "it is [number]"),
        ("it is 415-555-0132", "it is [number]"),
        ("my card is forty two thirty one eighty eight", "my card is [number]"),
        ("i live at twelve hundred and five main street", "i live at [number] main street"),
        ("born in nineteen eighty four", "born in [number]"),
        ("set a timer for twenty five minutes", "set a timer for twenty five minutes"),
        ("wake me at six forty five", "wake me at six forty five"),
        ("set volume to 35", "set volume to 35"),
        ("one two", "one two"),
        ("mail ada dot smith at example dot com today", "[address] today"),
        ("send it to ada@example.com", "send it to [address]"),
        ("open example dot org", "open [address]"),
        ("meet me at noon", "meet me at noon"),
        ("", ""),
    ],
)
def test_the_table(text, masked):
    assert mask_text(text, NAMES) == masked


def test_a_masked_text_has_nothing_more_to_mask():
    once = mask_text("tell ada that four one five five is example dot com", NAMES)
    assert mask_text(once, NAMES) == once
