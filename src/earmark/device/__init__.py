"""The device room: what stands in a kitchen and listens. Nothing leaves it before the wake word.

from earmark.device import Listener, EndpointRule, FileSource, Microphone, connect, listen

listener = Listener(bundle=…, word="alexa")     # wake word → verifier → capture → end of speech
listener.feed(frame)                            # 320 bytes in, list of Woke | Rejected | Captured | EndOfSpeech out
listener.finish()                               # the source ended
listener.swap(bundle)                           # a new bundle from the next utterance on
FileSource([path], real_time=False), Microphone()           # async iterables of frames
frames(pcm_audio, tail=1.0)                     # the same for sound in memory
async with connect(token, address=…, on_message=state.note) as link:     # docs/device-protocol.md
    await listen(source, listener, link, speaker, on_event, state=state, fetch=…)
notice.of_assistant(saved=True, heard=False), notice.of_local_only()     # what a device says about itself
Notices(file)                                   # which of them it has said
Voice().synthesise("hello", voice="en-us+f3", speed=165, pitch=50)       # espeak-ng in its own process → PcmAudio
SpeechEmbedder().embed(samples)                 # (16, 96) float32 of the last two seconds
load_verifier(bundle, word), Verifier.score(embedding, heard=samples)
log_mel(samples)                                # (frames, 40) float32
detector_of(bundle, word), learned_words(bundle)         # packaged wake words, and those that a bundle brings
BundleStore(folder), fetch_bundle(store, version, address=…, token=…)    # pinned key, last good
"""

from earmark.device.actions import Desk, Ringing
from earmark.device.bundles import BundleStore, raw_key
from earmark.device.bundles import fetch as fetch_bundle
from earmark.device.clearness import clearness
from earmark.device.embeddings import DIMENSIONS, WINDOW_SAMPLES, WINDOWS, SpeechEmbedder
from earmark.device.events import Captured, EndOfSpeech, Event, Rejected, Woke
from earmark.device.files import END_OF_SOUND, FileSource, frames
from earmark.device.head import HOP, SMOOTHED, EmbeddingDetector, detector_of, learned_head, learned_words
from earmark.device.link import (
    ADDRESS,
    Answer,
    Answers,
    Connection,
    Errands,
    Link,
    Message,
    NewBundle,
    Partial,
    Problem,
    connect,
)
from earmark.device.listener import PRE_ROLL, WORD_TAIL, Listener
from earmark.device.machine import log_odds, pack
from earmark.device.mel import BANDS, SHIFT, WINDOW, frame_count, log_mel
from earmark.device.microphone import Microphone
from earmark.device.notice import Notice, Notices
from earmark.device.run import DeviceState, Happening, listen
from earmark.device.silero import SileroVoiceActivityDetector
from earmark.device.speaker import PrintSpeaker, Speaker, VoiceSpeaker
from earmark.device.vad import (
    CHUNK_BYTES,
    Endpointer,
    EndpointRule,
    EndReason,
    SileroSpeechDetector,
    SpeechDetector,
)
from earmark.device.verifier import HEAD, SECOND, Verifier
from earmark.device.verifier import load as load_verifier
from earmark.device.voice import Voice
from earmark.device.wake import FRAME_BYTES, FRAME_SAMPLES, WORDS, MicroWakeDetector, WakeDetector

__all__ = [
    "ADDRESS",
    "BANDS",
    "CHUNK_BYTES",
    "DIMENSIONS",
    "END_OF_SOUND",
    "FRAME_BYTES",
    "FRAME_SAMPLES",
    "HEAD",
    "HOP",
    "PRE_ROLL",
    "SECOND",
    "SHIFT",
    "SMOOTHED",
    "WINDOW",
    "WINDOWS",
    "WINDOW_SAMPLES",
    "WORDS",
    "WORD_TAIL",
    "Answer",
    "Answers",
    "BundleStore",
    "Captured",
    "Connection",
    "Desk",
    "DeviceState",
    "EmbeddingDetector",
    "EndOfSpeech",
    "EndReason",
    "EndpointRule",
    "Endpointer",
    "Errands",
    "Event",
    "FileSource",
    "Happening",
    "Link",
    "Listener",
    "Message",
    "MicroWakeDetector",
    "Microphone",
    "NewBundle",
    "Notice",
    "Notices",
    "Partial",
    "PrintSpeaker",
    "Problem",
    "Rejected",
    "Ringing",
    "SileroSpeechDetector",
    "SileroVoiceActivityDetector",
    "Speaker",
    "SpeechDetector",
    "SpeechEmbedder",
    "Verifier",
    "Voice",
    "VoiceSpeaker",
    "WakeDetector",
    "Woke",
    "clearness",
    "connect",
    "detector_of",
    "fetch_bundle",
    "frame_count",
    "frames",
    "learned_head",
    "learned_words",
    "listen",
    "load_verifier",
    "log_mel",
    "log_odds",
    "pack",
    "raw_key",
]
