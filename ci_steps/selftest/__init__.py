"""Inputs that each gate must refuse, or must not decide, and the proof that it does."""
