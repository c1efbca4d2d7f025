"""Claims: is what the notebook says true? Each of its statements, with a verdict from the graph.

Reads the dataset, exploration, preparation, and of each of the notebook's networks its history,
predictions and evaluation; makes `report/claims`, a table of one row a statement.

A claim stands once, in the module of its section, below `sections/`: a decorator with its words,
verbatim, its figure and how it is read, over a function that yields what it is held against, its
own output (`own`), its procedure when run (`run`) or what is found here (`here`). To add one, write
it where it stands in the notebook; nothing else is to be done.

    @grey.figure("centered around 28", 28)
    @read_as("a median within 2 grey levels")
    def centred_around_28(graph: Graph) -> Evidence:
        yield here("median of all images", float(np.median(_means(graph))), Within(2))

What the notebook prints is `notebook.py`; how a figure is held against another, `rules.py`; what
comes of that, `claim.py`; what is measured alike of several networks, `networks.py`; what the
report shows, `table.py` and `facts.py`.
"""
