"""The icon of one session: shows what the agent knows, opens the form, tells what is new.

The one user of pystray, with the ways of showing an icon in ``backends``. One thread waits until
another agent is there, somebody opens the menu or a while has passed, and asks.
"""

import json
import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from tray import backends, link_watch, lock, places, program
from tray.agent_link import Link
from tray.drafts import Drafts
from tray.errors import NoIconError, TrayError
from tray.known import Desk, Known
from tray.language import _
from tray.menu import SEPARATOR, Item, Menu, Mood, Verb, menu, visible
from tray.news import News, Told, news
from tray.picture import picture
from tray.sending import send_waiting

log = logging.getLogger(__name__)

NAME = "watchdesk"
ASK_S = 90.0
ASK_SOON_S = 3.0
"""While a number or a verdict of the desk is expected."""
VISIBLE_S = 10.0
"""An icon that no panel shows by then has no place here, or not yet."""
_EXPECTING_S = 120.0


class Tray:
    """The icon of this session. ``run`` returns when somebody quits it."""

    def __init__(
        self,
        link: Link,
        drafts: Drafts,
        arguments: Sequence[str],
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        """``arguments`` are those of this program that lead to the same agent."""
        self._link, self._drafts, self._now = link, drafts, now
        self._arguments = list(arguments)
        self._known: Known | None = None
        self._desk: Desk | None = None
        self._told = _stored()
        self._shown: Menu | None = None
        self._icon: Any = None
        self._stop = threading.Event()
        self._link_watch = link_watch.watch(link.address)
        self._expecting_until = 0.0
        self._forms: list[subprocess.Popen[bytes]] = []
        self._version = program.version()
        self._hosted = False
        self._backend = ""
        self.restart = False

    def run(self, wanted: str | None = None) -> None:
        """Show the icon; call it from the main thread.

        Raises NoIconError when this session has no place for an icon.
        """
        choice = backends.choose(wanted)
        self._backend = choice.name
        icon_class = _icon_class(choice.name)
        self._look()
        self._icon = icon_class(NAME, picture(Mood.NOT_CONNECTED), NAME, menu=_empty())
        if choice.name == backends.SNI:
            self._icon.opened = self.wake
            self._icon.hosted_changed = self._hosted_changed
        self._icon.run(self._set_up)

    def wake(self) -> None:
        """Have the agent asked now."""
        self._link_watch.wake()

    def _set_up(self, icon: Any) -> None:  # noqa: ANN401 - pystray is untyped
        if getattr(icon, "failed", False):
            return
        if self._backend != backends.SNI:
            self._hosted_changed(hosted=True)
        self._draw()
        icon.visible = visible(self._known, self._drafts.waiting())
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def _watch(self) -> None:
        """Look and ask until the icon is quit."""
        mark, asked_at = self._link.mark(), time.monotonic()
        visible_by: float | None = asked_at + VISIBLE_S
        self._hand_over()
        while not self._stop.is_set():
            now = time.monotonic()
            soon = now < self._expecting_until
            ask_at = asked_at + (ASK_SOON_S if soon else ASK_S)
            woken = self._link_watch.wait(max(0.0, min(ask_at, visible_by or ask_at) - now))
            now, seen = time.monotonic(), self._link.mark()
            if woken or seen != mark or now >= ask_at:
                mark, asked_at = seen, now
                self._turn()
            if visible_by is not None and now >= visible_by:
                visible_by = None
                if not self._hosted:
                    log.warning("no panel shows the icon; see watchdesk-tray --diagnose")

    def _turn(self) -> None:
        self._forms = [form for form in self._forms if form.poll() is None]
        if self._version != program.version():
            self.restart = True
            self._quit()
            return
        self._hand_over()
        self._look()
        self._tell()
        self._draw()

    def _look(self) -> None:
        try:
            self._known = Known.read(self._link.ask("known"))
            self._desk = self._known.desk or self._desk
        except TrayError as error:
            log.info("%s", error)
            self._known = None

    def _hand_over(self) -> None:
        """Give the agent what waits, and say what became of it."""
        with suppress(OSError):
            sending = send_waiting(self._link, self._drafts)
            for sent in sending.sent:
                self._expecting_until = time.monotonic() + _EXPECTING_S
                self._notify(News(_("Saved, will be sent"), sent.title))
            for _report, problem in sending.refused:
                self._notify(News(_("Your report was not taken"), problem))

    def _tell(self) -> None:
        if self._known is None:
            return
        found, told = news(self._told, self._known)
        for one in found:
            self._notify(one)
        if told != self._told:
            self._told = told
            _store(told)

    def _notify(self, one: News) -> None:
        # What a desktop does with it is its own affair; the same stands in My tickets.
        try:
            self._icon.notify(one.text, one.title)
        except (OSError, NotImplementedError, RuntimeError) as error:
            log.info("a notification was not shown: %s", error)

    def _draw(self) -> None:
        waiting = self._drafts.waiting()
        unread = self._told.unread if self._told else ()
        shown = menu(self._known, waiting, self._now(), unread, self._desk)
        if shown != self._shown:
            if self._shown is None or shown.mood is not self._shown.mood:
                self._icon.icon = picture(shown.mood)
            self._icon.title = shown.tooltip
            self._icon.menu = _pystray_menu(shown.items, self._do)
            self._shown = shown
        wanted = visible(self._known, waiting)
        if self._icon.visible != wanted:
            self._icon.visible = wanted

    def _do(self, item: Item) -> None:
        views = {
            Verb.REPORT: "report",
            Verb.ME_TOO: f"report/{item.about}",
            Verb.TICKETS: "tickets",
            Verb.TICKET: f"tickets/{item.about}",
            Verb.CHECK: "computer/check",
            Verb.SENT: "computer/sent",
            Verb.HELP: "help",
        }
        if item.verb is Verb.QUIT:
            self._quit()
        elif item.verb is not None:
            if item.verb in (Verb.TICKET, Verb.TICKETS) and self._told is not None:
                self._told = self._told.looked_at()
                _store(self._told)
            self._expecting_until = time.monotonic() + _EXPECTING_S
            self._open(views[item.verb])
            self.wake()

    def _open(self, view: str) -> None:
        command = [*program.command(), *self._arguments, "form", "--view", view]
        try:
            self._forms.append(
                subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
            )
        except OSError as error:
            log.warning("the form cannot be started: %s", error)
            self._notify(News(_("The form cannot be opened"), str(error)))

    def _quit(self) -> None:
        self._stop.set()
        self._link_watch.wake()
        self._icon.visible = False  # else some systems keep a ghost of it
        self._icon.stop()

    def _hosted_changed(self, hosted: bool) -> None:  # noqa: FBT001 - pystray calls back by place
        self._hosted = hosted
        told = {
            "pid": os.getpid(),
            "backend": self._backend,
            "hosted": hosted,
            "since": self._now().isoformat(timespec="seconds"),
        }
        with suppress(OSError):
            places.write(places.icon_file(), json.dumps(told).encode())


def run(link: Link, arguments: Sequence[str], wanted: str | None = None) -> int:
    """Show the icon of this session until it is quit; 0 then, also when one is there already.

    Raises NoIconError when this session has no place for one.
    """
    name = f"tray-{places.session_name()}.lock"
    with lock.hold(places.session_folder() / name) as ours:
        if not ours:
            log.warning("the icon of this session runs already")
            return 0
        tray = Tray(link, Drafts(), arguments)
        with suppress(TrayError):
            known = Known.read(link.ask("known"))
            if known.desk is not None and known.desk.tray == "menu_only":
                return 0  # forty sessions of a terminal server must not cost forty processes
        try:
            tray.run(wanted)
        finally:
            places.icon_file().unlink(missing_ok=True)
    if tray.restart:
        program.start_anew(arguments)
    return 0


def _stored() -> Told | None:
    try:
        return Told.read(json.loads((places.own_folder() / "told.json").read_bytes()))
    except (OSError, ValueError, AttributeError):
        return None


def _store(told: Told) -> None:
    with suppress(OSError):
        folder = places.private(places.own_folder())
        places.write(folder / "told.json", json.dumps(told.tree()).encode())


def _icon_class(name: str) -> Any:  # noqa: ANN401 - pystray is untyped
    """Return pystray's icon for a way of showing it.

    pystray chooses its class while it is imported, by this variable.
    """
    ours = {backends.SNI: "dummy", backends.SYSTEM: ""}.get(name, name)
    if ours:
        os.environ["PYSTRAY_BACKEND"] = ours
    try:
        if name == backends.SNI:
            from tray.backends.sni import Icon  # noqa: PLC0415 - dbus-fast is for Linux alone

            return Icon
        import pystray  # noqa: PLC0415 - only now does the variable say which
    except (ImportError, ValueError) as error:
        raise NoIconError(_("The icon cannot be shown: {reason}").format(reason=error)) from error
    return pystray.Icon


def _empty() -> Any:  # noqa: ANN401 - the same
    import pystray  # noqa: PLC0415 - the same

    return pystray.Menu()


def _pystray_menu(items: Sequence[Item], do: Callable[[Item], None]) -> Any:  # noqa: ANN401
    import pystray  # noqa: PLC0415 - the same

    def made(item: Item) -> Any:  # noqa: ANN401
        if item == SEPARATOR:
            return pystray.Menu.SEPARATOR
        if item.items:
            return pystray.MenuItem(item.text, _pystray_menu(item.items, do))
        act = (lambda _icon, _chosen: do(item)) if item.verb else None
        return pystray.MenuItem(item.text, act, default=item.first, enabled=item.verb is not None)

    return pystray.Menu(*(made(item) for item in items))
