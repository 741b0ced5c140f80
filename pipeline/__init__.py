"""Feature-visualisation atlases of convolutional networks, one gradient ascent per filter."""

__version__ = "0.1.0"
