"""How filters are tuned: drawn gratings and flat colours are shown to the network, once for all layers."""
