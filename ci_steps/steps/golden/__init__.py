"""Golden rows, asked of whoever answers them: the raw model, a container, the live address."""
