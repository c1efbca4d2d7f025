"""Where values are kept, one file each, and in what format."""
