"""The model card says what the manifest says, and calls the rest unknown."""

from __future__ import annotations

import json

from earmark import learn
from earmark.learn.making import about

NUMBER = {"name": "miss_rate", "plain": "calls that were missed", "n": 60, "before": 0.1, "after": 0.05, "low": -0.09,
          "high": -0.01}  # fmt: skip
SLICE = {"slice": "kitchen", "kind": "noise", "number": "calls that were missed", "n": 12, "before": 0.2, "after": 0.1,
         "low": -0.3, "high": 0.1}  # fmt: skip


async def card_of(stores, files=None, **said):
    made = await learn.register(stores, files or {"wake/alexa.json": b"{}"}, {"parent": "builtin", **said})
    model = await learn.model(stores, made.version)
    return made, learn.card(model, signed=await learn.sound(stores, made.version))


async def test_a_card_of_a_whole_manifest(stores):
    cost = {"listenings": 240, "listening_hours": 1.5}
    _, card = await card_of(
        stores,
        labels=120,
        people={"train": 20, "heldout": 12},
        questions={"wake": 70, "transcript": 50},
        cost=cost,
        changed=["wake"],
        verdict="It is better on people it never heard.",
        numbers=[NUMBER],
        slices=[SLICE],
    )
    text = learn.markdown(card)
    for said in (
        "- Labels: 120",
        "- People learned from: 20",
        "- Questions: transcript 50, wake 70",
        "- Listenings of people: 240",
        "- Hours of listening: 1.5",
        "- Signature: fits, and so do all files",
        "| everybody | calls that were missed | 60 | 10.0% | 5.0% | -9.0% to -1.0% |",
        "| noise: kitchen | calls that were missed | 12 | 20.0% | 10.0% | -30.0% to +10.0% |",
        "- Fewer than 30 clips speak for noise: kitchen.",
        "| `wake/alexa.json` | `44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` |",
    ):
        assert said in text, said
    assert "English" in text
    assert "unknown" not in text.lower()
    json.dumps(card.to_json())


async def test_what_a_manifest_does_not_say_is_unknown(stores):
    _, card = await card_of(stores)
    assert (card.labels, card.people, card.listenings, card.why) == (None, None, None, None)
    text = learn.markdown(card)
    for name in ("Labels", "People learned from", "Questions", "Listenings of people", "Hours of listening"):
        assert f"- {name}: unknown" in text
    assert text.count("Unknown: the manifest does not say.") == 2
    assert "not written down" in text


async def test_a_damaged_and_a_retired_bundle_are_called_so(stores):
    made, _ = await card_of(stores)
    (stores.home.models / made.version / "wake/alexa.json").write_bytes(b"x")
    model = await learn.model(stores, made.version)
    assert "does not fit" in learn.markdown(learn.card(model, signed=await learn.sound(stores, made.version)))
    await learn.retire(stores, made.version)
    assert await learn.sound(stores, made.version) is None
    gone = learn.card(await learn.model(stores, made.version), signed=None)
    assert (gone.state, "its files are gone" in learn.markdown(gone)) == ("retired", True)


async def test_few_judges_are_a_limit(stores):
    _, card = await card_of(stores, people={"train": 4, "heldout": 2}, slices=[{**SLICE, "n": 40}])
    assert card.limits[0] == "Only 2 people it never heard judged it."
    assert not any("Fewer than 30" in limit for limit in card.limits)


async def test_it_says_who_was_heard_by_other_models_than_this_one(stores):
    _, card = await card_of(stores, crossed=9)
    assert any(limit.startswith("9 of the people in its numbers were learned from.") for limit in card.limits)
    _, without = await card_of(stores)
    assert not any("were learned from" in limit for limit in without.limits)


async def test_sentences_of_a_folder_are_said_to_be_nobodys(stores):
    _, card = await card_of(stores, sentences=9960)
    assert any("9,960 written sentences" in limit and "unknown" in limit for limit in card.limits)
    _, without = await card_of(stores)
    assert not any("written sentences" in limit for limit in without.limits)


def test_the_manifest_of_a_run_holds_its_intervals():
    from earmark.learn.making import Made
    from earmark.learn.promotion import Compared, Verdict

    number = Compared(name="wer", plain="words", n=3, people=2, before=0.2, after=0.1, low=-0.2, high=0.0)
    verdict = Verdict(promote=True, why="It is better.", numbers=(number,))
    made = Made(files={}, changed=frozenset(), learned=frozenset(), notes=[], before=[], after=[], verdict=verdict)
    (said,) = about(made)["numbers"]
    assert said == {
        "name": "wer",
        "plain": "words",
        "n": 3,
        "people": 2,
        "before": 0.2,
        "after": 0.1,
        "low": -0.2,
        "high": 0.0,
    }


async def test_a_card_says_from_how_few_a_wake_word_was_learned(stores):
    _, card = await card_of(stores, wake_words={"smart_mirror": {"recordings": 22, "people": 6}})
    assert "“smart mirror” was learned from 22 recordings of 6 people and" in card.limits[0]
