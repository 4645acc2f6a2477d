"""Device routes: what agents and trays send, before Django's middleware."""
