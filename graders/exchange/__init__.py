"""What crosses the platform's border: submissions in, gradebooks out."""
