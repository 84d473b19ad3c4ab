"""Settings, read from `EARMARK_…` environment variables; docs/settings.md lists them and a test keeps it whole."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_home() -> Path:
    # Root's own folders are closed to the unprivileged user that PostgreSQL must run as.
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/earmark")
    return Path(platformdirs.user_data_dir("earmark"))


class Settings(BaseSettings):
    """Every setting of an installation."""

    model_config = SettingsConfigDict(env_prefix="EARMARK_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=_default_home, description="Folder that holds everything on one machine.")
    database_url: SecretStr | None = Field(
        None,
        description="A PostgreSQL ≥ 15 of yours, as its owner; without it the embedded one runs in the home folder.",
    )
    objects_url: str | None = Field(None, description="`s3://bucket/prefix` for objects; without it a folder in home.")
    host: str = Field("127.0.0.1", description="Address that the three web processes listen on.")
    hosts: str | None = Field(
        None, description="More names, separated by commas, under which browsers reach the pages; others are refused."
    )
    home_port: int = Field(8040, description="Port of the owners' pages and the assistant.")
    floor_port: int = Field(8041, description="Port of the reviewers' console.")
    desk_port: int = Field(8042, description="Port of the desk: safety, engineer, auditor, admin.")
    review_rate: float = Field(
        0.002, ge=0, le=1, description="Published share of a day's opted-in interactions that people may review."
    )
    retention_days: int = Field(30, ge=1, description="Days after which an interaction is erased by itself.")
    corpus: Path | None = Field(
        None,
        description="Folder of labelled recordings that `earmark learn` learns from besides the household's labels, "
        "also by night; without it only with --data.",
    )
    unlearn: Literal["at-once", "nightly"] = Field(
        "nightly",
        description="When models are made again without what was deleted: `at-once` or `nightly`. What was learned "
        "from it is out of use from the deletion on, either way.",
    )
    lease_seconds: int = Field(60, ge=5, description="How long a reviewer's claim on a clip lasts without a heartbeat.")
    cost_of_a_miss: float = Field(
        3.0, gt=0, le=1000, description="What a missed wake word costs, counted in false wakes: models are set by it."
    )
    case_hours: int = Field(4, ge=1, description="Hours within which a flagged clip must be decided.")
    local_only: bool = Field(
        False, description="`earmark listen` on this machine always answers by itself, as with --local."
    )
    recogniser: Literal["embedded", "whisper", "sherpa", "vosk", "wyoming"] = Field(
        "embedded", description="Who turns sound into words; docs/recognisers.md says what each needs and can do."
    )
    recogniser_model: Path | None = Field(
        None, description="Folder with the model of whisper, sherpa or vosk; none is ever fetched."
    )
    recogniser_address: str | None = Field(
        None,
        description="A Wyoming server's, `tcp://host:port`. Sound goes there unencrypted: only on a network you trust.",
    )
    operator: str | None = Field(
        None, description="Who runs this installation and answers for it: the page `/listeners` names them."
    )
    site: str = Field("home", description="Name of the site that reviewers of this installation belong to by default.")
    gold_share: float = Field(
        0.05, ge=0, le=1, description="Share of clips with a known answer among those reviewers get, unmarked."
    )
    blind_share: float = Field(
        0.1, ge=0, le=1, description="Share of transcripts written without the machine's words, to measure their pull."
    )
    region: str = Field(
        "home", description="Region of the people whose clips this installation reviews; sites say which they serve."
    )
    witness_url: str | None = Field(
        None, description="Address of the witness on another machine that co-signs the audit log; docs/audit-log.md."
    )
    witness_key: str | None = Field(None, description="Public key of that witness, hexadecimal; it prints it.")
    promote: Literal["person", "policy"] = Field(
        "person",
        description="Who puts a better model into use: a person (`earmark models promote`, the page `/models`), or the "
        "policy by itself, as soon as `earmark learn` has made one.",
    )
    rollout: Literal["staged", "at-once"] = Field(
        "staged",
        description="How a model comes to the devices: 5, 25, then all of them by what those live through, or all at "
        "once. Fewer than 20 devices get it at once either way.",
    )
    rollout_hours: int = Field(24, ge=1, description="Hours that each stage of a roll-out lasts at least.")
    grace_hours: int = Field(
        24, ge=0, description="Hours for which a device is answered that still runs a model which was taken back."
    )
    ray_address: str | None = Field(
        None,
        description="Ray cluster that learning works on: `host:port`, or `local` for one of this machine; extra `ray`. "
        "Without it a process for each core.",
    )
    log_level: str = Field(
        "info", description="debug, info, warning or error. In a terminal `earmark up` and `demo` show warnings only."
    )

    @property
    def embedded(self) -> bool:
        return self.database_url is None


@lru_cache
def settings() -> Settings:
    """Return this process's settings, read once."""
    return Settings()  # pyright: ignore[reportCallIssue]
