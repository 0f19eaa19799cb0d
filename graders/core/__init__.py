"""What every room shares: errors, records, configuration, messages and the wire format."""
