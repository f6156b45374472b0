"""What Locust runs: the order, who conducts, and who sends. One code on every machine that takes part."""
