"""Quality: what is a network's accuracy worth, and which labels look wrong?

Reads networks, predictions and the test part. Makes `evaluation/<name>_quality`, `…_mistakes` and
`…_robustness`, and `evaluation/label_errors` from the training part.
"""
