"""What runs inside a released image: one model behind HTTP, which can always say what it is."""
