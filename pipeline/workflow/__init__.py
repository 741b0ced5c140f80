"""What a run of the workflow asks while it goes on: cost, share, progress, cures."""
