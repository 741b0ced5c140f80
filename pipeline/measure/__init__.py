"""How strongly filters answer, what that says of them, and what pictures and kernels look like."""
