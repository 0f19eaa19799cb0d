"""The only SQL and the only blobs."""
