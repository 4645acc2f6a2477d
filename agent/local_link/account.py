"""Whose account it is that asks, from what the kernel told of the peer."""

import os
import sys

from agent.local_link.peer import Peer
from agent.reports import Account

if sys.platform == "win32":
    from agent.local_link.pipe import account_name
    from agent.protocol.pipe import own_sid

    def account_of(peer: Peer) -> Account:
        """Return the account of who asks; its id, the SID, is never given to another one."""
        return Account(peer.key, account_name(peer.key))

    def is_owner(peer: Peer) -> bool:
        """Tell whether the agent's own account, SYSTEM or an elevated administrator asks."""
        return peer.administrator or peer.key == own_sid()

else:
    import pwd

    def account_of(peer: Peer) -> Account:
        """Return the account of who asks.

        Its id has the user's number and name: a number given to somebody else later does not
        show that one another's tickets.
        """
        try:
            name = pwd.getpwuid(int(peer.key)).pw_name
        except KeyError:
            name = ""
        return Account(f"{peer.key}:{name}", name)

    def is_owner(peer: Peer) -> bool:
        """Tell whether the agent's own user or root asks."""
        return peer.administrator or peer.key == str(os.geteuid())
