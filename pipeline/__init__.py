"""Feature-visualisation atlases of convolutional networks, one gradient ascent per filter."""

import os
import signal
import sys

__version__ = "0.1.0"

# `python -m` is about to import a command. Until that is done there is nothing to clean up, and Ctrl-C ends it without
# a traceback; `errors.run` takes over.
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# A job is one core's work. What NumPy multiplies by it multiplies on one thread, however many cores there are: several
# add up in another order, and where all cores are busy they wait for one another (eigenvectors of twelve kernels of
# VGG16 took 40 processor seconds beside two workers in place of 3.4). The libraries read this when NumPy is loaded.
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"))
