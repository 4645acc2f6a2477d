"""The Django application of this package."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Registers the models."""

    name = "server_stub.desk"
