from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from earmark.device import Desk

NOON = datetime(2027, 3, 4, 12, tzinfo=UTC)


def timer(id: str, minutes: float, label: str = "") -> dict[str, object]:
    due = NOON + timedelta(minutes=minutes)
    return {"kind": "timer.set", "data": {"id": id, "due": due.isoformat(), "label": label}}


def test_timers_ring_once_and_in_order() -> None:
    desk = Desk().apply(timer("b", 5, "pasta")).apply(timer("a", 3))
    assert desk.ring(NOON)[1] == ()
    desk, due = desk.ring(NOON + timedelta(minutes=3))
    assert [alarm.id for alarm in due] == ["a"]
    desk, due = desk.ring(NOON + timedelta(minutes=60))
    assert [alarm.sentence for alarm in due] == ["Your pasta timer is ringing."]
    assert desk.ring(NOON + timedelta(days=9))[1] == ()


def test_cancel_and_replace() -> None:
    desk = Desk().apply(timer("a", 3)).apply(timer("a", 9)).apply(timer("b", 4))
    assert [alarm.id for alarm in desk.alarms] == ["b", "a"]
    desk = desk.apply({"kind": "timer.cancel", "data": {"id": "b"}})
    assert [alarm.id for alarm in desk.alarms] == ["a"]


def test_volume() -> None:
    desk = Desk().apply({"kind": "volume.set", "data": {"percent": 95}})
    desk = desk.apply({"kind": "volume.change", "data": {"percent": 10}})
    assert desk.volume == 100
    assert desk.gain == pytest.approx(1.0)
    quiet = desk.apply({"kind": "volume.mute", "data": {"on": True}})
    assert quiet.gain == 0.0
    assert quiet.apply({"kind": "volume.mute", "data": {"on": False}}).gain == pytest.approx(1.0)


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"kind": "rocket.launch", "data": {}},
        {"kind": "timer.set", "data": {"id": "x"}},
        {"kind": "timer.set", "data": {"id": "x", "due": "soon"}},
        {"kind": "timer.set", "data": {"id": "x", "due": "2027-03-04T12:00:00"}},
        {"kind": "volume.set", "data": {"percent": "loud"}},
        {"kind": "volume.set", "data": None},
    ],
)
def test_what_makes_no_sense_changes_nothing(action: dict[str, object]) -> None:
    desk = Desk().apply(timer("a", 3))
    assert desk.apply(action) == desk
