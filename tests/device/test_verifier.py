from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sklearn.svm import SVC

from earmark import bundle as bundles
from earmark.bundle import BUILTIN, ModelBundle
from earmark.device import load_verifier
from earmark.errors import BadBundle

KEY = Ed25519PrivateKey.generate()
QUIET = np.zeros(32_000, np.int16)
POINT = {"stage1": 0.5, "threshold": 0.4, "settle": 0.18, "gamma": 0.01, "intercept": 0.3, "slope": 2.0, "offset": -0.5}


def arrays(**changed: np.ndarray) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "mean": rng.normal(size=192).astype(np.float32),
        "scale": rng.uniform(1, 2, 192).astype(np.float32),
        "vectors": rng.normal(size=(7, 192)).astype(np.float16),
        "weights": rng.normal(size=7).astype(np.float32),
    } | changed


def packed(folder: Path, numbers: dict[str, np.ndarray] | bytes, about: object = POINT) -> ModelBundle:
    if isinstance(numbers, dict):
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=True, **numbers)
        numbers = buffer.getvalue()
    files = {"wake/alexa.npz": numbers, "wake/alexa.json": json.dumps(about).encode()}
    return bundles.write(folder, files=files, about={}, key=KEY)


def test_no_verifier_in_the_built_in_bundle() -> None:
    assert load_verifier(BUILTIN, "alexa") is None


def test_a_verifier_is_for_its_word_only(tmp_path: Path) -> None:
    bundle = packed(tmp_path, arrays())
    assert load_verifier(bundle, "alexa") is not None
    assert load_verifier(bundle, "okay_nabu") is None


def test_same_margin_as_scikit_learn(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(60, 192))
    said = values[:, 0] + 0.3 * rng.normal(size=60) > 0
    svc = SVC(C=3.0, gamma=0.01).fit(values, said)
    numbers = {
        "mean": np.zeros(192, np.float32),
        "scale": np.ones(192, np.float32),
        "vectors": svc.support_vectors_.astype(np.float32),
        "weights": svc.dual_coef_[0].astype(np.float32),
    }
    verifier = load_verifier(packed(tmp_path, numbers, POINT | {"intercept": float(svc.intercept_[0])}), "alexa")
    assert verifier is not None
    ours = [verifier.machine.margin(row.reshape(2, 96).astype(np.float32)) for row in values]
    assert ours == pytest.approx(svc.decision_function(values), abs=1e-4)
    score = verifier.score(values[0].reshape(2, 96).astype(np.float32), heard=QUIET)
    assert score == pytest.approx(1 / (1 + np.exp(-(2.0 * ours[0] - 0.5))))


def test_only_the_newest_embeddings_count(tmp_path: Path) -> None:
    verifier = load_verifier(packed(tmp_path, arrays()), "alexa")
    assert verifier is not None
    assert verifier.windows == 2
    embedding = np.random.default_rng(2).normal(size=(16, 96)).astype(np.float32)
    assert verifier.score(embedding, heard=QUIET) == pytest.approx(verifier.score(embedding[-2:], heard=QUIET))


def test_the_threshold_itself_is_enough(tmp_path: Path) -> None:
    verifier = load_verifier(packed(tmp_path, arrays()), "alexa")
    assert verifier is not None
    assert verifier.accepts(0.4)
    assert not verifier.accepts(0.399)


@pytest.mark.parametrize(
    ("numbers", "about"),
    [
        (b"no archive", POINT),
        (arrays(mean=np.zeros(100, np.float32)), POINT),
        (arrays(scale=np.zeros(192, np.float32)), POINT),
        (arrays(vectors=np.zeros((6, 192), np.float16)), POINT),
        (arrays(vectors=np.array([object()] * 7)), POINT),
        ({"mean": np.zeros(96)}, POINT),
        (arrays(), {"stage1": 0.5}),
        (arrays(), POINT | {"threshold": float("nan")}),
        (arrays(), POINT | {"settle": 60.0}),
        (arrays(), POINT | {"looks": 0}),
        (arrays(), POINT | {"looks": 16}),
        (arrays(), POINT | {"looks": 1.5}),
        (arrays(), []),
    ],
)
def test_what_does_not_fit(tmp_path: Path, numbers: dict[str, np.ndarray] | bytes, about: object) -> None:
    with pytest.raises(BadBundle):
        load_verifier(packed(tmp_path, numbers, about), "alexa")


def test_more_looks_are_averaged(tmp_path: Path) -> None:
    once = load_verifier(packed(tmp_path / "once", arrays()), "alexa")
    thrice = load_verifier(packed(tmp_path / "thrice", arrays(), POINT | {"looks": 3}), "alexa")
    assert once is not None
    assert thrice is not None
    assert (once.windows, thrice.windows) == (2, 4)
    embedding = np.random.default_rng(3).normal(size=(4, 96)).astype(np.float32)
    margins = [once.machine.margin(embedding[: 4 - look]) for look in range(3)]
    assert thrice.machine.margin(embedding, looks=3) == pytest.approx(np.mean(margins), abs=1e-5)
    assert len({round(margin, 3) for margin in margins}) == 3, "equal margins would make this test empty"


def two_devices(folder: Path) -> ModelBundle:
    """A bundle with everybody's verifier (threshold 0.4) and those of two devices (0.5, 0.6)."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays())
    files = {"wake/alexa@aa11.json": 0.5, "wake/alexa@bb22.json": 0.6, "wake/alexa.json": 0.4}
    about = {name: json.dumps(POINT | {"threshold": value}).encode() for name, value in files.items()}
    numbers = {name.replace(".json", ".npz"): buffer.getvalue() for name in files}
    return bundles.write(folder, files={**about, **numbers}, about={}, key=KEY)


def test_a_device_uses_its_own_verifier(tmp_path: Path) -> None:
    whole = two_devices(tmp_path)
    assert whole.folder is not None
    assert whole.own is None
    everybody = load_verifier(whole, "alexa")
    assert everybody is not None
    assert everybody.threshold == 0.4, "with all devices' files there it is nobody's own"
    for other in whole.folder.glob("wake/*@bb22*"):
        other.unlink()
    mine = bundles.load(whole.folder, KEY.public_key(), only=bundles.DEVICE)
    own = load_verifier(mine, "alexa")
    assert own is not None
    assert (mine.own, own.threshold) == ("aa11", 0.5)
    with pytest.raises(BadBundle, match="missing"):
        bundles.load(whole.folder, KEY.public_key())


def test_a_device_refuses_what_was_made_for_two(tmp_path: Path) -> None:
    whole = two_devices(tmp_path)
    assert whole.folder is not None
    with pytest.raises(BadBundle, match="another device"):
        bundles.load(whole.folder, KEY.public_key(), only=bundles.DEVICE)


def test_what_differs_from_what_was_signed_is_refused_for_one_device_too(tmp_path: Path) -> None:
    whole = two_devices(tmp_path)
    assert whole.folder is not None
    for other in whole.folder.glob("wake/*@bb22*"):
        other.unlink()
    (whole.folder / "wake" / "alexa@aa11.json").write_text("{}")
    with pytest.raises(BadBundle, match="differs"):
        bundles.load(whole.folder, KEY.public_key(), only=bundles.DEVICE)
