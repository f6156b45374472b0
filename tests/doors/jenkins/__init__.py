"""A Jenkins of its own that runs the Jenkinsfile: Groovy and a shell, and strict about every word."""
