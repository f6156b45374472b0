"""Requests that an input schema allows, made by rule and by chance, and the same again for the same seed."""
