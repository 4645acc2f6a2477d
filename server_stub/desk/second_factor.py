"""The second factor: codes of an authenticator app, and recovery codes for its loss.

allauth keeps and checks them. Their secrets stand in the database sealed with a key made from the
server's own: a copy of the database alone opens no account.
"""

import base64
import io
import logging
import secrets
from hashlib import sha256

import qrcode  # type: ignore[import-untyped] # it comes with allauth's second factor
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from qrcode.image.svg import SvgPathFillImage  # type: ignore[import-untyped] # the same

from server_stub.desk.models import Technician

_log = logging.getLogger(__name__)


class SecondFactor(DefaultMFAAdapter):  # type: ignore[misc] # allauth has no types
    """Seals what allauth stores, and draws what a phone can read."""

    def build_totp_svg(self, url: str) -> str:
        """Return the picture of a key: on white, for black on a dark page nobody could scan."""
        drawn = io.BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(drawn)
        return drawn.getvalue().decode()

    def encrypt(self, text: str) -> str:
        """Return a secret as it is stored."""
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return a stored secret.

        One sealed by another key cannot be known any more: a random one stands for it, which no
        code fits, so that its owner is refused as with a wrong code and the log says why.
        """
        try:
            return _seal().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            _log.error(
                "a second factor was sealed with another secret key; its owner cannot sign in "
                "before watchdesk-server staff reset-second-factor"
            )
            return base64.b32encode(secrets.token_bytes(20)).decode()


def reset_second_factor(technician: Technician) -> bool:
    """Let a technician sign in by password alone again; tell whether there was a second factor."""
    deleted, _ = Authenticator.objects.filter(user=technician).delete()
    return bool(deleted)


def _seal() -> Fernet:
    key = sha256(b"watchdesk second factor\n" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
