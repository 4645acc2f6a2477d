"""How long each class is kept; what has no row is kept for ever."""

from django.db import models


class Keep(models.Model):
    """One class is kept for ``days``.

    ``rehearsed_at`` is when a dry run last showed what that removes; without one nothing is
    removed.
    """

    what = models.CharField(max_length=16, primary_key=True)
    days = models.IntegerField()
    set_at = models.DateTimeField()
    rehearsed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Return class and age."""
        return f"{self.what}: {self.days} days"
