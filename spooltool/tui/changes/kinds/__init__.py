"""A change a file; each defines CHANGE, and is found by being here."""
