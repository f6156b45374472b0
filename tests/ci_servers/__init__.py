"""Servers of our own that take only what Jenkins and GoCD document: neither can be had here.

What they hold requests to is in their files, with the pages and the sources it is from.
"""
