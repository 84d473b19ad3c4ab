"""Check an Earmark's audit log from outside, with nothing of Earmark's: Python and `cryptography` are enough.

    verify_log.py checkpoint  FILE --key K                  is it signed by this installation?
    verify_log.py consistency OLD NEW PROOF --key K         did the log of OLD only grow into that of NEW?
    verify_log.py inclusion   CHECKPOINT PROOF --key K      is the entry with PROOF's leaf in that log?
    verify_log.py receipt     FILE [CHECKPOINT PROOF] --key K   is it genuine, and does its deletion stand in that log?
    verify_log.py cosignature FILE CHECKPOINT --key K --witness W   did the witness W see just this?

K and W are public keys in hexadecimal; get them by another way than the files. Files are JSON as these answer:
`/api/audit/checkpoint`, `/api/audit/proof/consistency?first=..&second=..`, `/api/audit/proof/inclusion?leaf=..`; a
receipt is as its owner keeps it, and its leaf is printed. Ends with status 0 if all is well, else 1.
The trees are those of RFC 6962; the proofs are checked as RFC 9162, sections 2.1.3.2 and 2.1.4.2, says.
"""

import argparse
import datetime
import hashlib
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Bad(Exception):
    """What was given is not what it claims to be."""


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check(key, signature, said, what):
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), said)
    except InvalidSignature:
        raise Bad(f"{what} does not carry that key's signature") from None


def seconds(time):
    return datetime.datetime.fromisoformat(time).timestamp()


def checkpoint(shown, key):
    """Return size and root of a checkpoint that the installation signed."""
    said = {"size": shown["size"], "root": shown["root"], "at": seconds(shown["at"])}
    check(key, shown["signature"], canonical(said), "the checkpoint")
    return shown["size"], bytes.fromhex(shown["root"])


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def steps_of(proof):
    return [bytes.fromhex(step) for step in proof["proof"]]


def inclusion(size, root, number, leaf, proof):
    if not 0 <= number < size:
        raise Bad("the entry's number is not in this log")
    place, last, found = number, size - 1, leaf
    for step in proof:
        if last == 0:
            raise Bad("the proof is too long")
        if place & 1 or place == last:
            found = node(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node(found, step)
        place, last = place >> 1, last >> 1
    if last or found != root:
        raise Bad("the proof does not lead to the checkpoint's root")


def consistency(first, first_root, second, second_root, proof):
    if first == second and first_root == second_root and not proof:
        return
    if not 0 < first < second:
        raise Bad("the first log is not the smaller one")
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    if not steps:
        raise Bad("the proof is empty")
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise Bad("the proof is too long")
        if place & 1 or place == last:
            old, new = node(step, old), node(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node(new, step)
        place, last = place >> 1, last >> 1
    if last or old != first_root or new != second_root:
        raise Bad("the log was rewritten: the proof does not lead from the one root to the other")


def receipt(shown, key):
    """Return the leaf of the entry that a genuine receipt speaks of."""
    body = {name: value for name, value in shown.items() if name != "signature"}
    check(key, shown["signature"], canonical(body), "the receipt")
    if "log_entry" not in body:
        return None
    if json.loads(body["log_entry"])["erased"] != body["erased"]:
        raise Bad("the receipt's entry in the log tells of another deletion")
    return hashlib.sha256(b"\x00" + body["log_entry"].encode()).digest()


def run(what, files, key, witness):
    if what == "checkpoint":
        return f"signed: {checkpoint(files[0], key)[0]} entries"
    if what == "consistency":
        (first, old), (second, new) = checkpoint(files[0], key), checkpoint(files[1], key)
        consistency(first, old, second, new, steps_of(files[2]))
        return f"the log of {first} entries only grew into that of {second}"
    if what == "cosignature":
        size, root = checkpoint(files[1], key)
        word = files[0].get("cosignature") or files[0]
        said = {"origin": key, "size": word["size"], "root": word["root"], "seen_at": seconds(word["seen_at"])}
        check(witness, word["signature"], canonical(said), "the witness's word")
        if (size, root) != (word["size"], bytes.fromhex(word["root"])):
            raise Bad("the witness saw another log")
        return f"the witness saw these {size} entries"
    leaf = receipt(files[0], key) if what == "receipt" else bytes.fromhex(files[1]["leaf"])
    if len(files) == 1:
        return "genuine; its leaf is {}".format(leaf.hex() if leaf else "not given")
    size, root = checkpoint(files[-2], key)
    inclusion(size, root, files[-1]["number"], leaf, steps_of(files[-1]))
    return f"entry {files[-1]['number']} stands in the log of {size} entries"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["checkpoint", "consistency", "inclusion", "receipt", "cosignature"])
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--key", required=True)
    parser.add_argument("--witness", default="")
    given = parser.parse_args()
    try:
        print(run(given.what, [json.loads(file.read_text()) for file in given.files], given.key, given.witness))
    except Bad as bad:
        sys.exit(f"not good: {bad}")
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        sys.exit(f"not good: this can't be read as what it should be ({type(error).__name__})")
