"""The Django application of this package."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Registers the one model: answers kept for whoever asks again."""

    name = "server_stub.api"
