"""JSON, YAML, notebooks and templates that have other programs run something."""

import json
from typing import Any

from tests.scans.evil.graphs import JINJA
from tests.scans.evil.specimen import RAN, SOURCE, Evil

CELL: dict[str, Any] = {
    "cell_type": "code",
    "source": [SOURCE],
    "metadata": {},
    "outputs": [],
    "execution_count": None,
}
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [CELL]}


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


_APPLY = "python/object/apply"
_HIDDEN = f"object/apply:os.mkdir [{RAN}]"
YAML = {
    "python/object/apply": f"a: !!python/object/apply:os.mkdir [{RAN}]\n",
    "python/object/new": f"a: !!python/object/new:os.mkdir\n  args: [{RAN}]\n",
    "python/name": f"a: !!{_APPLY}:list [!!{_APPLY}:map [!!python/name:os.mkdir '', [{RAN}]]]\n",
    "python/module": f"a: !!python/module:os\nb: !!python/object/apply:os.mkdir [{RAN}]\n",
    "a whole tag": f"a: !<tag:yaml.org,2002:python/object/apply:os.mkdir> [{RAN}]\n",
    "a tag in escapes": f"a: !!%70ython/object/apply:os.mkdir [{RAN}]\n",
    "a whole tag in escapes": f"a: !<tag:yaml.org,2002:%70ython/object/apply:os.mkdir> [{RAN}]\n",
    "a tag with its middle in escapes": f"a: !!python%2Fobject/apply:os.mkdir [{RAN}]\n",
    "a tag by a prefix": f"%TAG !e! tag:yaml.org,2002:python/object/\n---\na: !e!apply:os.mkdir [{RAN}]\n",
    "a tag by a prefix in escapes": f"%TAG !e! tag:yaml.org,2002:pytho%6e/\n---\na: !e!{_HIDDEN}\n",
    "a tag behind another line's end": f"# x\r%TAG !e! tag:yaml.org,2002:pytho%6e/\r---\ra: !e!{_HIDDEN}\r",
    "a tag behind a byte order mark": f"\ufeffa: !!python/object/apply:os.mkdir [{RAN}]\n",
    "a tag in a comment's shadow": f"# only settings\n\n\na: 1\nb: !!{_APPLY}:os.mkdir [{RAN}]\n",
}
HYDRA = {
    "_target_": f"_target_: os.mkdir\n_args_: [{RAN}]\n",
    "_target_ in quotes": f'"_target_": "os.mkdir"\n_args_: [{RAN}]\n',
    "_target_ in escapes": f'"_targ\\x65t_": os.mkdir\n_args_: [{RAN}]\n',
    "_target_ by an alias": f"x: &t _target_\n*t : os.mkdir\n_args_: [{RAN}]\n",
    "_target_ as a long key": f"? _target_\n: os.mkdir\n_args_: [{RAN}]\n",
    "_target_ on a line of its own": f"_target_:\n  os.mkdir\n_args_: [{RAN}]\n",
    "_target_ with a comment": f"_target_: os.mkdir # harmless\n_args_: [{RAN}]\n",
    "_target_ in one line": f"{{_target_: os.mkdir, _args_: [{RAN}]}}\n",
    "_target_ with a tag": f"_target_: !!str os.mkdir\n_args_: [{RAN}]\n",
    "_target_ in JSON": json.dumps({"_target_": "os.mkdir", "_args_": [RAN]}),
    "_target_ in JSON with escapes": json.dumps({"_target_": "os.mkdir", "_args_": [RAN]}).replace(
        "_t", "\\u005ft"
    ),
}
JSON = {
    "auto_map": {"auto_map": {"AutoModel": "modeling.Evil"}},
    "auto_map to another repository": {"auto_map": {"AutoModel": "evil/repository--modeling.Evil"}},
    "auto_map in a list": {"auto_map": {"AutoTokenizer": ["tokenizing.Slow", None]}},
    "auto_map deep inside": {"text_config": {"auto_map": {"AutoConfig": "configuration.Evil"}}},
    "trust_remote_code": {"model_type": "bert", "trust_remote_code": True},
    "custom_pipelines": {"custom_pipelines": {"x": {"impl": "pipeline.Evil", "pt": ["AutoModel"]}}},
    "a tokenizer's template": {"chat_template": JINJA["cycler"]},
    "one of a tokenizer's templates": {"chat_template": [{"name": "tool_use", "template": JINJA["lipsum"]}]},
    "a module of sentence-transformers": [{"idx": 0, "name": "0", "path": "", "type": "os.path"}],
    "a module of sentence-transformers without its number": [
        {"name": "0", "path": "", "type": "planted.Evil"}
    ],
    "an activation of a cross-encoder": {"sbert_ce_default_activation_function": "os.abort"},
    "an activation of a newer cross-encoder": {"sentence_transformers": {"activation_fn": "os.abort"}},
    "a library of an adapter": {"auto_mapping": {"base_model_class": "Evil", "parent_library": "planted"}},
    "a pipeline's own part": {"_class_name": ["pipeline", "Evil"], "unet": ["planted", "Evil"]},
    "a key that is there twice": {"auto_map": {}},
    "a notebook": NOTEBOOK,
    "a generation with code": {"custom_generate": "evil/repository", "trust_remote_code": True},
}


def files() -> list[Evil]:
    written = {name: dumped(value) for name, value in JSON.items()}
    written["a key that is there twice"] = (
        b'{"auto_map": {}, "model_type": "x", "auto_map": {"AutoModel": "m.E"}}'
    )
    written["auto_map in escapes"] = b'{"auto\\u005fmap": {"AutoModel": "modeling.Evil"}}'
    written["auto_map behind a byte order mark"] = b"\xef\xbb\xbf" + dumped(JSON["auto_map"])
    written["auto_map and a comment"] = dumped(JSON["auto_map"]) + b"\n// nothing here\n"
    written["auto_map in UTF-16"] = json.dumps(JSON["auto_map"]).encode("utf-16")
    written["auto_map beside what is no number"] = b'{"x": NaN, "auto_map": {"AutoModel": "modeling.Evil"}}'
    return [
        *(Evil(f"YAML: {name}", text.encode(), "yaml", "model/config.yaml") for name, text in YAML.items()),
        *(
            Evil(f"Hydra: {name}", text.encode(), "hydra", "model/config.yaml")
            for name, text in HYDRA.items()
        ),
        *(Evil(f"JSON: {name}", content, path="model/config.json") for name, content in written.items()),
        Evil("a notebook that runs", dumped(NOTEBOOK), "notebook", "model/train.ipynb"),
        Evil("a notebook with another suffix", dumped(NOTEBOOK), "notebook", "model/train.txt"),
    ]
