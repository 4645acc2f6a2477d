"""Our answers to django-allauth: who may have an account at all, and who may use one."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest


class ClosedSignUp(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Accounts are made by ``watchdesk-server staff add`` only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth asks so
        """Never."""
        return False

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Tell whether it is this technician's password; the address is the account's own."""
        found = self.authenticate(self.request, email=user.get_username(), password=password)
        return found is not None and found.pk == user.pk

    def _get_login_attempts_cache_key(self, _request: HttpRequest, **credentials: Any) -> str:  # noqa: ANN401 - as allauth has it
        """Return what failed tries are counted by: the address alone.

        allauth puts the Host header before it, which the caller chooses: another host name for
        each five tries, and nobody would ever be told to wait.
        """
        return str(credentials.get("email", "")).strip().lower()


class Passwords(AuthenticationBackend):  # type: ignore[misc] # allauth has no types
    """Signs technicians in by email address and password.

    One who left gets the answer of one who never was: allauth would remember that the password
    was right and send the browser to a page which says so.
    """

    @classmethod
    def _stash_user(cls, user: AbstractBaseUser | None) -> None:
        """Remember nobody."""
