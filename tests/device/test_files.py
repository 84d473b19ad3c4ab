from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from earmark import audio
from earmark.device import END_OF_SOUND, FRAME_BYTES, FileSource, frames
from earmark.errors import BadAudio
from earmark.words import PcmAudio


def test_frames_hold_the_sound_and_a_second_of_silence() -> None:
    samples = np.arange(1, 1001, dtype=np.int16)
    pieces = list(frames(PcmAudio(samples=samples)))
    assert {len(piece) for piece in pieces} == {FRAME_BYTES}
    whole = np.frombuffer(b"".join(pieces), "<i2")
    assert np.array_equal(whole[:1000], samples)
    assert not whole[1000:].any()
    assert 17_000 <= len(whole) < 17_160


async def test_files_one_after_the_other(tmp_path: Path) -> None:
    for name, level in (("a.wav", 100), ("b.flac", 200)):
        sound = PcmAudio(samples=np.full(1600, level, np.int16))
        (tmp_path / name).write_bytes(audio.encode(sound, format=name[2:].upper()))
    heard = [frame async for frame in FileSource([tmp_path / "a.wav", tmp_path / "b.flac"])]
    assert [at for at, frame in enumerate(heard) if frame == END_OF_SOUND] == [110, 221]
    levels = np.frombuffer(b"".join(heard), "<i2").reshape(-1, 160)[:, 0]
    assert levels.tolist() == [100] * 10 + [0] * 100 + [200] * 10 + [0] * 100


async def test_a_file_that_is_no_sound(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound at all")
    with pytest.raises(BadAudio):
        _ = [frame async for frame in FileSource([tmp_path / "a.wav"])]


async def test_real_time_keeps_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.wav").write_bytes(audio.encode(PcmAudio(samples=np.full(1600, 500, np.int16)), format="WAV"))
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("asyncio.sleep", sleep)
    source = FileSource([tmp_path / "a.wav"], real_time=True, clock=lambda: 0.0)
    count = len([frame async for frame in source if frame])
    assert slept == pytest.approx([number * 0.01 for number in range(count)])
