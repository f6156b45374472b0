"""Makes the samples beside it: `python make.py FOLDER [GROUP...]`, where the libraries are installed.

The groups are boosters, onnx, keras, gguf, skops, safetensors and torch. The samples are
committed, so that the tests need none of the libraries; made again they differ in times and
identifiers, not in form.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from zipfile import ZIP_DEFLATED

import numpy as np

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 3))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)
CHAT = (
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message.content | trim }}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def boosters(folder: Path) -> None:
    lightgbm = import_module("lightgbm")
    xgboost = import_module("xgboost")
    CatBoostClassifier = import_module("catboost").CatBoostClassifier  # noqa: N806  # its own name

    booster = lightgbm.train({"verbose": -1, "num_leaves": 4}, lightgbm.Dataset(X, Y), num_boost_round=2)
    booster.save_model(folder / "lightgbm.txt")
    trees = xgboost.XGBClassifier(n_estimators=2, max_depth=2).fit(X, Y)
    for suffix in ("json", "ubj"):
        trees.save_model(folder / f"xgboost.{suffix}")
    cats = CatBoostClassifier(iterations=2, depth=2, verbose=False, allow_writing_files=False).fit(X, Y)
    cats.save_model(str(folder / "catboost.cbm"))
    cats.save_model(str(folder / "catboost.json"), format="json")
    colours = np.array(["red", "blue", "green", "black", "white", "grey"])[RANDOM.integers(0, 6, 200)]
    rows = [[float(n), str(colour)] for n, colour in enumerate(colours)]
    labels = [int(colour in {"red", "grey"}) ^ (n % 7 == 0) for n, (_, colour) in enumerate(rows)]
    named = CatBoostClassifier(
        iterations=2, depth=2, verbose=False, allow_writing_files=False, cat_features=[1], one_hot_max_size=2
    ).fit(rows, labels)
    named.save_model(str(folder / "catboost-categories.cbm"))


def onnx(folder: Path) -> None:
    library = import_module("onnx")
    outsourced = import_module("onnx.external_data_helper").convert_model_to_external_data
    to_onnx = import_module("skl2onnx").to_onnx
    linear = import_module("sklearn.linear_model")

    model = to_onnx(linear.LogisticRegression().fit(X, Y), X[:1])
    (folder / "linear.onnx").write_bytes(model.SerializeToString())
    weights = library.numpy_helper.from_array(RANDOM.normal(size=(3, 4)).astype("float32"), "w")
    ends = [
        library.helper.make_tensor_value_info(name, library.TensorProto.FLOAT, shape)
        for name, shape in (("x", [1, 3]), ("y", [1, 4]))
    ]
    node = library.helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = library.helper.make_graph([node], "graph", ends[:1], ends[1:], [weights])
    outside = library.helper.make_model(graph)
    outsourced(outside, location="outside.onnx.data", size_threshold=0)
    library.save(outside, folder / "outside.onnx")


def keras(folder: Path) -> None:
    os.environ.setdefault("KERAS_BACKEND", "jax")
    library = import_module("keras")

    layers = [library.layers.Input((3,)), *(library.layers.Dense(4, activation="relu") for _ in range(1))]
    model = library.Sequential([*layers, library.layers.Dense(1)])
    model.save(folder / "dense.keras")
    model.save(folder / "dense.h5")
    model.save_weights(folder / "dense.weights.h5")


def gguf(folder: Path) -> None:
    writer = import_module("gguf").GGUFWriter(folder / "tiny.gguf", "llama")
    writer.add_block_count(1)
    writer.add_context_length(8)
    writer.add_token_list(["<s>", "</s>", "a"])
    writer.add_float32("general.quality", 0.5)
    writer.add_bool("tokenizer.ggml.add_bos_token", True)
    writer.add_chat_template(CHAT)
    writer.add_tensor("token_embd.weight", np.ones((3, 4), np.float32))
    writer.add_tensor("output.weight", np.ones((3, 5), np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def skops(folder: Path) -> None:
    linear, scaled = import_module("sklearn.linear_model"), import_module("sklearn.preprocessing")
    steps = scaled.StandardScaler(), linear.LogisticRegression()
    model = import_module("sklearn.pipeline").make_pipeline(*steps).fit(X, Y)
    import_module("skops.io").dump(model, folder / "pipeline.skops", compression=ZIP_DEFLATED)


def safetensors(folder: Path) -> None:
    save_file = import_module("safetensors.numpy").save_file
    arrays = {"a": np.ones((2, 3), np.float32), "b": np.arange(5), "none": np.zeros((0, 2), np.float16)}
    save_file(arrays, folder / "arrays.safetensors", metadata={"format": "np"})


def torch(folder: Path) -> None:
    library = import_module("torch")
    library.manual_seed(0)
    net = library.nn.Sequential(library.nn.Linear(3, 2), library.nn.ReLU(), library.nn.Linear(2, 1))
    library.save(net.state_dict(), folder / "state.pt")
    library.save(net.state_dict(), folder / "state-legacy.pt", _use_new_zipfile_serialization=False)
    library.save(net, folder / "module.pt")
    library.jit.script(net).save(str(folder / "script.pt"))


GROUPS = (boosters, onnx, keras, gguf, skops, safetensors, torch)

if __name__ == "__main__":
    target, wanted = Path(sys.argv[1]), sys.argv[2:]
    for group in GROUPS:
        if not wanted or group.__name__ in wanted:
            group(target)
