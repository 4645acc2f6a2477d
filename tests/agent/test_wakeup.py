import subprocess
import sys

SCRIPT = """
import os, signal, threading, time
from agent.wakeup import Wakeup
wakeup = Wakeup()
began = time.monotonic()
{before}
wakeup.wait(15)
print(wakeup.stopping, time.monotonic() - began < 10)
"""


def outcome(before: str) -> str:
    """Signals are the main thread's: each case has a process of its own."""
    script = SCRIPT.format(before=before)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_a_signal_ends_the_wait_and_asks_to_stop() -> None:
    before = "threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()"

    assert outcome(before) == "True True"


def test_a_signal_just_before_the_wait_is_not_missed() -> None:
    assert outcome("os.kill(os.getpid(), signal.SIGINT)") == "True True"


def test_another_thread_ends_the_wait_without_stopping() -> None:
    assert outcome("threading.Timer(0.2, wakeup.wake).start()") == "False True"


def test_waking_a_thousand_times_never_blocks() -> None:
    assert outcome("[wakeup.wake() for _ in range(100_000)]") == "False True"
