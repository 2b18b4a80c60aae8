"""`python -m conformance` is `relay-harness`."""

from conformance.cli import main

if __name__ == "__main__":
    main()
