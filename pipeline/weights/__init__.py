"""A network's weights, from wherever they are, in one verified file."""
