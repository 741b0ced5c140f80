"""What of an atlas is there, and whether it is right."""
