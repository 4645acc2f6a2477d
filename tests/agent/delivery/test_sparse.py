"""What a sender leaves out; each case has a process of its own."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[3]


def printed(program: str) -> str:
    program = f"import sys, agent.delivery.sender as sender, requests\n{program}"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "", "requests is content with what there is"
    return done.stdout.strip()


def test_what_a_sender_never_uses_is_not_loaded() -> None:
    names = ["charset_normalizer", "certifi", "importlib.metadata", "idna", "tokenize", "inspect"]

    told = printed(f"print([n for n in {names} if hasattr(sys.modules.get(n), '__file__')])")

    assert told == "[]"


def test_a_server_may_have_a_name_beyond_ascii() -> None:
    program = "print(requests.Request('GET', 'https://bücher.example/').prepare().url)"

    assert printed(program) == "https://xn--bcher-kva.example/"


def test_a_mistake_of_ours_is_told_with_its_line() -> None:
    program = (
        "import traceback\ntry:\n    sender._body(None)\n"
        "except AttributeError:\n    print(traceback.format_exc())"
    )

    assert 'if job.do == "get"' in printed(program)
