"""The ledger and the control plane on disk. The only package that speaks SQL."""
