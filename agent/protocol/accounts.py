"""Accounts of a computer that several people use, by their names."""

from collections.abc import Collection


def is_shared(account_name: str, shared: Collection[str]) -> bool:
    r"""Tell whether an account is among ``shared``, names in small letters.

    The Windows domain or computer before a name (``SHOP\kiosk``) need not be written there.
    """
    name = account_name.casefold()
    return name in shared or name.rpartition("\\")[2] in shared
