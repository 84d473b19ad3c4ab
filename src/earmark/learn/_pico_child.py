"""The child process that speaks: Pico, alone in its own interpreter. Run as a script; imports nothing of Earmark.

Standard input holds one JSON list a line: text, voice, pitch, speed. For each, standard output gets a little-endian
uint32, the number of bytes, and that many bytes of int16 samples (16 kHz).
"""

import json
import struct
import sys

from py_nanotts import NanoTTS


def main() -> None:
    pico = NanoTTS()
    for line in sys.stdin.buffer:
        text, voice, pitch, speed = json.loads(line)
        sound = pico.speak(text, voice=voice, pitch=pitch, speed=speed)
        sys.stdout.buffer.write(struct.pack("<I", len(sound)) + sound)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
