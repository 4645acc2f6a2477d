"""What a server in the wrong hands may answer: anything, more or less like a real answer."""

import json
import random
from typing import Any

from agent.protocol import MEDIA_TYPE, PROBLEM_MEDIA_TYPE
from tests.support.lying_server import Lie, Seen

_BAITS = (
    "$(touch /tmp/owned)",
    "; touch /tmp/owned",
    "__import__('os').system('id')",
    "file:///etc/passwd",
    "../../../../etc/cron.d/x",
    "!!python/object/apply:os.system ['id']",
    "\x00\x1b[2J",
    "http://169.254.169.254/",
)


def mutated(dice: random.Random) -> Lie:
    """Return an answer with anything in any place, more or less like a real one."""

    def value(depth: int = 0) -> object:
        kinds: list[object] = [
            None,
            True,
            -1,
            2**70,
            1e308,
            dice.choice(_BAITS),
            "x" * dice.randrange(9000),
        ]
        if depth < 4:
            kinds += [[value(depth + 1) for _ in range(dice.randrange(4))]]
            kinds += [{dice.choice(_NAMES): value(depth + 1) for _ in range(dice.randrange(6))}]
        return dice.choice(kinds)

    tree = {dice.choice(_NAMES): value() for _ in range(dice.randrange(8))}
    body = bytearray(json.dumps(tree).encode())
    for _ in range(dice.choice((0, 0, 1, 5))):
        body[dice.randrange(len(body))] = dice.randrange(256)
    headers = [
        (name, dice.choice(_BAITS).replace("\x00", "").replace("\x1b", ""))
        for name in ("Location", "Set-Cookie", "Retry-After", "Content-Encoding", "Refresh", "Link")
        if dice.random() < 0.3
    ]
    return Lie(
        status=dice.choice((200, 200, 200, 201, 302, 307, 400, 401, 407, 422, 429, 500, 503)),
        body=bytes(body),
        media_type=dice.choice((MEDIA_TYPE, PROBLEM_MEDIA_TYPE, "text/html", "application/x-sh")),
        headers=tuple(headers),
        cut_at=dice.choice((None, None, None, dice.randrange(len(body) + 1))),
    )


_NAMES = (
    "look_again", "alert_id", "sequence",
    "receipts", "id", "result", "problem", "ticket", "changes", "command", "exec", "run", "script",
    "update", "url", "path", "file", "type", "title", "detail", "heartbeat_every_s", "rules",
    "__class__", "settings", "proxy", "ca_file", "server",
)  # fmt: skip


def plausible(dice: random.Random, seen: Seen) -> Lie:
    """Return an answer that passes for ours, with all sorts of things in it besides.

    The receipts are of the right messages, so the agent goes on with what it is told.
    """
    tree: dict[str, Any] = {name: dice.choice(_BAITS) for name in dice.sample(_NAMES, 4)}
    tree |= {
        "changes": {dice.choice(_NAMES): dice.choice(_BAITS) for _ in range(3)},
        "commands": [{"run": bait, "path": bait} for bait in _BAITS],
        "heartbeat_every_s": dice.choice((0, 1e308, -1, "$(id)")),
        "receipts": [
            {
                "id": identifier,
                "result": dice.choice(("accepted", "duplicate", "refused")),
                "ticket": dice.choice((1, 2**53 - 1, None)),
                "problem": dice.choice(_BAITS).replace("\x00", " "),
            }
            for identifier in (seen.ids() if seen.route != "heartbeat" else ())
        ],
    }
    return Lie(body=json.dumps(tree).encode())
