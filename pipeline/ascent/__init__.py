"""Gradient ascent on an image, in four rooms that know nothing of each other.

`parameterisation` is what is optimised, `objective` what is maximised, `transform` what it must be robust to, and
`optimise` the loop over the three; `recipe` names the settings of all of them.
"""

# Grows when the same settings give other pixels: finished pictures are then rendered anew. A change of comments,
# names or speed leaves it, so that an upgrade does not cost a user hours of rendering.
METHOD = 1
