"""Working stand-ins for the ports; `contracts/` holds each to what the real one does."""
