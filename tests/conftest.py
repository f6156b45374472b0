"""What every test stands on."""

import signal

# A job in the background of a shell, as many a CI's, ignores Ctrl-C and hands that down to its children;
# the tests that interrupt them mean a person's terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
