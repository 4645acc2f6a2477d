"""The Django application of this package."""

from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    """Registers the models."""

    name = "server_stub.knowledge"
