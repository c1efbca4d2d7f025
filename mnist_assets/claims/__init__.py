"""Claims: is what the notebook says true? Each of its statements, with a verdict from the graph.

Reads the dataset, exploration, preparation, and each of the notebook's networks with its history,
predictions and evaluation; makes `report/claims`, a table of one row a statement.

A claim is one function (or one row of a table) in the module of its section, below `sections/`:
its words, its place and its figure are the decorator's, what it is held against is what the
function yields. To add one, write it where it stands in the notebook; nothing else is to be done.

    @similar("code", "if (best - img).mean() < 10^-5", 1e-5, shown="10⁻⁵")
    def nearest_threshold(_: Graph) -> Evidence:
        yield when_run("its expression evaluated", 10 ^ -5)

What the notebook prints is `notebook.py`; how a figure is held against another, `rules.py`; what
comes of that, `claim.py`; what the report shows of it, `table.py`.
"""
