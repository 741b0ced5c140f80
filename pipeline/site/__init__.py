"""The published atlas."""
