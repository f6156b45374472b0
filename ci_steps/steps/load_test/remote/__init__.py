"""Workers on other machines: they join over one encrypted connection each, which carries all they need."""
