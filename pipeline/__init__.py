"""Feature-visualisation atlases of convolutional networks, one gradient ascent per filter."""

import os

__version__ = "0.1.0"

# A job is one core's work. What NumPy multiplies by it multiplies on one thread, however many cores there are: several
# add up in another order, and where all cores are busy they wait for one another (eigenvectors of twelve kernels of
# VGG16 took 40 processor seconds beside two workers in place of 3.4). The libraries read this when NumPy is loaded.
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"))
