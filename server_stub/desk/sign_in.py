"""Our answers to django-allauth: who may have an account at all, and who may use one."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest


class ClosedSignUp(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Accounts are made by ``watchdesk-server staff add`` only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth asks so
        """Never."""
        return False


class Passwords(AuthenticationBackend):  # type: ignore[misc] # allauth has no types
    """Signs technicians in by email address and password.

    One who left gets the answer of one who never was: allauth would remember that the password
    was right and send the browser to a page which says so.
    """

    @classmethod
    def _stash_user(cls, user: AbstractBaseUser | None) -> None:
        """Remember nobody."""
