"""Label Studio beside, measured by a script of its own that prints or keeps one JSON object.

The script is called as `SCRIPT --ls COMMAND --tasks N --clients C --secs S --seq 20 --port P --out FILE`: it starts
Label Studio with its default database, imports the tasks, and lets the clients ask for the next task and answer it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from earmark.bench.installation import free_ports
from earmark.errors import BadRequest
from earmark.words import Seconds

_ALONE = 20
"""Answers of one user alone before the clients start."""


def program(script: Path | None, command: str) -> Path:
    """Return where Label Studio's program is. Raises BadRequest when it or the script is not there."""
    where = shutil.which(command)
    if where is None or script is None or not script.is_file():
        raise BadRequest(why="--peer needs --peer-script FILE and --peer-command, Label Studio's program.")
    return Path(where).absolute()


def measure(script: Path, command: str, *, tasks: int, clients: int, seconds: Seconds) -> dict[str, Any]:
    """Let the script measure and return what it found. Raises BadRequest when it ends with an error."""
    where = program(script, command)
    with tempfile.TemporaryDirectory(prefix="earmark-peer-") as folder:
        out = Path(folder) / "found.jsonl"
        values = {"ls": where, "tasks": tasks, "clients": clients, "secs": seconds, "seq": _ALONE}
        values |= {"port": free_ports(1)[0], "out": out}
        options = [part for name, value in values.items() for part in (f"--{name}", str(value))]
        run = subprocess.run(
            [sys.executable, str(script.absolute()), *options], cwd=folder, stdout=subprocess.DEVNULL, check=False
        )
        if run.returncode or not out.exists():
            raise BadRequest(why=f"The measurement of Label Studio ended with status {run.returncode}.")
        return told(json.loads(out.read_text().splitlines()[-1]))


def told(found: dict[str, Any]) -> dict[str, Any]:
    """Return what of the script's numbers is told, under the names that ours have."""
    return {
        "peer": f"Label Studio {found.get('version')}",
        "peer_database": "SQLite, its default",
        "peer_workers": "1 process, as `label-studio start` runs it",
        "peer_tasks": found["tasks"],
        "peer_clients": found["clients"],
        "peer_annotations_per_s": found["conc_ann_per_s"],
        "peer_next_p95_ms": found["conc_next_p95_ms"],
        "peer_submit_p95_ms": found["conc_post_p95_ms"],
        "peer_leased_twice": found["dup_tasks_given_to_more_than_one_user"],
        "peer_tasks_given": found["tasks_given"],
        "peer_doubled": found["dup_tasks_with_more_than_one_annotation"],
        "peer_load_before": round(found["loadavg_before"], 2),
    }
