"""The sender as the agent sees it: a child that is asked one job at a time and may misbehave.

Whatever it does - hangs, dies, prints garbage - costs the agent no more than the deadline: it is
killed and ``SenderError`` says what was seen.
"""

import logging
import subprocess
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

from agent.delivery.command import sender_command, sender_environment, sender_user
from agent.delivery.messages import MAX_ANSWER_BYTES, Answer, Job, Outcome, Settings, parse_answer
from agent.errors import AgentError

log = logging.getLogger(__name__)

GRACE_S = 15.0
"""How much longer than its own total deadline the sender gets: its start, and a busy computer."""
_LEAVE_S = 1.0
_LAST_WORDS = 4000


class SenderError(AgentError):
    """The sender broke off or spoke nonsense; the job may or may not have reached the server."""


class SenderProcess:
    """One running sender. ``kill`` may be called from any thread, the rest from one."""

    def __init__(self, settings: Settings, user: str | None = None) -> None:
        """Start the sender, as the operating system's ``user``, else as ``sender_user``.

        Raises SenderError when it cannot be started.
        """
        user = user or sender_user()
        self._deadline_s = settings.limits.total_s + GRACE_S
        try:
            self._process = subprocess.Popen(
                sender_command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=sender_environment(),
                cwd="/",
                start_new_session=True,  # the terminal's Ctrl-C is the agent's to judge
                user=user,
                group=_group_of(user),
                extra_groups=[] if user else None,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except (OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
            raise SenderError(f"the sender cannot be started: {error}") from error
        try:
            self._write(settings.to_line())
        except SenderError:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process id, for logs and tests."""
        return self._process.pid

    def ask(self, job: Job) -> Answer:
        """Return the sender's answer to ``job``; raises SenderError, and the sender is dead then.

        The answer's receipts are those of the job's envelopes, in order.
        """
        overdue = threading.Timer(self._deadline_s, self.kill)
        overdue.daemon = True
        overdue.start()
        try:
            self._write(job.to_line())
            line = _pipe(self._process.stdout).readline(MAX_ANSWER_BYTES)
        except (OSError, ValueError) as error:
            raise SenderError(f"the sender broke off: {error}") from error
        finally:
            overdue.cancel()
        try:
            answer = parse_answer(line)
        except (ValueError, OverflowError) as error:
            self.kill()
            raise SenderError(self._last_words(line)) from error
        echoed = tuple(receipt.id for receipt in answer.receipts)
        if answer.outcome is Outcome.DELIVERED and echoed != job.ids:
            self.kill()
            raise SenderError("the sender answered with receipts of other messages")
        return answer

    def kill(self) -> None:
        """End the sender at once."""
        self._process.kill()

    def close(self) -> None:
        """Let the sender leave, kill it when it lingers, and give back its pipes."""
        with suppress(OSError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(_LEAVE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        _pipe(self._process.stdout).close()
        _pipe(self._process.stderr).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, line: bytes) -> None:
        stdin = _pipe(self._process.stdin)
        try:
            stdin.write(line)
            stdin.flush()
        except (OSError, ValueError) as error:
            raise SenderError(self._last_words(b"")) from error

    def _last_words(self, line: bytes) -> str:
        """Return what was seen of a sender that broke off; the log gets all of it."""
        self.kill()
        self._process.wait()
        words = _pipe(self._process.stderr).read(_LAST_WORDS).decode(errors="replace")
        if words.strip():
            log.warning("the sender's last words: %r", words)
            return f"the sender broke off: {words.strip().splitlines()[-1][:200]}"
        if line:
            return "the sender gave no sensible answer"
        return f"the sender ended without an answer (status {self._process.returncode})"


def _group_of(user: str | None) -> int | None:
    """Return the user's own group: changing the user alone would leave the agent's."""
    if user is None or sys.platform == "win32":  # where the service's own account is meant
        return None
    import pwd  # noqa: PLC0415 - not on Windows

    return pwd.getpwnam(user).pw_gid


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - opened as PIPE above
    return stream
