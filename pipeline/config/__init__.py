"""What the user may say, whether it is right, and the plan that follows from it."""
