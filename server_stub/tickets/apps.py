"""The Django application of this package."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    """Registers the models."""

    name = "server_stub.tickets"
