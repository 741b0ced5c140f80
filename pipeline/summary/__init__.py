"""What the pictures of a layer prove, and those of all layers together."""
