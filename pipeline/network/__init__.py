"""What a convolutional network is, and what it answers to an image."""
