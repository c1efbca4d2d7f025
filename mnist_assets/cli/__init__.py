"""The command line, `mnist-assets`: the graph without the web UI."""
