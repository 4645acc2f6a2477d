"""The lies of a server, a portal or a proxy on the way, and what the agent must make of each."""

from agent.protocol.problems import ProblemType
from tests.support.lying_server import Lie, page, problem

LIES: dict[str, tuple[Lie, str, str]] = {
    "captive portal": (page(), "intercepted", "Hotel Wi-Fi"),
    "redirect": (page(302, "", ("Location", "https://portal.example")), "intercepted", "portal."),
    "401": (problem(ProblemType.UNAUTHENTICATED, 401), "credential", "token"),
    "401, device unknown": (
        problem(ProblemType.UNKNOWN_DEVICE, 401),
        "unknown_device",
        "watchdesk-agent enroll",
    ),
    "403": (problem(ProblemType.WRONG_CREDENTIAL, 403), "credential", "kind"),
    "407": (page(407), "proxy", "sign-in"),
    "413 of a proxy": (page(413), "intercepted", "HTTP 413"),
    "429": (
        problem(ProblemType.RATE_LIMITED, 429, ("Retry-After", "1000000000")),
        "retry",
        "less often",
    ),
    "500": (problem(ProblemType.INTERNAL, 500), "retry", "error of its own"),
    "503": (problem(ProblemType.UNAVAILABLE, 503), "retry", "busy"),
    "a cut body": (Lie(cut_at=9), "retry", "broke off"),
    "wrong ids": (Lie(body=b'{"receipts":[{"id":"z","result":"accepted"}]}'), "retry", "damaged"),
    "wrong media type": (Lie(media_type="application/json"), "intercepted", "application/json"),
}
"""By name: the answer, the outcome and a word of the sentence that tells the cause."""
