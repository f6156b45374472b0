"""Named bytes in a bucket."""

from ci_steps.adapters.s3_blobs.blobs import S3Blobs

__all__ = ["S3Blobs"]
