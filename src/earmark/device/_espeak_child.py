"""The child process that speaks: espeak-ng (GPL-3.0-or-later) by ctypes, alone in its own interpreter.

Run as a script with the paths of the library and of its data; imports nothing of Earmark. Standard input holds one JSON
object a line (`text`, `voice`, `speed`, `pitch`, `phonemes`); for each, standard output gets two little-endian uint32
(rate in Hz, bytes) and that many bytes of int16 samples. Rate 0 means that the voice is not known.
"""

import ctypes
import json
import struct
import sys

_SYNCHRONOUS = 2
"""Hands samples to the callback on the calling thread; the other modes wait for a thread of their own."""
_RATE, _PITCH = 1, 3
_UTF8, _PHONEMES = 1, 0x100
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def main(library: str, data: str) -> None:
    espeak = ctypes.CDLL(library)
    rate = espeak.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), 0)
    pieces = []

    def spoken(samples, count, _events):
        if samples and count > 0:
            pieces.append(ctypes.string_at(samples, 2 * count))
        return 0

    callback = _CALLBACK(spoken)
    espeak.espeak_SetSynthCallback(callback)
    espeak.espeak_Synth.argtypes = [
        ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int,
        ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p,
    ]  # fmt: skip
    espeak.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
    espeak.espeak_ng_SetRandSeed(1)  # or it is the time of day, and a voice's breath is another at every start
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        pieces.clear()
        known = rate > 0 and espeak.espeak_SetVoiceByName(asked["voice"].encode()) == 0
        if known:
            espeak.espeak_SetParameter(_RATE, int(asked["speed"]), 0)
            espeak.espeak_SetParameter(_PITCH, int(asked["pitch"]), 0)
            text = asked["text"].encode() + b"\0"
            flags = _UTF8 | (_PHONEMES if asked.get("phonemes") else 0)
            espeak.espeak_Synth(text, len(text), 0, 0, 0, flags, None, None)
            espeak.espeak_Synchronize()
        sound = b"".join(pieces)
        sys.stdout.buffer.write(struct.pack("<II", rate if known else 0, len(sound)) + sound)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
