"""Alembic's environment of the control plane; applied by ``opening``."""
