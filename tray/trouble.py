"""Where trouble lies, in one plain sentence in the person's language. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from tray.language import _, ngettext


def says(verdict: Mapping[str, Any]) -> str:
    """Return what to say of the agent's verdict; one of a kind not known here says nothing."""
    about = _first(verdict.get("known") or ("",))
    return {
        "network": _(
            "This computer has no connection to a network. See whether the cable or Wi-Fi is on."
        ),
        "internet": _(
            "This computer is on a network, but names on the internet cannot be found: "
            "the internet line or the router may be down."
        ),
        "desk": _(
            "The network works, but our desk cannot be reached: the internet line may be down, "
            "or our server. What you send is kept and goes by itself. "
            "Please call if it is urgent."
        ),
        "computer": _("Something is known about this computer: {about}.").format(about=about),
        "service": _(
            "This computer and the network work, but a service it uses has trouble: {about}. "
            "It is known."
        ).format(about=about),
        "none": _(
            "The network and our desk can be reached, and no trouble is known about this computer."
        ),
    }.get(str(verdict.get("where")), "")


def _first(titles: Sequence[str]) -> str:
    more = len(titles) - 1
    if not more:
        return titles[0]
    return ngettext("{title}, and {count} more", "{title}, and {count} more", more).format(
        title=titles[0], count=more
    )
