"""One reader a format: each reads to the end, looks into everything that can hold code, and runs nothing."""
