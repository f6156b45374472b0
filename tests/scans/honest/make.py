"""Makes the samples beside it: `python make.py FOLDER [GROUP...]`, where the libraries are installed.

The groups are the functions of :data:`GROUPS`. Each sample's libraries and their versions are
noted in versions.json. The samples are committed, so that the tests need none of the libraries;
made again they differ in times and identifiers, not in form.
"""

import json
import os
import pickle
import platform
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 3)).round(2)
Y = (X[:, 0] + X[:, 1] > 0).astype(int)
WORDS = [f"word{n % 9} other{n % 7} {'good' if n % 2 else 'bad'}" for n in range(40)]
LABELS = np.array(["positive" if n % 2 else "negative" for n in range(40)], dtype=object)
TREES = {"n_estimators": 2, "max_depth": 2, "random_state": 0}


def estimators(folder: Path) -> None:
    joblib = import_module("joblib")
    for name, model in (_classifiers() | _composed()).items():
        joblib.dump(model, folder / f"{name}.joblib")


def _classifiers() -> dict[str, Any]:
    ensemble, linear = import_module("sklearn.ensemble"), import_module("sklearn.linear_model")
    neighbors, svm = import_module("sklearn.neighbors"), import_module("sklearn.svm")
    return {
        "logistic": linear.LogisticRegression().fit(X, Y),
        "ridge": linear.Ridge().fit(X, X[:, 0]),
        "forest": ensemble.RandomForestClassifier(**TREES).fit(X, Y),
        "gradient-boosting": ensemble.GradientBoostingClassifier(**TREES).fit(X, Y),
        "hist-boosting": ensemble.HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4).fit(X, Y),
        "isolation-forest": ensemble.IsolationForest(n_estimators=2, max_samples=16, random_state=0).fit(X),
        "svc": svm.SVC().fit(X, Y),
        "neighbours": neighbors.KNeighborsClassifier(algorithm="kd_tree").fit(X, Y),
        "naive-bayes": import_module("sklearn.naive_bayes").GaussianNB().fit(X, Y),
        "clusters": import_module("sklearn.cluster").KMeans(2, n_init=1, random_state=0).fit(X),
        "mixture": import_module("sklearn.mixture").GaussianMixture(2, random_state=0).fit(X),
        "process": import_module("sklearn.gaussian_process").GaussianProcessRegressor().fit(X, X[:, 0]),
        "mlp": import_module("sklearn.neural_network")
        .MLPClassifier((4,), max_iter=2, random_state=0)
        .fit(X, Y),
    }


def _composed() -> dict[str, Any]:
    pandas, compose = import_module("pandas"), import_module("sklearn.compose")
    ensemble, linear = import_module("sklearn.ensemble"), import_module("sklearn.linear_model")
    scaled, pipeline = import_module("sklearn.preprocessing"), import_module("sklearn.pipeline")
    search = import_module("sklearn.model_selection").GridSearchCV
    frame = pandas.DataFrame({"x": X[:, 0], "word": [word.split()[0] for word in WORDS]})
    columns = compose.ColumnTransformer([("x", scaled.StandardScaler(), ["x"])], remainder="drop")
    named = compose.ColumnTransformer(
        [("x", scaled.StandardScaler(), ["x"]), ("word", scaled.OneHotEncoder(), ["word"])]
    )
    two = [("a", linear.LogisticRegression()), ("b", import_module("sklearn.naive_bayes").GaussianNB())]
    logged = scaled.FunctionTransformer(np.log1p)
    tfidf = import_module("sklearn.feature_extraction.text").TfidfVectorizer
    return {
        "tfidf": pipeline.make_pipeline(tfidf(), linear.LogisticRegression()).fit(WORDS, LABELS),
        "columns": pipeline.make_pipeline(columns, linear.LogisticRegression()).fit(frame, Y),
        "columns-words": pipeline.make_pipeline(named, linear.LogisticRegression()).fit(frame, LABELS),
        "calibrated": import_module("sklearn.calibration")
        .CalibratedClassifierCV(linear.LogisticRegression(), cv=2)
        .fit(X, Y),
        "voting": ensemble.VotingClassifier(two).fit(X, Y),
        "stacking": ensemble.StackingClassifier(two, cv=2).fit(X, Y),
        "searched": search(linear.LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(X, Y),
        "transformed": pipeline.make_pipeline(logged, linear.Ridge()).fit(np.abs(X), X[:, 0]),
    }


def packed(folder: Path) -> None:
    joblib = import_module("joblib")
    model = _composed()["tfidf"]
    for kind in ("zlib", "gzip", "bz2", "xz", "lzma", "lz4"):
        joblib.dump(model, folder / f"tfidf-{kind}.joblib", compress=(kind, 3))
    for protocol in range(6):
        (folder / f"tfidf-{protocol}.pkl").write_bytes(pickle.dumps(model, protocol=protocol))


def skops(folder: Path) -> None:
    dump, models = import_module("skops.io").dump, _classifiers() | _composed()
    for name in ("forest", "hist-boosting", "columns", "svc", "tfidf"):
        dump(models[name], folder / f"{name}.skops", compression=8)


def wrapped(folder: Path) -> None:
    joblib = import_module("joblib")
    lightgbm, xgboost, catboost = map(import_module, ("lightgbm", "xgboost", "catboost"))
    trees = lightgbm.LGBMClassifier(n_estimators=2, num_leaves=3, verbose=-1, min_child_samples=2)
    joblib.dump(trees.fit(X, Y), folder / "lightgbm.joblib")
    joblib.dump(xgboost.XGBClassifier(n_estimators=2, max_depth=2).fit(X, Y), folder / "xgboost.joblib")
    cats = catboost.CatBoostClassifier(iterations=2, depth=2, verbose=False, allow_writing_files=False)
    joblib.dump(cats.fit(X, Y), folder / "catboost.joblib")
    words = [f"{word}\t{n}" for n, word in enumerate(WORDS)]
    regression = lightgbm.train(
        {"verbose": -1, "num_leaves": 3, "objective": "regression"},
        lightgbm.Dataset(X, X[:, 0], feature_name=["a", "b", words[0].split()[0]]),
        num_boost_round=2,
    )
    regression.save_model(folder / "lightgbm-regression.txt")


def onnx(folder: Path) -> None:
    to_onnx = import_module("skl2onnx").to_onnx
    models = _classifiers()
    for name in ("forest", "mlp", "svc", "clusters"):
        (folder / f"{name}.onnx").write_bytes(to_onnx(models[name], X[:1]).SerializeToString())


def keras(folder: Path) -> None:
    os.environ.setdefault("KERAS_BACKEND", "jax")
    library = import_module("keras")
    layers = library.layers
    taken = layers.Input((4, 2))
    hidden = layers.Dropout(0.1)(layers.LayerNormalization()(layers.LSTM(2)(taken)))
    model = library.Model(taken, layers.Dense(2, activation="softmax")(hidden))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.save(folder / "recurrent.keras")


def statistics(folder: Path) -> None:
    linear = import_module("statsmodels.regression.linear_model").OLS(X[:, 0], X[:, 1:]).fit()
    linear.remove_data()
    linear.save(folder / "ols.pkl")


def arrays(folder: Path) -> None:
    sparse, pandas = import_module("scipy.sparse"), import_module("pandas")
    np.save(folder / "weights.npy", X)
    np.savez(folder / "weights.npz", a=X, b=np.array(WORDS[:3]))
    np.savez_compressed(folder / "weights-packed.npz", a=X, b=Y)
    sparse.save_npz(folder / "sparse.npz", sparse.csr_matrix(np.where(X > 1, X, 0)))
    np.save(folder / "labels.npy", LABELS, allow_pickle=True)
    frame = pandas.DataFrame(
        {"x": X[:, 0], "word": WORDS, "day": pandas.date_range("2026-01-01", periods=40)}
    )
    frame["kind"] = pandas.Categorical(LABELS)
    frame.to_pickle(folder / "frame.pkl")


def tokens(folder: Path) -> None:
    library = import_module("tokenizers")
    tokenizer = library.Tokenizer(library.models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = library.pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(WORDS, library.trainers.BpeTrainer(vocab_size=60, special_tokens=["[UNK]"]))
    tokenizer.save(str(folder / "tokenizer.json"))


def torch(folder: Path) -> None:
    library = import_module("torch")
    library.manual_seed(0)
    nn = library.nn
    net = nn.Sequential(nn.Conv1d(1, 2, 2), nn.BatchNorm1d(2), nn.Flatten(), nn.Dropout(), nn.Linear(4, 2))
    library.save(net, folder / "convolution.pt")
    library.save(net.half().state_dict(), folder / "half.pt")
    adam = library.optim.Adam(net.parameters())
    library.save(
        {"model": net.state_dict(), "optimizer": adam.state_dict(), "epoch": 3}, folder / "checkpoint.pt"
    )
    recurrent = nn.Sequential(nn.Embedding(5, 2), nn.GRU(2, 2))
    library.save(
        recurrent.state_dict(), folder / "recurrent-legacy.pth", _use_new_zipfile_serialization=False
    )


GROUPS: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "estimators": (estimators, ("scikit-learn", "joblib", "numpy", "pandas")),
    "packed": (packed, ("scikit-learn", "joblib", "numpy", "lz4")),
    "skops": (skops, ("skops", "scikit-learn", "numpy")),
    "wrapped": (wrapped, ("lightgbm", "xgboost-cpu", "catboost", "scikit-learn", "joblib")),
    "onnx": (onnx, ("skl2onnx", "onnx", "scikit-learn")),
    "keras": (keras, ("keras", "jax", "h5py")),
    "statistics": (statistics, ("statsmodels", "patsy", "pandas", "numpy")),
    "arrays": (arrays, ("numpy", "scipy", "pandas")),
    "tokens": (tokens, ("tokenizers",)),
    "torch": (torch, ()),
}


def made(folder: Path, group: str) -> dict[str, dict[str, str]]:
    """Return what each new sample of the group was made with."""
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    make, libraries = GROUPS[group]
    make(folder)
    used = {"python": platform.python_version()} | {name: version(name) for name in libraries}
    if group == "torch":
        used |= {"torch": import_module("torch").__version__, "numpy": np.__version__}
    return {
        path.name: used for path in sorted(folder.iterdir()) if before.get(path) != path.stat().st_mtime_ns
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    target, wanted = Path(sys.argv[1]), sys.argv[2:]
    notes = Path(__file__).parent / "versions.json"
    for chosen in wanted or GROUPS:
        known = json.loads(notes.read_text()) if notes.exists() else {}
        notes.write_text(json.dumps(dict(sorted((known | made(target, chosen)).items())), indent=1) + "\n")
