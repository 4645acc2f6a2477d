"""The Django application of this package."""

from django.apps import AppConfig


class QuietConfig(AppConfig):
    """Registers the models."""

    name = "server_stub.quiet"
