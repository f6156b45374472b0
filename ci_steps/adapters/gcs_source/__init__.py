"""`gs://bucket/prefix`: a model in Google Cloud Storage, asked by its JSON interface.

Google's client for it takes half a second to import and brings a dozen packages; who asks is told by
google-auth alone, which knows all the kinds of credentials that there are.
"""

from ci_steps.adapters.gcs_source.source import GcsSource

__all__ = ["GcsSource"]
