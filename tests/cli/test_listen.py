"""`earmark listen --local`: who it belongs to, what it loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner, Result

from earmark import audio
from earmark.bundle import write
from earmark.cli import app
from earmark.settings import settings
from earmark.storage import Home
from earmark.words import PcmAudio


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine on which nothing was ever set up."""
    monkeypatch.setenv("EARMARK_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()
    structlog.reset_defaults()


@pytest.fixture
def quiet(tmp_path: Path) -> Path:
    """A second of a quiet room."""
    file = tmp_path / "quiet.wav"
    noise = np.random.default_rng(1).normal(0, 20, 16_000).astype(np.int16)
    file.write_bytes(audio.encode(PcmAudio(samples=noise), format="WAV"))
    return file


def listen(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["listen", *map(str, arguments)])


@pytest.mark.parametrize(
    "more", [["--address", "ws://a/api/device"], ["--token", "file"], ["--person", "ada"]], ids=lambda each: each[0]
)
def test_a_local_only_device_has_no_assistant_and_no_owner(quiet, more) -> None:
    result = listen("--local", quiet, *more)
    assert result.exit_code == 1
    assert "request.invalid" in result.stderr


@pytest.mark.parametrize("more", [["--bundle", "folder"], ["--name", "Anna"]], ids=lambda each: each[0])
def test_what_is_for_local_only_is_refused_without_it(quiet, more) -> None:
    result = listen(quiet, *more)
    assert result.exit_code == 1
    assert "--local" in result.stderr


def test_a_machine_can_be_set_to_local_only(quiet, monkeypatch, empty_home) -> None:
    monkeypatch.setenv("EARMARK_LOCAL_ONLY", "true")
    settings.cache_clear()
    result = listen(quiet)
    assert result.exit_code == 0
    assert "it never leaves" in " ".join(result.stdout.split())
    assert not empty_home.exists()


def test_gives_its_notice_at_each_start(quiet) -> None:
    for _ in range(2):
        assert '"event": "notice"' in listen("--local", "--json", quiet).stdout


def test_takes_a_bundle_of_its_own_installation_only(quiet, empty_home, tmp_path) -> None:
    home = Home.at(empty_home)
    files = {"asr/phrases.json": b'{"what time is it": 3}'}
    own = write(home.models, files=files, about={}, key=home.signing_key())
    foreign = write(tmp_path / "foreign", files=files, about={}, key=Ed25519PrivateKey.generate())
    assert listen("--local", "--bundle", own.folder, quiet).exit_code == 0
    refused = listen("--local", "--bundle", foreign.folder, quiet)
    assert refused.exit_code == 1
    assert "bundle.bad" in refused.stderr


def test_without_any_known_key_no_bundle_is_trusted(quiet, empty_home, tmp_path) -> None:
    foreign = write(tmp_path / "foreign", files={}, about={}, key=Ed25519PrivateKey.generate())
    assert "bundle.bad" in listen("--local", "--bundle", foreign.folder, quiet).stderr
    assert not empty_home.exists()
