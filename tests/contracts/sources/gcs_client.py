"""Publish and take away with Google's own client. A script for the Python of its environment.

Each line of its input is [verb, bucket, {object: base64}], where the verb is put or delete; it says
when it is done.
"""

import base64
import json
import sys
from importlib import import_module
from typing import Any


def main() -> None:
    # In the server's environment; that of the tests has a part of Google's packages, and no types of them.
    conflict: Any = import_module("google.api_core.exceptions").Conflict
    anonymous: Any = import_module("google.auth.credentials").AnonymousCredentials
    storage: Any = import_module("google.cloud.storage")
    client = storage.Client(project="tests", credentials=anonymous())
    for line in sys.stdin:
        verb, name, contents = json.loads(line)
        try:
            bucket = client.create_bucket(name)
        except conflict:
            bucket = client.bucket(name)
        for each, content in contents.items():
            if verb == "put":
                bucket.blob(each).upload_from_string(base64.b64decode(content), "application/octet-stream")
            else:
                bucket.blob(each).delete()
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
