"""How far to trust pictures: whether they take the way through the network that photographs take."""
