"""The plain types that everything speaks in; they do nothing to the world."""
