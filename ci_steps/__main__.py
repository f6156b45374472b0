"""`python -m ci_steps STEP`."""

from ci_steps.cli import main

if __name__ == "__main__":
    main()
