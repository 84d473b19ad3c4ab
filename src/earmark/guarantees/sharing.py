"""Guarantees 14 to 20: false wakes, the sites where people listen, distress, and the switch."""

from __future__ import annotations

from earmark.guarantees.guarantee import Guarantee

SHARING: tuple[Guarantee, ...] = (
    Guarantee(
        number=14,
        group="False wakes",
        title="A suspected false wake is dropped before any person; one you donated carries the wake word's span only.",
        state="held",
        tried=(
            "We had false wakes recorded of somebody who allows saving and review, and looked for their words and"
            " sound in rows, objects, keys and files: only the line that the device woke was there.",
            "We recorded a hundred false wakes of somebody who allows review and donates nothing, and sampled for"
            " days at 100 %: none was offered, chosen, or made a task.",
            "We donated false wakes without allowing review: none reached the queue.",
            "We had a false wake taken for a command, and reviewers say that nobody had called: at the next round"
            " its sound, words, key and labels were gone, and the line stayed.",
            'We said "that was not for you" of a recording that was in review: its sound, words, copies and '
            "labels went with a receipt, and the line stayed.",
            "We donated false wakes, had one waiting in the queue, and took the donation back: queue, sound and "
            "words were empty when the switch's own request had returned.",
            "We put a tone after the wake word of a donated false wake and looked for its frequency in every copy"
            " that left: only the wake word's span was there, and none of the words that followed.",
            "We let two reviewers say that nobody had called, and went on sampling for days: no other task was "
            "made of it.",
            "We let the next sentence begin inside the last tenth of the wake word's span: the copy ended before it.",
            "We took the consent back while a false wake waited in the queue: the copy was gone before anybody "
            "heard it.",
        ),
        why=(
            "Suspected is a wake after which nothing was understood. A false wake that sounds like a command is kept "
            "as one until you or two reviewers say that nobody called; how often that happens here stands beside the "
            "switch. A donated one that reviewers find was called after all is no false wake: the rest of it may be "
            "heard as far as its owner allows review."
        ),
    ),
    Guarantee(
        number=15,
        group="False wakes",
        title="False wakes by device and day are published with the data behind them.",
        state="held",
        tried=(
            "We let 24 people's devices wake on three days, with a book beside, and compared the published month "
            "with the book: devices, wakes, those with nothing understood, and how many devices had none, 1, 2 to "
            "4 or more, each day.",
            "We let every clock run out and everybody delete everything, and made the report again: not a figure "
            "changed, the log holds its hash, and no second version can be published.",
            "We let nine people's devices wake, deleted and took consents back: instead of each figure stood that "
            "it is about fewer than ten people, and no sum gave a hidden figure away.",
            "We let two of 24 devices wake for nothing, so that subtracting the others would name them: on that "
            "day no figure by group was shown but the empty ones, and the sums over all 24 were.",
            "We opened the published page, its data and its file, signed in and not, and searched them for every "
            "person, device and name: none; and an owner's own page shows their device by name with each day's "
            "exact figures.",
            "We had twelve people heard in one city and three in another, and a clip traced: the published "
            "figures are those of the signed log, the second city's is hidden, and so is the single clip.",
        ),
        why=(
            "A false wake is a wake after which nothing was understood, or of which somebody said that nobody called. "
            "What was deleted before its day was over is not counted. One device's own days are on its owner's page "
            "alone: published are groups of ten people or more."
        ),
    ),
    Guarantee(
        number=16,
        group="Sharing, sites",
        title="A clip has no download or forward path.",
        state="held",
        tried=(
            "We sent the address of a playing clip to a colleague, to a lead, to nobody signed in, and to the "
            "owners' and the desk's pages: refused each time.",
            "We took an address that was not used yet and fetched it as the same person with another sign-in: refused.",
            "We replayed a clip's address after answering, after giving it back, after the lease ran out, and "
            "with a guessed older or newer lease number: refused each time.",
            "We looked at how a clip is answered: shown in place, never as a file to save, never kept by a cache, "
            "never for another site's page.",
            "We walked every address that the reviewers' program answers: one serves the clip to its holder, one makes "
            "its next address, one serves the seconds that a colleague is asked about, and none takes an address of "
            "somebody to send a clip to.",
            "We had a colleague asked for help with a word, and tried its address again, as somebody else, from "
            "another sign-in, in another language group, after the clip went back, after its owner took it back and "
            "after it was flagged: refused each time, and no canary stood in a log.",
            "We asked for a clip as a page of another site would, under a foreign host name and from a foreign origin.",
        ),
        why="Who hears a clip can still hold a phone beside the loudspeaker: see guarantee 17.",
    ),
    Guarantee(
        number=17,
        group="Sharing, sites",
        title="A leaked copy names the hearing that it came from.",
        state="not held",
        why="Copies carry no mark yet.",
    ),
    Guarantee(
        number=18,
        group="Sharing, sites",
        title="Access is limited by role, site, region and need, and the log can't be rewritten unseen.",
        state="partly",
        tried=(
            "We tried to read every table of the database as the reviewers' role and as the desk's: the "
            "reviewers' reads its own schema and nothing else, and neither reads a recording's words or which "
            "clip came from whom.",
            "We tried to change, delete and empty the log as every role that a process logs in with: the database "
            "refused.",
            "We used an owner's session at the console, a reviewer's at the desk, an engineer's for cases, and a "
            "reviewer's for a lead's ties: refused each time.",
            "We asked for tasks as a reviewer of another language, and as a member of the recorded household: none.",
            "We asked for a clip at a site that may not hear its region, let its lead try to permit the region, "
            "and locked somebody out in the middle of a clip: nothing was served, the lead was refused, and the one "
            "locked out neither heard nor answered nor was given anything more.",
            "As the database's owner we flipped, dropped, reordered, added and truncated entries and changed "
            "seals: the check found each, and named exactly the first entry that is not what was sealed or that "
            "no good seal covers.",
            "We rewrote an entry and its hash so that they fit each other: its mark, made with a key that is not "
            "in the database, did not, and the check named that very entry.",
            "We rewrote an entry, its hash and its mark's place, and let the worker seal on: it sealed what had "
            "been true.",
            "We changed the last seal, and wrote an entry behind it: the worker refused to seal on, and lost no event.",
            "We changed the hashes that the worker goes on from: it noticed, and read them from the entries again.",
            "With the signing key in hand we cut the log's end off together with its seals, and rewrote the log "
            "whole: alone it verified, and beside the seal that a witness had kept it did not.",
            "We changed one figure of a witness's seal: it was refused as not ours rather than believed.",
            "We turned the ring with a canary, listened as its owner, as reviewers and as a safety officer, "
            "decided, unsealed, erased and withdrew: each deed is in the log, once, and no number of a person, a "
            "device, a recording or a task, no name and no word is.",
            "We had a clip heard and its recording deleted before the hearing had come home: it is in the log all "
            "the same.",
            "We signed in as an auditor at the desk and as a reviewer on the floor, whose process can't write "
            "into the log: both sign-ins are in it, and whoever is added is in it with their roles.",
            "We broke the log and asked for a recording, for a switch and for a deletion: no sound, no switch, no "
            "receipt.",
            "As root with the signing key we wrote the log's last third again, marks and seals included: the "
            "witness's words said from which entry on it is another log.",
            "We wrote the log again and threw the witness's words away: without them it verified as seen by "
            "nobody, and with the witness's own file the rewriting was named.",
            "We showed the witness the rewritten log, the cut one, and a longer one with a proof of our own "
            "making: it signed none of them, and kept what we had shown as evidence.",
            "We put words of another key into the database, and words of the witness about another log: nobody "
            "believed them.",
        ),
        why=(
            "Without a witness on another machine (`earmark audit witness`), whoever holds this machine can write "
            "another log; with one, what the witness saw can't change unseen, and the minute since it last looked can."
        ),
    ),
    Guarantee(
        number=19,
        group="Distress, crime, the switch",
        title="Every flag gets an accountable decision on its clock, and nobody hears past their limits.",
        state="partly",
        tried=(
            "We flagged one of three clips of a recording: it and its two sister copies were out of everybody's queue.",
            "We tried to decide without a reason, with blanks for a reason, with a word that is no decision, and "
            'twice: each was refused; "nothing to do" needs its reason like any other.',
            "We wrote a decision without a reason, and a reason without its time, straight into the database: refused.",
            "We let a flag lie past its clock: it was told at once, told again each hour, and told no more once "
            "decided.",
            "We passed a case on to somebody else: it stayed open on a new clock, and was told again when that "
            "ran out.",
            "We decided that a flagged clip be erased: the recording itself was gone at the next round, with a "
            "receipt for its owner, and the log keeps that it was traced.",
        ),
        why=(
            "Overdue cases are told on the desk, in the log and in the audit log; nobody is paged outside yet. There "
            "is no limit on how much one person hears yet."
        ),
    ),
    Guarantee(
        number=20,
        group="Distress, crime, the switch",
        title="Off is one action, the default, complete, and costs no function; local-only lets nothing out.",
        state="held",
        tried=(
            "We made new people and asked what they allow: no person may listen, nothing may be used to improve "
            "anything, and somebody who was never asked allows nothing at all.",
            "We turned every switch on, then each off with one request, and went on recording and sampling: no "
            "row, no file, no task.",
            "We asked for the time in a synthetic voice, once with saving on and once with it off: word for word "
            "the same was understood and answered, and only the first was kept.",
            "We ran the real device with its real wake word model on seven seconds of sound without its name, and "
            "watched the socket: after the handshake not one message, not one byte.",
            "We had the detector hear its name in the third second and watched the socket: the first message was "
            "the wake, and of what was said before its half second of run-up not one byte arrived.",
            "We held a whole dialogue in a synthetic voice with `earmark listen --local`, nothing else running, and "
            "watched the process: it looked up no name, opened no connection, wrote no file, and its data folder never "
            "came to be.",
            "We held the same dialogue with a local-only device and with the assistant: word for word the same was "
            "understood and answered; where something was put down, the local one added that it keeps it only until it "
            "is turned off.",
        ),
    ),
)
