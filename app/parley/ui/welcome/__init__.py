"""What a new chat shows, and the first steps to a model."""
