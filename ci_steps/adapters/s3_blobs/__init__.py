"""Named bytes in a bucket. Importing it loads boto3, which takes a third of a second."""

from ci_steps.adapters.s3_blobs.blobs import S3Blobs

__all__ = ["S3Blobs"]
