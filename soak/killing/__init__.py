"""Faults, calls and the disk of ``soak/kill.py``."""
