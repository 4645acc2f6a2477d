"""The Django application of this package."""

from django.apps import AppConfig


class WorkConfig(AppConfig):
    """Registers the models."""

    name = "server_stub.work"
