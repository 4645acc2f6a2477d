"""The Django application of this package."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """Registers the models."""

    name = "server_stub.retention"
