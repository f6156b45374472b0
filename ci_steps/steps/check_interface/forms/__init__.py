"""What a JSON schema says, as a formula over values."""
