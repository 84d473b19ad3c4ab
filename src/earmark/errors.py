"""Every error Earmark raises on purpose.

    EarmarkError
    ├── BadInput                      what was given can't be used
    │   ├── BadAudio                  audio.unreadable · audio.empty · audio.silent · audio.too-long
    │   ├── BadManifest               manifest.missing · manifest.line · manifest.row · manifest.unreadable
    │   ├── NotHeard                  review.not-heard
    │   └── BadRequest                request.invalid
    ├── NotAllowed                    who asks may not
    │   ├── SignInNeeded              auth.sign-in
    │   ├── Forbidden                 auth.forbidden
    │   ├── NoBasis                   consent.no-basis
    │   ├── NotForChildren            consent.child
    │   ├── WrongCode                 guest.code
    │   └── TooManyRequests           auth.slow-down
    ├── NotFound                      thing.not-found
    │   └── NoSound                   vault.no-sound
    ├── Conflict                      thing.changed
    │   ├── StaleLease                review.stale-lease
    │   ├── TooLate                   review.too-late
    │   ├── Revoked                   learn.revoked
    │   ├── RetiredBundle             bundle.retired
    │   └── AlreadyLearning           learn.running
    ├── Erased                        vault.erased
    ├── LogAltered                    audit.altered
    ├── BadBundle                     bundle.bad
    └── SetUpError                    this machine or folder isn't ready
        ├── PortInUse                 setup.port
        ├── HomeInUse                 setup.home
        ├── OldHome                   setup.old-home
        ├── DiskFull                  setup.disk-full
        ├── DatabaseDown              setup.database
        ├── AssistantUnreachable      setup.assistant
        ├── ConnectionCut             device.cut
        ├── NoMicrophone              setup.microphone
        ├── VoiceGone                 setup.voice
        ├── RayUnreachable            setup.ray
        │   └── RayDiffers            setup.ray-code
        ├── WorkersGone               setup.workers
        ├── NoRecogniserModel         setup.recogniser-model
        ├── NoRecogniserAddress       setup.recogniser-address
        ├── RecogniserElsewhere       setup.recogniser-elsewhere
        ├── RecogniserGone            setup.recogniser
        └── MissingExtra              setup.extra

The class docstring is the default message: one plain sentence that says what to do. `{braces}` are filled from the
keyword arguments. Never put spoken content, names or ids of people in one.
"""

from __future__ import annotations

from typing import ClassVar


class EarmarkError(Exception):
    """Something went wrong inside Earmark; run `earmark doctor` and look at the log."""

    code: ClassVar[str] = "earmark.error"
    status: ClassVar[int] = 500

    def __init__(self, **details: object) -> None:
        self.details = details
        super().__init__(self.template.format(**details))

    @property
    def template(self) -> str:
        """The English sentence with its braces; other languages are looked up by it."""
        return " ".join((type(self).__doc__ or "").split())

    @property
    def message(self) -> str:
        return str(self)

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross from worker processes; the usual way would call the class with the finished message.
        return _rebuild, (type(self), self.details)


def _rebuild(kind: type[EarmarkError], details: dict[str, object]) -> EarmarkError:
    return kind(**details)


class BadInput(EarmarkError):
    """This can't be used; check it and try again."""

    code = "request.invalid"
    status = 422


class BadAudio(BadInput):
    """This file can't be read as sound; save it as WAV or FLAC and try again."""

    code = "audio.unreadable"


class EmptyAudio(BadAudio):
    """This recording holds no sound at all; record it again."""

    code = "audio.empty"


class SilentAudio(BadAudio):
    """This recording is silent from end to end; check the microphone and record it again."""

    code = "audio.silent"


class TooLongAudio(BadAudio):
    """This recording is longer than {limit_minutes} minutes; cut it into shorter files."""

    code = "audio.too-long"


class BadManifest(BadInput):
    """There is no manifest.jsonl in this folder; write one line of JSON for each recording."""

    code = "manifest.missing"


class BadManifestLine(BadManifest):
    """Line {line} of manifest.jsonl can't be used ({why}); mend it and import again."""

    code = "manifest.line"


class BadManifestRow(BadManifest):
    """{what} {number} of this list can't be used ({why}); mend it and import again."""

    code = "manifest.row"


class NoList(BadManifest):
    """This is no list of recordings ({why}); give a folder with manifest.jsonl, a Label Studio export or a table."""

    code = "manifest.unreadable"


class BadRequest(BadInput):
    """{why}"""

    code = "request.invalid"
    status = 400

    @property
    def template(self) -> str:
        """`why` itself, with braces of its own where there are more details to fill them."""
        why = str(self.details["why"])
        return why if len(self.details) > 1 else why.replace("{", "{{").replace("}", "}}")


class NotHeard(BadInput):
    """Listen to all of the speech first; then this answer is taken."""

    code = "review.not-heard"
    status = 400


class NotAllowed(EarmarkError):
    """You may not do this."""

    code = "auth.forbidden"
    status = 403


class SignInNeeded(NotAllowed):
    """Please sign in first; ask for a new sign-in link if yours has expired."""

    code = "auth.sign-in"
    status = 401


class Forbidden(NotAllowed):
    """Your role does not include this; ask whoever runs this Earmark if it should."""

    code = "auth.forbidden"


class TooManyRequests(NotAllowed):
    """Too many tries; wait a minute and try again."""

    code = "auth.slow-down"
    status = 429


class NoBasis(NotAllowed):
    """Nothing was saved, because nobody allowed saving on this device; turn saving on in Settings first."""

    code = "consent.no-basis"


class NotForChildren(NotAllowed):
    """This is a child's profile: nobody may listen to its recordings, so this switch stays off."""

    code = "consent.child"


class WrongCode(NotAllowed):
    """This code doesn't fit, or its 24 hours are over; ask the device for a new one."""

    code = "guest.code"


class NotFound(EarmarkError):
    """There is nothing here under that name or address; it may have been deleted."""

    code = "thing.not-found"
    status = 404


class NoSound(NotFound):
    """No sound was kept of this, only that it happened."""

    code = "vault.no-sound"


class Conflict(EarmarkError):
    """Somebody changed this in the meantime; load it again and repeat your change."""

    code = "thing.changed"
    status = 409


class StaleLease(Conflict):
    """This clip is no longer yours to answer; take the next one."""

    code = "review.stale-lease"


class TooLate(Conflict):
    """Half a minute has passed, so this answer stays as it is."""

    code = "review.too-late"


class Revoked(Conflict):
    """Something in this dataset was deleted since; make a new one with `earmark learn`."""

    code = "learn.revoked"


class RetiredBundle(Conflict):
    """What this device had learned was taken back; it fetches something newer now, so please say it again."""

    code = "bundle.retired"


class AlreadyLearning(Conflict):
    """Another `earmark learn` is at work on this installation; wait until it is done."""

    code = "learn.running"


class Erased(EarmarkError):
    """This was deleted and can't be brought back."""

    code = "vault.erased"
    status = 410


class LogAltered(EarmarkError):
    """The audit log is not what was sealed; run `earmark audit verify` to see from which entry on."""

    code = "audit.altered"
    status = 503


class BadBundle(EarmarkError):
    """This model bundle is damaged or its signature is wrong ({why}); the last good one stays in use."""

    code = "bundle.bad"


class SetUpError(EarmarkError):
    """Earmark can't start on this machine yet."""

    code = "setup.error"
    status = 503


class PortInUse(SetUpError):
    """Port {port} is taken by another program; stop that program or set {setting} to a free port."""

    code = "setup.port"


class HomeInUse(SetUpError):
    """Another Earmark is using the data folder {home}; stop it first or set EARMARK_HOME to another folder."""

    code = "setup.home"


class OldHome(SetUpError):
    """The data folder {home} was made by {made_by}, and this Earmark needs {needs}; {advice}"""

    code = "setup.old-home"


class DiskFull(SetUpError):
    """The disk is full, so nothing more is accepted; free some space and it goes on by itself."""

    code = "setup.disk-full"
    status = 507


class DatabaseDown(SetUpError):
    """The database did not start ({why}); look at the postgres.log in the data folder."""

    code = "setup.database"


class AssistantUnreachable(SetUpError):
    """No assistant answers at {address}; start one with `earmark up` and try again."""

    code = "setup.assistant"


class ConnectionCut(SetUpError):
    """The connection broke before the assistant had everything; please say it again."""

    code = "device.cut"


class NoMicrophone(SetUpError):
    """No microphone can be opened on this machine; plug one in or give sound files instead of --mic."""

    code = "setup.microphone"


class VoiceGone(SetUpError):
    """The synthetic voice stopped by itself; start Earmark again to bring it back."""

    code = "setup.voice"


class NoRecogniserModel(SetUpError):
    """No {recogniser} model can be loaded from EARMARK_RECOGNISER_MODEL; put one in that folder, none is fetched."""

    code = "setup.recogniser-model"


class NoRecogniserAddress(SetUpError):
    """EARMARK_RECOGNISER_ADDRESS names no Wyoming server; set it to one such as tcp://127.0.0.1:10300."""

    code = "setup.recogniser-address"


class RecogniserElsewhere(SetUpError):
    """The speech recogniser is on another machine, and no sound may leave this one; run it here instead."""

    code = "setup.recogniser-elsewhere"


class RecogniserGone(SetUpError):
    """The speech recogniser at EARMARK_RECOGNISER_ADDRESS does not answer as it should; start it and say it again."""

    code = "setup.recogniser"


class MissingExtra(SetUpError):
    """This needs an extra that is not installed; run `pip install 'earmark[{extra}]'` and try again."""

    code = "setup.extra"


class RayUnreachable(SetUpError):
    """No Ray cluster answers at {address}; start it, or leave EARMARK_RAY_ADDRESS out to use this machine alone."""

    code = "setup.ray"


class RayDiffers(RayUnreachable):
    """The Ray cluster runs other code than this Earmark; install the same version there and start it again."""

    code = "setup.ray-code"


class WorkersGone(SetUpError):
    """The processes at work were ended from outside, perhaps for want of memory; run the command again."""

    code = "setup.workers"
