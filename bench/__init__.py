"""Every speed figure that is quoted, one command each."""
