"""What labelled speech does to the recogniser's ear: cepstra, alignment, Gaussians."""

from __future__ import annotations

import numpy as np
import pocketsphinx
import pytest

from earmark.assistant.decoding import phone_decoder
from earmark.device import Voice
from earmark.errors import BadBundle
from earmark.learn.acoustic import Stretch, adapt, packaged, write_means
from earmark.learn.alignment import Aligner, stretch
from earmark.learn.background import Background, quiet_parts
from earmark.learn.cepstra import cepstra
from earmark.words import SAMPLE_RATE, PcmAudio

TEXT = "set a timer for ten minutes"


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    with Voice() as voice:
        samples = voice.synthesise(TEXT, voice="en-us+m3", speed=140).samples
    hiss = np.random.default_rng(3).normal(0, 20, len(samples))
    return np.clip(samples + hiss, -32768, 32767).astype(np.int16)


def written_by_pocketsphinx(samples: np.ndarray, folder) -> np.ndarray:
    decoder = pocketsphinx.Decoder(pocketsphinx.Config(loglevel="FATAL", lm=None, mfclogdir=str(folder)))
    decoder.set_align_text("a")
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), no_search=True, full_utt=True)
    decoder.end_utt()
    (path,) = folder.iterdir()
    return np.fromfile(path, ">f4", offset=4).reshape(-1, 13)


def test_cepstra_are_those_of_the_recogniser(speech, tmp_path):
    theirs, ours = written_by_pocketsphinx(speech, tmp_path), cepstra(speech)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-3


@pytest.mark.parametrize("length", [0, 1, 409, 410, 411, 1000])
def test_the_shortest_sounds_have_a_frame(length):
    found = cepstra(np.zeros(length, dtype=np.int16))
    assert found.shape == (max(1, 1 + -(-(length - 410) // 160)), 13)
    assert np.isfinite(found).all()


def test_words_are_found_where_they_are_said(speech):
    phones, states = Aligner({}).align(speech, TEXT)
    names = packaged().phones
    spoken = [names[phone] for i, phone in enumerate(phones) if i == 0 or phones[i - 1] != phone]
    said = " ".join(name for name in spoken if name != "SIL")
    assert said.startswith("S EH T AH T AY M ER F "), said
    assert said.endswith(" T EH N M IH N AH T S"), said
    assert abs(len(phones) - len(cepstra(speech))) <= 1
    assert states.max() < packaged().weights.shape[2]


def test_an_unknown_word_or_none_is_not_aligned_and_the_next_utterance_is(speech):
    aligner = Aligner({})
    assert aligner.align(speech, "set a flurbish") is None
    assert aligner.align(speech, "") is None
    assert aligner.align(speech[:2000], TEXT) is None, "too short for its words"
    assert aligner.align(speech, TEXT) is not None
    assert Aligner({"flurbish": "F L ER B IH SH"}).align(speech, "flurbish") is not None


def test_the_packaged_means_written_anew_hear_the_same(speech, tmp_path):
    path = tmp_path / "means"
    path.write_bytes(write_means(packaged().means))
    readings = []
    for means in (None, path):
        decoder = phone_decoder(means=means)
        decoder.start(decoder.cepstral_mean(speech.tobytes()))
        decoder.feed(speech.tobytes())
        readings.append(decoder.finish())
    assert readings[0] == readings[1]
    assert len(readings[0]) > 10


def test_means_that_do_not_fit_are_a_bad_bundle(tmp_path):
    path = tmp_path / "means"
    path.write_bytes(write_means(packaged().means)[:5000])
    with pytest.raises(BadBundle):
        phone_decoder(means=path)


def score(stretches: list[Stretch], means: np.ndarray) -> float:
    """Mean log likelihood of the frames' nearest Gaussian."""
    values = [
        -0.5 * (((one.frames[i, 0] - means[one.phone[i], 0]) ** 2) / packaged().variances[one.phone[i], 0]).sum(1).min()
        for one in stretches
        for i in range(len(one.phone))
    ]
    return float(np.mean(values))


def test_gaussians_move_towards_what_was_heard_and_nowhere_else(speech):
    learned = [stretch(cepstra(speech), *Aligner({}).align(speech, TEXT))]
    means = adapt(learned)
    heard = sorted(set(learned[0].phone.tolist()))
    unheard = [phone for phone in range(len(packaged().phones)) if phone not in heard]
    assert (means[unheard] == packaged().means[unheard]).all()
    assert np.abs(means[heard] - packaged().means[heard]).max() > 0.1
    assert score(learned, means) > score(learned, packaged().means)
    assert (adapt(learned) == means).all(), "the same speech gives the same model"
    assert (adapt([]) == packaged().means).all()


def test_twice_the_speech_moves_them_further(speech):
    once = stretch(cepstra(speech), *Aligner({}).align(speech, TEXT))
    far = [np.abs(adapt(times * [once]) - packaged().means).sum() for times in (1, 4)]
    assert far[1] > far[0]


def test_quiet_is_what_nobody_said(speech):
    rng = np.random.default_rng(0)
    quiet = rng.normal(0, 30, 2 * SAMPLE_RATE).astype(np.int16)
    found = quiet_parts(PcmAudio(samples=np.concatenate([quiet, speech, quiet])))
    assert 2.5 * SAMPLE_RATE < len(found) <= 4 * SAMPLE_RATE
    assert found.std() < 60, "somebody speaks in it"
    assert len(quiet_parts(PcmAudio(samples=quiet[:100]))) == 0


def test_louder_days_are_as_loud_as_asked(speech):
    quiet = np.random.default_rng(0).normal(0, 30, 2 * SAMPLE_RATE).astype(np.int16)
    background = Background([PcmAudio(samples=quiet), PcmAudio(samples=3 * quiet)])
    noisy = background.over(speech, snr=10.0, rng=np.random.default_rng(1))
    added = noisy.astype(float) - speech
    assert 10 * np.log10(np.mean(speech.astype(float) ** 2) / np.mean(added**2)) == pytest.approx(10.0, abs=0.3)
    assert (Background([]).over(speech, snr=10.0, rng=np.random.default_rng(1)) == speech).all()
