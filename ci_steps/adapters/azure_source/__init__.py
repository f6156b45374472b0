"""`azure://account/container/prefix`: a model in Azure's Blob service, asked by its REST interface.

Microsoft's client for it is 20 MB with what it needs, and takes half a second to import; what a model needs
of the service is one listing and signed GETs.
"""

from ci_steps.adapters.azure_source.source import AzureSource

__all__ = ["AzureSource"]
