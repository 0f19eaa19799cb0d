"""The toy assignment's hidden tests are the corpus's material, no tests of the platform."""

collect_ignore = ["assignment"]
