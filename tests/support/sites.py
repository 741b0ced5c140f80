"""The small atlas that most tests of the site are about."""

# Filters by layer: the network's first layer, its second, and a deep one with gaps.
NUMBERS = {"block1_conv1": [0, 9, 63], "block1_conv2": [0, 1, 2, 3], "block3_conv1": [7, 36, 159]}
# Where it is published.
BASE = "https://example.org/atlas"
