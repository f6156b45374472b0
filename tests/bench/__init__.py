"""Speed, as ratios to a peer or a limit, from interleaved runs: `make bench` prints the table."""
