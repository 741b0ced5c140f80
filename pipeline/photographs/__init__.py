"""The photographs that a network is shown: which they are, and what in them excites its filters."""
