"""Lists of recordings: `manifest.jsonl`, and the lists of other tools, read into the same entries.

found = manifest.open_list(Path("recordings"))                        # a folder with manifest.jsonl
found = manifest.open_list(Path("export.json"), audio=Path("clips"))  # Label Studio; .csv; .jsonl

A bad line is reported and costs no other line. No sound is fetched from anywhere: every recording is a file below the
folder.
"""

from earmark.manifest.entries import BadLine, Entry, speaks
from earmark.manifest.lines import NAME, read
from earmark.manifest.lists import List, open_list

__all__ = ["NAME", "BadLine", "Entry", "List", "open_list", "read", "speaks"]
