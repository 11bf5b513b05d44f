"""`python -m relay`: the command `relay`."""

from relay.service import main

if __name__ == "__main__":
    main()
