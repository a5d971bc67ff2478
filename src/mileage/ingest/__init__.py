"""From readings to the ledger: filter, write ahead, book, append."""
