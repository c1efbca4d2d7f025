"""What all figures share: style, layout, tiles of images."""
