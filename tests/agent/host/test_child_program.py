"""The program of the children that answer what may hang: a line for each question."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent.host import child_program, journal_child, log_child, probe_child, web_child
from agent.host.child_program import line, tell


def raises(error: Exception) -> str:
    raise error


def test_a_line_is_answered_whatever_goes_wrong() -> None:
    assert line(str.upper, "so\nit is \udcff") == b"+ SO IT IS ?\n"
    assert line(lambda _: raises(OSError(2, "No such thing")), "it") == b"- No such thing\n"
    assert line(lambda _: raises(OSError("odd")), "it") == b"- odd\n"
    assert line(lambda _: raises(ValueError("not\nso")), "it") == b"- not so\n"


def test_some_questions_are_under_way_at_once_and_answered_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that does not answer must hold up no other."""
    together = threading.Barrier(5, timeout=30)
    written: list[bytes] = []

    def meet(question: str) -> str:
        together.wait()
        return question

    monkeypatch.setattr(os, "write", lambda _to, line: written.append(line))
    tell(meet, "abcde", web_child.AT_ONCE)
    assert written == [b"+ a\n", b"+ b\n", b"+ c\n", b"+ d\n", b"+ e\n"]


@pytest.mark.parametrize(
    ("module", "probe", "question", "answer"),
    [
        ("probe_child", "written", "/nowhere", b"+ 2 No such file or directory"),
        ("web_child", "certificate", "/nowhere", b"- No such file or directory"),
        ("log_child", "log_file", "nothing", b"- Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_a_bare_interpreter_finds_each_module_beside_it(
    tmp_path: Path, module: str, probe: str, question: str, answer: bytes
) -> None:
    program = [sys.executable, "-I", "-S", "-B", child_program.__file__]
    done = subprocess.run(
        [*program, module, probe, question, question], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout.splitlines() == [answer, answer]
    assert done.stderr == b""


def test_no_module_of_ours_stands_in_for_one_of_python() -> None:
    """Their folder is the last place in which a child looks for modules."""
    children = {probe_child, web_child, log_child, journal_child, child_program}
    for module in children:
        name = module.__name__.rpartition(".")[2]
        assert name not in sys.stdlib_module_names
