"""Turn pip's chatter into one line that moves: what it is getting, and how many so far."""

import sys

seen = 0
on_a_terminal = sys.stdout.isatty()
for line in sys.stdin:
    words = line.split()
    if words[:1] == ["Collecting"]:
        seen += 1
        if on_a_terminal:
            print(f"\r\033[K  {seen:>3}  {words[1].split('<')[0].split('>')[0].split('=')[0]}", end="", flush=True)
        elif seen % 20 == 0:
            print(f"  {seen} packages so far", flush=True)
    elif words[:2] == ["Building", "editable"] or words[:2] == ["Installing", "collected"]:
        said = line.split("(")[0].split(":")[0].strip()
        print(f"\r\033[K  {said}" if on_a_terminal else f"  {said}", flush=True)
    elif words[:1] in (["ERROR:"], ["WARNING:"], ["error:"]):
        print(line, end="", flush=True)
if on_a_terminal:
    print("\r\033[K", end="")
