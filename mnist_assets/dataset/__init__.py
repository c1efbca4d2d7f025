"""Dataset: what is in its files, and is it whole?

Reads the files where `source.py` finds them. Makes `dataset/train_images`, `…/train_labels`,
`…/test_images`, `…/test_labels` and `…/description`, verified together before any is stored.
"""
