"""The demo's devices: speech goes through the real listener, the real link and the real assistant."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from earmark.demo.material import Utterance
from earmark.device import Answer, DeviceState, EndpointRule, Happening, Listener, PrintSpeaker, Woke, connect, frames
from earmark.device import listen as listen_on
from earmark.words import InteractionId, Seconds

_PAUSE: Seconds = EndpointRule().patience + 1.0


@dataclass(slots=True, kw_only=True)
class Heard:
    """What came of it."""

    truth: dict[InteractionId, Utterance] = field(default_factory=dict)
    """What was really said in each interaction that was kept."""
    wakes: int = 0
    false_wakes: int = 0
    missed: int = 0


class _Household:
    def __init__(self, heard: Heard, told: Callable[[], None]) -> None:
        self.heard, self._told = heard, told

    async def device(self, token: str, address: str, utterances: Sequence[Utterance]) -> None:
        now: list[Utterance] = []
        woke: list[bool] = []

        async def source() -> AsyncIterator[bytes]:
            for utterance in utterances:
                now[:], woke[:] = [utterance], []
                # A device that woke for nothing waits five seconds for a command: the next speaker waits longer.
                for index, frame in enumerate(frames(utterance.audio, tail=_PAUSE)):
                    if index % 50 == 0:
                        await asyncio.sleep(0)
                    yield frame
                self.heard.wakes += bool(woke) and utterance.called
                self.heard.false_wakes += bool(woke) and not utterance.called
                self.heard.missed += utterance.called and not woke
                self._told()

        def note(event: Happening) -> None:
            if isinstance(event, Woke):
                woke.append(True)
            elif isinstance(event, Answer) and event.interaction:
                self.heard.truth[InteractionId(UUID(event.interaction))] = now[0]

        state = DeviceState()
        async with connect(token, address=address, on_message=state.note) as link:
            await link.ready()
            await listen_on(source(), Listener(), link, PrintSpeaker(lambda _: None), note, state=state)


async def hear(
    utterances: Sequence[Utterance], tokens: Sequence[str], address: str, told: Callable[[], None] = lambda: None
) -> Heard:
    """Let the devices hear everything, each its share, side by side; `told` is called after each utterance."""
    heard = Heard()
    household = _Household(heard, told)
    parts = zip(tokens, shares(utterances, len(tokens)), strict=True)
    await asyncio.gather(*(household.device(token, address, part) for token, part in parts))
    return heard


def shares(utterances: Sequence[Utterance], devices: int) -> list[list[Utterance]]:
    """Deal utterances out to devices, about as many to each and a voice's to one alone, in their order."""
    counts = Counter(each.voice for each in utterances)
    loads, home = [0] * devices, dict[str, int]()
    for voice, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        home[voice] = min(range(devices), key=loads.__getitem__)
        loads[home[voice]] += count
    return [[each for each in utterances if home[each.voice] == device] for device in range(devices)]
