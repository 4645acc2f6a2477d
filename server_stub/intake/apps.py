"""Django's description of this app."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """What devices sent, and which of it was seen before."""

    name = "server_stub.intake"
