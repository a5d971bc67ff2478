"""Builds everything once: the only place where the parts meet."""
