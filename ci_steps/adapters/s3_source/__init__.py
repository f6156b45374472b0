"""`s3://bucket/prefix`: models in a bucket."""

from ci_steps.adapters.s3_source.source import S3Source

__all__ = ["S3Source"]
