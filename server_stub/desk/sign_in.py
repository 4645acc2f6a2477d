"""Our answers to django-allauth: who may have an account at all."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignUp(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Accounts are made by ``watchdesk-server staff add`` only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth asks so
        """Never."""
        return False
