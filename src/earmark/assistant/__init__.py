"""The assistant: speech to words, words to intent, skills, reply.

Recognise and understand (sync, CPU; call from a thread):

    engine = Engine(bundle, names=["Anna", "Tom"], size=2)   # bundle: earmark.bundle.BUILTIN or a loaded one
    engine.warm()                                            # makes one recogniser (about 2 s); optional
    with engine.listen() as listening:                       # waits when `size` utterances are being heard
        listening.feed(pcm)                                  # 16 kHz mono s16le, any length, as it is spoken
        listening.partial()                                  # words so far
        heard = listening.finish()                           # Heard(hypothesis, understanding), .text
    heard = engine.hear(audio)                               # a whole PcmAudio at once

    heard.understanding: Understanding(intent, slots, confidence, template, accepted, reason)
    heard.hypothesis: Hypothesis(words: [Word(text, start, end, confidence)], text, confidence, source, evidence,
        rival); `heard.text` is what to keep and show

Carry out (async):

    reply = await answer(Request(intent=…, slots=…, text=…, now=…, device_id=…), home)   # home: the Home protocol
    reply: Reply(text, actions=(Action(kind, data), …), done, asks)
    reply = await Dialogue(clock).reply(heard, home, now=…)   # the same for what was heard, with questions in between
    SessionHome(now=…, spoken_notice=…)                       # a home in memory, for a device on its own

Learn: a bundle may bring `nlu/…`, and

    asr/lm.arpa         the n-gram of open speech, in the general one's place
    asr/lexicon.dict    `word PHONE PHONE …` a line, for words that the packaged dictionary lacks
    asr/sentences.json  whole sentences that enough people said and how often, for recognisers that take them as a hint
    asr/means           the acoustic model's Gaussians, moved by labelled speech; all three decoders use them
    asr/network.npz     instead of them: a network that reads a command once more, learned from more labelled speech
    asr/phrases.json    dump_phrases(["make me a latte", …]): what is said often, as weights of the grammar's arcs
    asr/decision.json   Decision.to_json(): which evidence (`FEATURE_NAMES`, `features(hypothesis)`) means that a
                        command was really said
"""

from earmark.assistant.confidence import FEATURE_NAMES, Decision, features
from earmark.assistant.conversation import Conversation, Place, Said
from earmark.assistant.dialogue import Dialogue, command_starts
from earmark.assistant.engine import Engine, Heard, Listening
from earmark.assistant.gate import SpeechGate
from earmark.assistant.household import Doors
from earmark.assistant.keeper import EngineKeeper
from earmark.assistant.priors import dump as dump_phrases
from earmark.assistant.recogniser import NOTHING, Hypothesis, Recogniser, Word
from earmark.assistant.session_home import SessionHome
from earmark.assistant.skill import Action, Alarm, Home, Listened, Message, Reply, Request
from earmark.assistant.skills import answer
from earmark.assistant.understanding import IntentModel, Understanding, load_intent_model

__all__ = [
    "FEATURE_NAMES",
    "NOTHING",
    "Action",
    "Alarm",
    "Conversation",
    "Decision",
    "Dialogue",
    "Doors",
    "Engine",
    "EngineKeeper",
    "Heard",
    "Home",
    "Hypothesis",
    "IntentModel",
    "Listened",
    "Listening",
    "Message",
    "Place",
    "Recogniser",
    "Reply",
    "Request",
    "Said",
    "SessionHome",
    "SpeechGate",
    "Understanding",
    "Word",
    "answer",
    "command_starts",
    "dump_phrases",
    "features",
    "load_intent_model",
]
