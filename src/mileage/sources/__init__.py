"""Where usage comes from: one module a source; see ``base.Source``."""
