"""The small form for when no browser starts: the browser may be what is broken."""

import tkinter as tk
from dataclasses import replace
from tkinter import ttk

from agent.protocol.words import Urgency
from tray.errors import TrayError
from tray.forms.page import WINDOW_TITLE
from tray.forms.service import Form
from tray.language import _

_URGENCIES = {
    Urgency.CANNOT_WORK: "I cannot work",
    Urgency.SLOWS_ME: "It slows me down",
    Urgency.CAN_WAIT: "It can wait",
}


def show(form: Form) -> None:
    """Show the form until it is closed."""
    window = tk.Tk(className="watchdesk")
    SmallForm(window, form)
    window.mainloop()
    form.hand_over()  # what was sent by somebody who closed the window at once


class SmallForm:
    """Title, what happened and how bad it is, over the same draft as the page."""

    def __init__(self, window: tk.Tk, form: Form) -> None:
        """Build it with what was written before."""
        self._window, self._form = window, form
        self._sent = False
        window.title(f"{_('Report a problem')} {WINDOW_TITLE}")
        window.minsize(420, 380)
        ttk.Style().theme_use("clam")
        frame = ttk.Frame(window, padding=16)
        frame.pack(fill="both", expand=True)
        draft = form.draft
        ttk.Label(frame, text=_("What is wrong, in a few words")).pack(anchor="w")
        self.title = ttk.Entry(frame)
        self.title.insert(0, draft.title)
        self.title.pack(fill="x", pady=(0, 10))
        ttk.Label(frame, text=_("What happened?")).pack(anchor="w")
        self.text = tk.Text(
            frame, height=8, wrap="word", highlightthickness=2, undo=True, font="TkDefaultFont"
        )
        self.text.insert("1.0", draft.text)
        self.text.bind("<Tab>", self._next_field)
        self.text.pack(fill="both", expand=True, pady=(0, 10))
        ttk.Label(frame, text=_("How bad is it?")).pack(anchor="w")
        self.urgency = tk.StringVar(value=draft.urgency)
        for urgency, words in _URGENCIES.items():
            ttk.Radiobutton(frame, text=_(words), value=urgency, variable=self.urgency).pack(
                anchor="w"
            )
        self.told = tk.StringVar()
        ttk.Label(frame, textvariable=self.told, wraplength=380).pack(anchor="w", pady=8)
        self.button = ttk.Button(frame, text=_("Send"), command=self.send)
        self.button.pack(anchor="e")
        window.bind("<Control-Return>", lambda _event: self.send())
        window.bind("<Escape>", lambda _event: self.close())
        window.protocol("WM_DELETE_WINDOW", self.close)
        self.title.focus_set()

    def send(self) -> None:
        """Save the report for good and give it to the agent when it answers; once."""
        if self._sent:
            return
        try:
            answer = self._form.send(self._written())
        except (TrayError, OSError) as error:
            self.told.set(str(error))
            return
        if answer["problems"]:
            self.told.set(" ".join(answer["problems"].values()))
            return
        self._sent = True
        self.told.set(_("Saved. It will be sent."))
        self.button.state(["disabled"])
        self._window.after(50, self._hand_over)

    def close(self) -> None:
        """Keep the draft and close."""
        if not self._sent:
            try:
                self._form.save(self._written())
            except (TrayError, OSError) as error:
                self.told.set(str(error))
                return
        self._window.destroy()

    def _hand_over(self) -> None:
        sending = self._form.hand_over()
        for sent in sending.sent:
            if sent.number:
                self.told.set(_("It is ticket {number}.").format(number=sent.number))
        for _report, problem in sending.refused:
            self.told.set(problem)

    def _written(self) -> dict[str, object]:
        draft = replace(
            self._form.draft,
            title=self.title.get(),
            text=self.text.get("1.0", "end-1c"),
            urgency=Urgency(self.urgency.get()),
        )
        return draft.tree()

    def _next_field(self, event: "tk.Event[tk.Text]") -> str:
        following = event.widget.tk_focusNext()
        if following is not None:
            following.focus()
        return "break"
