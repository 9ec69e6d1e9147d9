"""`python -m hocket`: which versions are here, what hocket uses, and how fast event loops are on this machine."""
