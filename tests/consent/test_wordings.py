"""What a switch says is evidence: once somebody may have agreed to a text, it stays as it was."""

from __future__ import annotations

from hashlib import sha256

import pytest

from earmark import consent
from earmark.web.language import LANGUAGES

PUBLISHED = {
    "save-2": "932426bad0a52a4a",
    "review-1": "76a3f056e69522be",
    "transcription-1": "0d5cd8d615ebd00a",
    "donate-1": "e8d34a62953cea2e",
    "hear-first-1": "dca02793e738feaa",
    "save-2.es": "5e6bda5e68b1bb4b",
    "review-1.es": "751b5803701565d5",
    "transcription-1.es": "1541682ef4533ede",
    "donate-1.es": "f8b65cb0343e67a8",
    "hear-first-1.es": "51cd2deb35e163a5",
    "save-2.ro": "112ee181297f6a9c",
    "review-1.ro": "43d80e7b3cc50d8f",
    "transcription-1.ro": "5f80d9d6732d9fed",
    "donate-1.ro": "422c7eb606f95e99",
    "hear-first-1.ro": "f137fda8686c0671",
    "save-2.hi": "da81332025d68722",
    "review-1.hi": "bfdc1d1dc9ac790c",
    "transcription-1.hi": "031dadac25bcf56d",
    "donate-1.hi": "f8efb40ae5d45fee",
    "hear-first-1.hi": "19ae8e792612157c",
    "save-1": "cbc911c2a716b24d",
}
"""Version → fingerprint of its title and text. A version is added, never changed: change the text, and its version
moves to EARLIER_WORDINGS with the old one."""


def fingerprint(wording: consent.Wording) -> str:
    return sha256(f"{wording.title}\n{wording.text}".encode()).hexdigest()[:16]


def everything() -> list[consent.Wording]:
    return [each for code in LANGUAGES for each in consent.wordings(code).values()] + list(consent.EARLIER_WORDINGS)


def test_a_published_wording_never_changes() -> None:
    assert {each.version: fingerprint(each) for each in everything()} == PUBLISHED


def test_every_version_gives_its_own_words_back() -> None:
    for each in everything():
        assert consent.wording(each.version) == each
    assert consent.wording("review-1.fr") is None


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_every_language_has_every_switch_and_its_version_says_so(code: str) -> None:
    english = consent.wordings("en")
    found = consent.wordings(code)
    assert found.keys() == set(consent.PURPOSES)
    for purpose, wording in found.items():
        original = english[purpose]
        assert wording.version == (original.version if code == "en" else f"{original.version}.{code}")
        assert code == "en" or (wording.title != original.title and wording.text != original.text)
