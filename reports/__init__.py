"""A screening made readable: summary, PDF, HTML."""
