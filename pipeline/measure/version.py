"""Which measures the summaries of layers are made by."""

# Grows when what is measured, or how, changes: other views of a picture, another definition of an answer. What was
# measured differently is then told apart, and not compared. Rule `summary` names it among its parameters from 2 on, so
# that finished layers are measured anew; with 1 it would make them anew for nothing.
MEASURES = 1
