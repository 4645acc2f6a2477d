"""Credentials: 256 random bits behind a prefix that tells what they are for.

Apart from ``ids`` because the resident agent needs ids at every alert and credentials never:
their hashing libraries cost memory.
"""

import hashlib
import secrets
from enum import StrEnum


class CredentialPrefix(StrEnum):
    """The first letters of a credential, so that a misplaced one is recognised and refused."""

    DEVICE = "wdd_"
    STAFF_KEY = "wds_"
    ENROLMENT = "wde_"


def new_credential(prefix: CredentialPrefix) -> str:
    """Return a new secret of 256 random bits (base64url) behind its prefix."""
    return prefix + secrets.token_urlsafe(32)


def credential_hash(credential: str) -> str:
    """Return what a server stores of a credential: its SHA-256 in hex.

    One fast hash is enough for 256 random bits, and a slow one would be paid on every request.
    """
    return hashlib.sha256(credential.encode()).hexdigest()
