"""The Django application of this package."""

from django.apps import AppConfig


class SlaConfig(AppConfig):
    """Registers the models."""

    name = "server_stub.sla"
