"""Networks: what does each declared network learn?

Reads training images, split and normalisation, and `networks.yaml`. Makes `networks/<name>`, which
takes raw pixels, and `…/<name>_history`, its epochs.
"""
