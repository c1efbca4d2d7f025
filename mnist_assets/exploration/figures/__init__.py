"""Pictures of the dataset: its digits and classes, and how grey they are."""
