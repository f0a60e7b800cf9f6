"""`python -m kfood` is `kfood`."""

from kfood.cli.main import main

if __name__ == "__main__":
    main()
