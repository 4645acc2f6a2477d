"""How long what is kept stays: by class and age, and never removed before it was shown."""
