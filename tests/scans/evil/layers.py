"""Keras's files, new and old, and HDF5 itself."""

import base64
import io
import json
import marshal
from typing import Any

import h5py  # type: ignore[import-untyped,unused-ignore]  # has no types
import numpy as np

from tests.scans.evil.specimen import RAN, SOURCE, TRAP, Evil, zipped

BYTECODE = base64.b64encode(marshal.dumps((lambda rows: rows).__code__)).decode()
LAMBDA = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "registered_name": None,
    "config": {"name": "x", "function": {"class_name": "__lambda__", "config": {"code": BYTECODE}}},
}


def h5(write: Any, **attributes: Any) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w", track_order=False) as archive:
        for name, value in attributes.items():
            archive.attrs[name] = value
        write(archive)
    return file.getvalue()


def nothing(_: Any) -> None:
    pass


WEIGHTS = h5(lambda archive: archive.create_dataset("w", data=np.ones(3)))


def model(*layers: dict[str, Any]) -> dict[str, Any]:
    return {
        "module": "keras",
        "class_name": "Sequential",
        "registered_name": None,
        "config": {"name": "sequential", "layers": list(layers)},
    }


def layer(module: Any, name: str, config: Any = None, registered: Any = None) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config or {}, "registered_name": registered}


def function(module: str, name: str) -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def keras(config: Any, **others: bytes) -> bytes:
    members = {"metadata.json": b'{"keras_version": "3.15.1"}', "config.json": json.dumps(config).encode()}
    return zipped(
        members | {"model.weights.h5": WEIGHTS} | {k.replace("__", "/"): v for k, v in others.items()}
    )


DENSE = layer("keras.layers", "Dense", {"units": 1})
CONFIGS = {
    "a Lambda": model(LAMBDA),
    "a Lambda in a wrapper": model(layer("keras.layers", "TimeDistributed", {"layer": LAMBDA})),
    "a Lambda by another module": model(
        layer("keras.src.layers.core.lambda_layer", "Lambda", LAMBDA["config"])
    ),
    "a Lambda of the old kind": model(
        {"class_name": "Lambda", "config": {"function": [BYTECODE, None, None]}}
    ),
    "a Lambda of TensorFlow's": model({"class_name": "TFOpLambda", "config": {"function": "io.write_file"}}),
    "a lambda as an activation": model(
        layer(
            "keras.layers",
            "Dense",
            {"activation": {"class_name": "__lambda__", "config": {"code": BYTECODE}}},
        )
    ),
    "a function of os": model(layer("keras.layers", "Dense", {"activation": function("os", "system")})),
    "a function of builtins": model(
        layer("keras.layers", "Dense", {"activation": function("builtins", "eval")})
    ),
    "a function that fetches": model(
        layer("keras.layers", "Dense", {"activation": function("keras.utils", "get_file")})
    ),
    "a function by its long name": model(
        layer("keras.layers", "Dense", {"activation": function("keras.src.utils.file_utils", "get_file")})
    ),
    "a class of the model's own": model(layer("planted", "Evil")),
    "a class of another library": model(layer("subprocess", "Popen", {"args": ["mkdir", RAN]})),
    "a class by its registered name": model(layer(None, "Evil", registered="package>Evil")),
    "a class with a private name": model(layer("keras.layers", "_Evil")),
    "a torch module": model(layer("keras.layers", "TorchModuleWrapper", {"module": "x"})),
    "a SavedModel as a layer": model(layer("keras.layers", "TFSMLayer", {"filepath": "/tmp/x"})),
    "a JAX layer": model(layer("keras.layers", "JaxLayer", {"call_fn": function("os", "system")})),
    "a vocabulary from a file": model(layer("keras.layers", "StringLookup", {"vocabulary": "/etc/passwd"})),
    "a loss from os": model(DENSE) | {"compile_config": {"loss": function("os", "system")}},
    "an optimizer from elsewhere": model(DENSE) | {"compile_config": {"optimizer": layer("planted", "Evil")}},
    "an object of an unknown kind": model({"class_name": "__typespec__", "config": {"spec_name": "x"}}),
    "a module that is no name": model(layer(["os"], "System")),
}
ARCHIVES = {
    "a pickle beside the weights": keras(model(DENSE), assets__x=TRAP),
    "Python beside the weights": keras(model(DENSE), **{"assets__x.py": SOURCE.encode()}),
    "npz weights with a pickle": zipped(
        {
            "metadata.json": b"{}",
            "config.json": json.dumps(model(DENSE)).encode(),
            "model.weights.npz": zipped({"a.npy": TRAP}),
        }
    ),
    "two configurations": keras(model(DENSE)).replace(b"metadata.json", b"config.json\0\0"),
    "no configuration": keras({"layers": [LAMBDA]}),
    "a configuration in escapes": zipped(
        {
            "metadata.json": b"{}",
            "config.json": json.dumps(model(LAMBDA)).replace("Lambda", "L\\u0061mbda").encode(),
            "model.weights.h5": WEIGHTS,
        }
    ),
}


def outside(archive: Any) -> None:
    archive["x"] = h5py.ExternalLink("/etc/passwd", "/")


def elsewhere(archive: Any) -> None:
    archive.create_dataset("x", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def virtual(archive: Any) -> None:
    layout = h5py.VirtualLayout((4,), "u1")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    archive.create_virtual_dataset("x", layout)


def plugged(archive: Any) -> None:
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((4,))
    creation.set_filter(40000, h5py.h5z.FLAG_OPTIONAL)
    space = h5py.h5s.create_simple((4,))
    h5py.h5d.create(archive.id, b"x", h5py.h5t.NATIVE_INT32, space, creation)


HDF5 = {
    "a Lambda in model_config": h5(nothing, model_config=json.dumps(model(LAMBDA))),
    "a Lambda in escapes": h5(nothing, model_config=json.dumps(model(LAMBDA)).replace("La", "\\u004ca")),
    "a Lambda in an attribute of bytes": h5(
        nothing, model_config=np.bytes_(json.dumps(model(LAMBDA)).encode())
    ),
    "a Lambda in the training": h5(nothing, training_config=json.dumps({"loss": function("os", "system")})),
    "a configuration that is no JSON": h5(nothing, model_config="{'class_name': 'Lambda'}"),
    "a pickle in an attribute": h5(nothing, state=np.void(TRAP)),
    "a pickle of text in an attribute": h5(nothing, CLASS="cposix\nmkdir\n(S'ran'\ntR."),
    "a pickle in a dataset of texts": h5(
        lambda archive: archive.create_dataset("x", data=["cposix\nmkdir\n(S'ran'\ntR."])
    ),
    "an object in a dataset": h5(lambda archive: archive.create_dataset("x", data=np.void(TRAP))),
    "a link into another file": h5(outside),
    "a dataset in another file": h5(elsewhere),
    "a virtual dataset": h5(virtual),
    "a filter from a plug-in": h5(plugged),
    "a Lambda deep in its groups": h5(
        lambda archive: archive.create_group("a/b").attrs.create("model_config", json.dumps(model(LAMBDA)))
    ),
    "a pickle behind HDF5": WEIGHTS + TRAP,
    "a pickle in front of HDF5": TRAP.ljust(512, b"\0") + WEIGHTS,
    "a text in front of HDF5": b"harmless\n".ljust(512) + WEIGHTS,
    "HDF5 that is cut off": WEIGHTS[:-100],
    "HDF5 of an unknown version": WEIGHTS[:8] + b"\x09" + WEIGHTS[9:],
}


def files() -> list[Evil]:
    return [
        *(Evil(name, keras(config), path="model/model.keras") for name, config in CONFIGS.items()),
        *(
            Evil(f"{name}, as JSON", json.dumps(config).encode(), path="model/config.json")
            for name, config in CONFIGS.items()
            if "compile_config" not in config
        ),
        *(Evil(name, content, path="model/model.keras") for name, content in ARCHIVES.items()),
        *(Evil(name, content, path="model/model.h5") for name, content in HDF5.items()),
    ]
