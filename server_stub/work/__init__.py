"""Due work: what must be done at an instant, exactly once."""
