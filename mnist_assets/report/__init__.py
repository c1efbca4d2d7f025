"""Report: one page to read instead of the notebook.

Reads what all other stages make. Makes `report/notebook`, and `report/page_network`, which answers
the page's drawing canvas. How it is told is in `templates/`.
"""
