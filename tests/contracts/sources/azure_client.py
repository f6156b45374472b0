"""Publish and take away with Azure's own client. A script for the Python of its environment.

Each line of its input is [verb, container, {blob: base64}], where the verb is put or delete; it says when it
is done.
"""

import base64
import json
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any


def main() -> None:
    # In the server's environment alone.
    exists: Any = import_module("azure.core.exceptions").ResourceExistsError
    client: Any = import_module("azure.storage.blob").BlobServiceClient
    service = client(os.environ["AZURE_STORAGE_BLOB_ENDPOINT"], credential=os.environ["AZURE_STORAGE_KEY"])
    for line in sys.stdin:
        verb, name, contents = json.loads(line)
        container = service.get_container_client(name)
        with suppress(exists):
            container.create_container()
        for blob, content in contents.items():
            if verb == "put":
                container.upload_blob(blob, base64.b64decode(content), overwrite=True)
            else:
                container.delete_blob(blob)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
