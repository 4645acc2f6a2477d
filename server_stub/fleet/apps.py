"""The Django application of this package."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """Registers the models."""

    name = "server_stub.fleet"
