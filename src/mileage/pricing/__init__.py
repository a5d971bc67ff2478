"""Prices: what a call cost at its time. Pure: tokens times a dated price."""
