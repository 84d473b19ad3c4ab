"""Evidence of listening."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark import review
from earmark.errors import BadRequest, NotHeard
from earmark.review import share_heard

SPEECH = [(1.0, 2.0), (3.0, 4.0)]


@pytest.mark.parametrize(
    ("played", "share"),
    [
        (None, 1.0),
        ([], 0.0),
        ([(0.0, 0.5)], 0.0),
        ([(at / 4, at / 4) for at in range(20)], 0.0),
        ([(0.0, 5.0)], 1.0),
        ([(1.0, 2.0)], 0.5),
        ([(1.0, 1.35), (1.0, 1.35)], 0.25),
        ([(3.15, 3.85), (1.15, 1.85)], 1.0),
    ],
)
def test_the_share_of_speech_that_was_played(played, share):
    assert share_heard(SPEECH, played) == pytest.approx(share)


def test_without_known_speech_something_must_have_been_played():
    assert share_heard([], []) == 0
    assert share_heard([], [(0.0, 0.0)]) == 0
    assert share_heard([], [(0.0, 1.0)]) == 1


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)).map(lambda t: (min(t), max(t))), max_size=20))
def test_more_playing_never_makes_it_less(played):
    shares = [share_heard(SPEECH, played[:n]) for n in range(len(played) + 1)]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize("played", [[(2.0, 1.0)], [(-1.0, 1.0)], [(0.0, 1e9)], [(0.0, 1.0)] * 501])
def test_what_is_no_span(played):
    with pytest.raises(BadRequest):
        share_heard(SPEECH, played)


async def test_an_answer_needs_the_sound_and_the_speech_played(floor, stores, make_task, reviewer):
    await make_task(prefill={"word": "alexa", "speech": [[0.5, 1.5]]})
    who = reviewer()
    served = await review.next_task(floor, who)
    assert served.speech == ((0.5, 1.5),)
    assert served.prefill == {"word": "alexa"}

    async def send(heard):
        return await review.submit_and_next(
            floor, who, served.task_id, served.fence, uuid.uuid4(), {"value": "said"}, heard=heard
        )

    with pytest.raises(NotHeard):  # it says that it was played, but it was never fetched
        await send([(0.0, 2.0)])
    await review.sound(floor, who, served.task_id, served.fence)
    with pytest.raises(NotHeard):
        await send([(0.0, 0.8)])
    await send([(0.4, 1.6)])
    async with stores.pool.connection() as connection:
        row = await (await connection.execute("SELECT heard FROM review.judgements")).fetchone()
    assert row["heard"] == 1
