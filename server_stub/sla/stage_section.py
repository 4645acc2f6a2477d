"""The section ``statuses`` of a policy file: its stages, and what each does to the clocks."""

from collections.abc import Mapping

from agent.protocol.words import Status
from server_stub.sla.document import Document, Node, is_word
from server_stub.sla.procedure import USUAL_MODES, ClockName, Mode, Stage
from server_stub.sla.terms import stages_of

_ALL = "all"
_WAITS_FOR = "waits_for"
_OWN = ("is", "title", "moves", "reason", "checklist", _WAITS_FOR)
_CLIENT, _OTHERS = "client", "others"


def read_stages(
    document: Document, node: Node, reasons: Mapping[str, Mapping[str, str]]
) -> dict[str, Stage]:
    """Return the stages by name; the five that are named like the statuses are always there.

    ``reasons`` are the file's lists of reasons, for stages that need one.
    """
    found = document.named(node)
    named = [status for status in Status if status in found]
    if named:
        for status in Status:
            if status not in found:
                document.problem(node, f"{status.value!r} is missing")
    stages = stages_of({})
    for name, (_, value) in found.items():
        stages[name] = stage = _stage(document, name, value, tuple(found))
        if stage.reason and not reasons.get(stage.reasons):
            document.problem(value, f"a reason from which list? reasons has no {stage.reasons!r}")
    return stages


def _stage(document: Document, name: str, node: Node, known: tuple[str, ...]) -> Stage:
    """Return one stage; a word alone is what it does to every clock."""
    own = name not in tuple(Status)
    if is_word(node) and not own:
        word = document.word(node, tuple(Mode))
        mode = Mode(word or Mode.RUNNING)
        modes = {clock.value: mode for clock in ClockName}
        waits = name == Status.WAITING
        found = Stage(name, name, Status(name), modes, waits_for_client=waits)
        return _checked(document, node, found)
    parts = document.members(node, (*_OWN, _ALL, *ClockName), ("is",) if own else ())
    if "is" in parts and not own:
        document.problem(parts["is"], f"{name} is a status itself: leave the line out")
    word = document.word(parts["is"], tuple(Status)) if "is" in parts else None
    status = Status(word or Status.OPEN) if own else Status(name)
    clocks = {part: value for part, value in parts.items() if part not in _OWN}
    if not own and not clocks:
        document.problem(node, f"what does {name} do to the clocks? write {name}: running")
    moves = document.items(parts["moves"]) if "moves" in parts else []
    stage = Stage(
        name,
        (document.text(parts["title"]) or name) if "title" in parts else name.replace("_", " "),
        status,
        _modes(document, node, clocks, status),
        tuple(word for move in moves if (word := document.word(move, (*known, *Status)))),
        document.switch(parts.get("reason")),
        _waits_for_client(document, parts.get(_WAITS_FOR), status, own=own),
        document.switch(parts.get("checklist")),
    )
    return _checked(document, node, stage)


def _waits_for_client(document: Document, node: Node | None, status: Status, *, own: bool) -> bool:
    """Return whether a word of the client's ends it: of ``waiting`` itself so, unless said."""
    if node is None:
        return status is Status.WAITING and not own
    if status is not Status.WAITING:
        document.problem(node, "only a stage that is waiting waits for somebody")
    return document.word(node, (_CLIENT, _OTHERS)) == _CLIENT


def _modes(
    document: Document, node: Node, clocks: dict[str, Node], status: Status
) -> dict[str, Mode]:
    """Return what is said of each clock; of those that nothing is said of, what ``all`` says.

    Without ``all``, review, progress and dwell do what the resolution does, and a stage that
    says nothing is as its status.
    """
    if not clocks:
        return dict(USUAL_MODES[status])
    words = {name: document.word(value, tuple(Mode)) for name, value in clocks.items()}
    modes = {name: Mode(word) for name, word in words.items() if word}
    rest = modes.pop(_ALL, None)
    for clock in (ClockName.RESPONSE, ClockName.RESOLUTION):
        if clock not in clocks and _ALL not in clocks:
            document.problem(node, f"{clock.value!r} is missing")
    rest = rest or modes.get(ClockName.RESOLUTION, Mode.RUNNING)
    return {clock.value: modes.get(clock.value, rest) for clock in ClockName}


def _checked(document: Document, node: Node, stage: Stage) -> Stage:
    if stage.name == Status.NEW and any(mode is not Mode.RUNNING for mode in stage.modes.values()):
        document.problem(node, "the clocks of a new ticket run: nothing else would start them")
    return stage
