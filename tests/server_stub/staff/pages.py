"""What a person reads of an answered page."""

import re
from collections.abc import Callable
from typing import Protocol

from django.test import Client as Browser

from server_stub.desk.models import Technician

SignedIn = Callable[[Technician], Browser]


class Answer(Protocol):
    """A response of Django's test client."""

    @property
    def content(self) -> bytes:
        """Its body."""


def text(answer: Answer) -> str:
    """Return a page's words: without tags, white space collapsed."""
    words = " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
    return re.sub(r" (?=[.,;])", "", words)


def titles(answer: Answer) -> list[str]:
    """Return the titles of the tickets in a queue, in their order."""
    return re.findall(r'id="ticket-\d+"[^>]*><bdi>(.*?)</bdi>', answer.content.decode())
