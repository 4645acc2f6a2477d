"""The Django application of this package."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Registers the models."""

    name = "server_stub.audit"
