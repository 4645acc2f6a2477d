"""What people did: kept for good, sealed in a chain, and verified."""
