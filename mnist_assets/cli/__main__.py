"""`python -m mnist_assets.cli`: the command line where its script is not installed."""

from mnist_assets.cli.main import main

if __name__ == "__main__":  # processes of a study import this module, too
    main()
