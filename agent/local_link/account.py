"""Whose account it is that asks, from what the kernel told of the peer."""

import os
import sys

from agent.local_link.peer import Peer
from agent.reports import Account

if sys.platform == "win32":

    def account_of(peer: Peer) -> Account:
        """Return nobody's account: the link does not listen on Windows yet."""
        del peer
        return Account("", "")

    def is_owner(peer: Peer) -> bool:
        """Tell that nobody is known to be the owner."""
        del peer
        return False

else:
    import pwd

    def account_of(peer: Peer) -> Account:
        """Return the account of who asks.

        Its id has the user's number and name: a number given to somebody else later does not
        show that one another's tickets.
        """
        try:
            name = pwd.getpwuid(peer.uid).pw_name
        except KeyError:
            name = ""
        return Account(f"{peer.uid}:{name}", name)

    def is_owner(peer: Peer) -> bool:
        """Tell whether the agent's own user or root asks."""
        return peer.uid in (0, os.geteuid())
