"""The staff pages' template tags."""
