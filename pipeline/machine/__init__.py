"""What this machine renders on, how precisely, and TensorFlow started so."""
