"""A second synthesiser, so that a wake word is not learned from one alone: SVOX Pico, of the extra `voices`.

Its voices were made of people's recordings (Tokuda et al. 2000), where espeak-ng's are made of rules: to a classifier
that knows one kind alone, the other's "a lexus" is as strange as its "alexa". Its two English voices speak as twenty
people, of other heights and sizes of the throat. What it says depends on what it said before, so each list of
sentences is spoken in a process of its own.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from earmark.device.voice import exactly
from earmark.errors import MissingExtra, VoiceGone
from earmark.learn import compute
from earmark.learn.confusables import VOWELS
from earmark.words import SAMPLE_RATE, PcmAudio

_CHILD = Path(__file__).with_name("_pico_child.py")
_VOICES = ("en-US", "en-GB")
_THROATS = tuple(float(size) for size in np.linspace(0.8, 1.15, 10))
SPEAKERS = tuple((voice, throat) for voice in _VOICES for throat in _THROATS)
"""Voice, and how much smaller than its own the throat is: by so much all resonances lie higher."""
_SOUNDS = {
    "AA": "A:", "AE": "{", "AH": "@", "AO": "O:", "AW": "aU", "AY": "aI", "EH": "E", "ER": "3:", "EY": "eI", "IH": "I",
    "IY": "i:", "OW": "oU", "OY": "OI", "UH": "U", "UW": "u:", "CH": "tS", "DH": "D", "HH": "h", "JH": "dZ", "NG": "N",
    "R": r"r\\", "SH": "S", "TH": "T", "Y": "j", "ZH": "Z",
}  # fmt: skip
"""ARPAbet to X-SAMPA as Pico reads it, with the backslash escaped; the others are the same in small letters. Signs that
it doesn't know it leaves out in silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What is to be said, and how."""

    text: str
    speaker: int
    """Index into SPEAKERS."""
    pitch: float
    """1 is the voice's own."""
    speed: float


def installed() -> bool:
    """Tell whether Pico is installed; its wheels are for Linux and Windows."""
    return find_spec("py_nanotts") is not None


def spoken(phones: Sequence[str]) -> str:
    """Return phones as it reads them, the last vowel but one stressed."""
    vowels = [index for index, phone in enumerate(phones) if phone in VOWELS]
    stressed = vowels[-2] if len(vowels) > 1 else vowels[0] if vowels else -1
    marks = ("'" if index == stressed else "" for index in range(len(phones)))
    signs = (mark + _SOUNDS.get(phone, phone.lower()) for mark, phone in zip(marks, phones, strict=True))
    return f'<phoneme ph="{"".join(signs)}"/>'


def speak(sentences: Sequence[Sentence], *, told: compute.Said = lambda share: None) -> list[PcmAudio]:
    """Say sentences. The same list gives the same sound. Raises MissingExtra where Pico is not installed, VoiceGone."""
    if not installed():
        raise MissingExtra(extra="voices")
    # It reads memory that it never wrote (seen: samples that differ by some LSB); glibc fills that with one value here.
    environment = {**os.environ, "MALLOC_PERTURB_": "165"}
    command = [sys.executable, "-I", str(_CHILD)]
    found: list[PcmAudio] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            for one in sentences:
                voice, throat = SPEAKERS[one.speaker]
                asked = [one.text, voice, one.pitch / throat, one.speed / throat]
                child.stdin.write(json.dumps(asked).encode() + b"\n")
                child.stdin.flush()
                (size,) = struct.unpack("<I", exactly(child.stdout, 4))
                found.append(_with_throat(np.frombuffer(exactly(child.stdout, size), dtype="<i2"), throat))
                if not len(found) % 50 or len(found) == len(sentences):
                    told(len(found) / len(sentences))
        except OSError as error:
            raise VoiceGone from error
    return found


def _with_throat(samples: NDArray[np.int16], throat: float) -> PcmAudio:
    if not len(samples):
        return PcmAudio(samples=np.zeros(0, dtype=np.int16))
    resampled = soxr.resample(samples.astype(np.float32), SAMPLE_RATE * throat, SAMPLE_RATE)
    return PcmAudio(samples=np.clip(np.rint(resampled), -32768, 32767).astype(np.int16))
