"""What stands for a photograph where none is shown: grey from the middle of the range, and noise of this contrast."""

# Of values in [0, 1].
MID_GREY = 0.5
# Standard deviation of each channel, as a share of the range: that of natural photographs.
CONTRAST = 0.2
