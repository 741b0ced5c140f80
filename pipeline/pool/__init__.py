"""A job's way to a warm worker."""
