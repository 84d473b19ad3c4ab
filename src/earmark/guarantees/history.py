"""Guarantees 1 to 7: what is kept of an owner, and how it goes."""

from __future__ import annotations

from earmark.guarantees.guarantee import Guarantee

HISTORY: tuple[Guarantee, ...] = (
    Guarantee(
        number=1,
        group="Everything kept",
        title="Nothing is saved without a live basis.",
        state="held",
        tried=(
            "We recorded for somebody who never allowed saving, for somebody who took it back, and on a device "
            "that is left out: nothing stayed, in no store.",
            "We allowed saving on one device only, without the general yes: silence elsewhere still means no.",
            "We turned the whole ring and followed every row and sound file back to a live grant: none stood alone.",
            "We took the grant back after it had been asked for and before the row was written: nothing was kept.",
            "We tried to write a recording's row without a grant straight into the database: it refused.",
        ),
    ),
    Guarantee(
        number=2,
        group="Everything kept",
        title="Every item dies on its clock.",
        state="held",
        tried=(
            "We turned the clock past the retention time and counted survivors in rows, sound files and keys: none.",
            "We looked for a recording without an end, and tried to write one: the database takes none.",
            "We chose each clock that is offered, for everything and for one device, and turned time to a second "
            "before its end and to its end: all was there, and then nothing was.",
            "We recorded under a long clock and chose a short one: what was older than that went at the next "
            "round. A device with a clock of its own kept to its own.",
            "We looked at what lives without a choice, 30 days, and at what was kept until its owner deletes it: "
            "that lived through ten years, and through no deletion.",
            "We let recordings of two people run out at once: both went, and each owner has a receipt that says why.",
        ),
    ),
    Guarantee(
        number=3,
        group="Everything kept",
        title="You see and hear everything that is held about you.",
        state="held",
        tried=(
            "We listed every column of every table, every kind of stored file and every folder of the installation: "
            "each stands in a list that says where the export has it, or why it is not about the owner.",
            "We let everything be kept of two people that Earmark keeps, exported one, and compared each row about "
            "them, column by column, sealed ones decrypted with keys made by hand: all of it is there, and as much "
            "as there is.",
            "We listened to a clip and exported at once, before the hearing was carried into the history: it was "
            "there, once, and once after it had been carried.",
            "We decoded every recording of the export and compared it, sample by sample, with what the vault keeps "
            "and with what had been said: equal, and none was missing.",
            "We searched the whole export for everything of the other person of the household and for every "
            "reviewer: only the message that waits for the owner is there, by the writer's name.",
            "We checked the JSON against the schema that comes with it, of somebody of whom everything is held and "
            "of somebody new, and then changed it: each change was found.",
            "We read index.html: every recording with its player, every hearing, every finding, every word that is "
            "kept.",
            "We took the file on the owner's page and searched database files, their log, objects and temporary "
            "files for the canary's words and its sound, in the middle of another export too: nothing of it lies "
            "anywhere on this side.",
            "We deleted a recording, and then everything, while an export ran: the ZIP was whole, listed what was in "
            "it and nothing else, and said how many were gone.",
            "We stopped a deletion after its keys and again after its files, exported, and let it finish: what was "
            "going was not in it, nothing failed, and the next export had the receipt.",
        ),
        why=(
            "Two things are left out on purpose. What a reviewer flagged a clip for, and what was decided, is not "
            "told: it could hurt somebody who called for help; that a safety officer listened is. And a masked copy "
            "is a part of a recording, which is there whole."
        ),
    ),
    Guarantee(
        number=4,
        group="View and delete",
        title="Deleting one, some or all, or by voice, reaches audio, text, labels, search and masked copies.",
        state="held",
        tried=(
            "We turned the ring with a canary and searched database files, their log, objects, keys, temporary "
            "files and our own logs for its words and its sound, masked copies included, before anything was "
            "deleted: not one byte of it.",
            "We wrote a canary in clear into the database, a file and the temporary folder: the search found all "
            "three.",
            "We copied all ciphertext (words, sound, masked copies, prefilled answers, judgements, labels), "
            "deleted the recording, and tried every key that the two key stores can still make on every piece: "
            "nothing opened.",
            "We deleted one recording that had been reviewed and labelled, and looked for its number, its tasks' "
            "numbers, its files and its words in every table, in the objects and in the search: nothing was left "
            "of it.",
            "We deleted by voice, by a span of time, and all at once while copies were out for review: the same "
            "was gone.",
            "We deleted a labelled recording, of which a dataset had been made, on its owner's page, with the "
            "database role of that page's process: the same was gone, the dataset was revoked, and the receipt "
            "stood on the next page.",
            "We put a canary on the shopping list, in messages and in a timer's name, and searched the same places for "
            "it, before and after everything was deleted: not one byte of it.",
            "We copied the ciphertext of the list's lines, of messages from and for somebody, and of their timers, "
            "deleted everything of theirs (by command, and on their own page with that process's database role), and "
            "tried every key that is left on every piece: nothing opened but the line that somebody else had put on "
            "the list.",
            "We took a line off the list, had a message read out, cancelled a timer and let another one ring: neither "
            "row nor key of them was left, and no other key opened a copy of them.",
            "We listed every table of the database and every kind of stored file: each has an eraser that answers "
            "for it, or stands in a list of tables that hold nothing of a recording, with the reason.",
            "We looked at what the job queue is given: the names of its timetable and a time, never whose or what.",
        ),
        why=(
            "What a single recording put on the shopping list, into a message or into a timer stays until it is taken "
            "off, read out or rung, or until everything is deleted; the page says so. A message that was read out "
            "stands in the history of whoever asked for it."
        ),
    ),
    Guarantee(
        number=5,
        group="View and delete",
        title="A backup from before the deletion, restored, reveals nothing.",
        state="held",
        tried=(
            "We backed up database and sound, deleted, restored the backup beside the running keys, and tried "
            "history, sound, search, the reviewers' clips and the labels: the rows and files were back, and not a "
            "word of them opened.",
            "We restored the same kind of backup with nothing deleted: all of it opened, so the attack is a real one.",
            "We put back the key files of before the deletion, once beside their own list of tombstones and once "
            "without it: opening the store, or the next start, destroyed the same keys again.",
            "We backed up a shopping list, a message and their keys, took one line off, deleted everything, and "
            "restored the data, then the key files too: the rows were back, none of them opened, and the next start "
            "destroyed the keys.",
            "We kept a reviewer's open lease across a deletion and asked for the sound with it again: refused.",
            "We searched a dump of the database for every password, signing key and root key of the installation: "
            "none.",
        ),
        why=(
            "Database, keys and tombstones all restored together from before the deletion are the old installation "
            "again: keep backups of the keys apart from those of the data, and shorter."
        ),
    ),
    Guarantee(
        number=6,
        group="View and delete",
        title="A deletion returns a signed receipt that anybody can check without us.",
        state="held",
        tried=(
            "We checked a receipt with ten lines of somebody else's Python, the public key and no Earmark: genuine.",
            "We altered every single byte of a receipt, one at a time: no altered one verified.",
            "We signed the same words with another key, and put our own key's name on it: not genuine.",
            "We searched a receipt for the canary's words, its number and its owner's: it holds counts and a time "
            "only.",
        ),
    ),
    Guarantee(
        number=7,
        group="View and delete",
        title="No dataset or model made later contains it; those made before are named and retired.",
        state="held",
        tried=(
            "We labelled a recording, made a dataset and a promoted model of it, and deleted it: the dataset "
            "refused to load, the model was retired, and what runs was the model of before.",
            "We searched the disk for the retired model's files and the log for its name: files gone, name there.",
            "We made the next dataset after the deletion: it holds the labels that stayed and none of those that went.",
            "We deleted everything: no dataset can be made, and no file of a model holds the canary any more.",
            "We killed learning in its middle, searched every file for the canary in what it had worked out, copied "
            "that, deleted the recording, and tried every key that is left on the copy: not one byte in clear, no file "
            "left, nothing opened, and the run can't be taken up again.",
        ),
    ),
)
