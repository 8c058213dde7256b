"""``python -m pulumi_poetry_layer`` runs the command line."""

import sys

from pulumi_poetry_layer.cli import main

if __name__ == "__main__":
    sys.exit(main())
