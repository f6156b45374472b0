"""`s3://bucket/prefix`: models in a bucket. Importing it loads boto3, which takes a third of a second."""

from ci_steps.adapters.s3_source.source import S3Source

__all__ = ["S3Source"]
