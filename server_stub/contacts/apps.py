"""The Django application of this package."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """Registers the models."""

    name = "server_stub.contacts"
