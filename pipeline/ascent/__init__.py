"""Gradient ascent on an image, in four modules that know nothing of each other.

`parameterisation` is what is optimised, `objective` what is maximised, `transform` what it must be robust to, and
`optimise` the loop over the three; `recipe` names the settings of all of them, and `batch` keeps
the images of a batch apart.
"""
