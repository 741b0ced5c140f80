"""What each kind of page says, computed before anything is drawn."""
