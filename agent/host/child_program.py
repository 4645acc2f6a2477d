"""The program of every child of ``abandonable``: answers one line for each question, then leaves.

Run as a file by a bare interpreter (``-I -S -B``), so that it is up in milliseconds: it imports
next to nothing, and nothing of ours but the module that answers. A line is ``+ answer`` or
``- reason``.
"""

import os
import sys

TYPE_CHECKING = False  # typing costs a child two milliseconds
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def line(probe: "Callable[[str], str]", question: str) -> bytes:
    """Return the line that answers one question."""
    try:
        told = f"+ {probe(question)}"
    except OSError as error:
        told = f"- {error.strerror or error}"
    except ValueError as error:
        told = f"- {error}"
    return told.replace("\n", " ").encode(errors="replace") + b"\n"


def tell(probe: "Callable[[str], str]", questions: "Sequence[str]", at_once: int = 1) -> None:
    """Print the answers in the order of the questions, of which some are asked at once."""
    if at_once == 1:
        for question in questions:
            os.write(1, line(probe, question))
        return
    import threading  # noqa: PLC0415 - most children have one thread

    places = threading.Semaphore(at_once)
    answers = [b""] * len(questions)

    def ask(number: int) -> None:
        with places:
            answers[number] = line(probe, questions[number])

    asking = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(len(questions))]
    for each in asking:
        each.start()
    for number, each in enumerate(asking):
        each.join()
        os.write(1, answers[number])


def main(arguments: "Sequence[str]") -> None:
    """Take the module beside this file that answers, the probe's name in it, and the questions."""
    module, probe, *questions = arguments
    sys.path.append(os.path.dirname(__file__))  # noqa: PTH120 - pathlib takes longer than all this
    answering = __import__(module)
    tell(answering.PROBES[probe], questions, getattr(answering, "AT_ONCE", 1))


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)  # nothing to tidy up, and an interpreter's farewell costs a millisecond
