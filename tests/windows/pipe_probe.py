"""Runs on the Python for Windows: both ends of the local link over a real named pipe.

Prints one JSON object: what was seen, by name. ``test_pipe`` says what it should be.
"""

import json
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

from agent.errors import LinkError
from agent.local_link import server
from agent.local_link.account import account_of, is_owner
from agent.local_link.client import ask
from agent.local_link.peer import Peer
from agent.protocol.link import pipe_name

if sys.platform == "win32":
    from agent.protocol import pipe
    from agent.protocol.pipe import PipeEnd

    FOLDER = Path(r"C:\pipe probe")

    def answer(request: dict[str, Any], peer: Peer) -> dict[str, Any]:
        """Tell who asks; take two seconds for ``slow``."""
        if request["verb"] == "slow":
            time.sleep(2)
        long = "x" * 200_000 if request["verb"] == "long" else ""
        return {
            "key": peer.key,
            "account": account_of(peer).name,
            "owns": is_owner(peer),
            "more": long,
        }

    def refused(*arguments: Any) -> str:
        """Return the words with which a question is not answered."""
        try:
            ask(FOLDER, *arguments)
        except LinkError as error:
            return str(error)
        return "answered"

    def opened() -> PipeEnd:
        """Return a connection of our own."""
        return PipeEnd(pipe._connected(pipe_name(FOLDER), time.monotonic() + 5))

    def fuzzed(frames: int) -> int:
        """Send mutated frames; return how many answers were JSON with ``ok``."""
        dice, sense = random.Random(5), 0  # noqa: S311 - to be repeated
        good = b'{"verb":"status","list":[1,2.5,"\\u00e4",null],"deep":{"a":{"b":[]}}}'
        for _ in range(frames):
            frame = bytearray(good)
            for _ in range(dice.randrange(1, 12)):
                frame[dice.randrange(len(frame))] = dice.randrange(256)
            line = bytes(frame).replace(b"\n", b" ") + b"\n"
            said = pipe.exchange(pipe_name(FOLDER), line, 5, 1 << 20)
            sense += isinstance(json.loads(said)["ok"], bool)
        return sense

    def main() -> None:
        """Look, and print what was seen."""
        seen: dict[str, Any] = {"before": refused({"verb": "status"})}
        link = server.LinkServer(FOLDER, answer)
        seen["own"] = pipe.own_sid()
        seen["answer"] = ask(FOLDER, {"verb": "status"})
        seen["long"] = len(ask(FOLDER, {"verb": "long"})["more"])
        try:
            server.LinkServer(FOLDER, answer)
        except LinkError as error:
            seen["second"] = str(error)
        seen["slow"] = refused({"verb": "slow"}, 0.3)
        held = [opened() for _ in range(server.CONNECTIONS_OF_USER)]
        seen["too many"] = opened().receive(1000, 5).decode()
        for one in held:
            one.close()
        server.BURST = server.REQUESTS_PER_S = 1e9
        deadline = time.monotonic() + 20
        while refused({"verb": "status"}) != "answered" and time.monotonic() < deadline:
            time.sleep(0.05)
        seen["fuzzed"] = fuzzed(int(sys.argv[1]))
        link.close()
        seen["after"] = refused({"verb": "status"})
        seen["threads"] = [one.name for one in threading.enumerate() if one.name == "local-link"]
        again = server.LinkServer(FOLDER, answer)
        seen["again"] = ask(FOLDER, {"verb": "status"})["ok"]
        again.close()
        sys.stdout.write(json.dumps(seen))

    if __name__ == "__main__":
        main()
