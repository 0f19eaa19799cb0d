"""References to what students receive."""
