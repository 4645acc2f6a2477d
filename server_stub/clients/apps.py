"""The Django application of this package."""

from django.apps import AppConfig


class ClientsConfig(AppConfig):
    """Registers the models."""

    name = "server_stub.clients"
