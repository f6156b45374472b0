"""Files that are code themselves, under their own names and under others."""

import importlib.util
import marshal

from tests.scans.evil.specimen import SOURCE, TRAP, Evil, zipped

PYTHON = f"{SOURCE}\n".encode()
SHELL = b"mkdir ran\n"
BYTECODE = compile(SOURCE, "model", "exec")
PYC = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(BYTECODE)
ELF = b"\x7fELF\x02\x01\x01" + bytes(57)
FILES: dict[str, tuple[str, bytes, str]] = {
    "Python": ("model/extra.py", PYTHON, "import"),
    "Python in capitals": ("model/extra.PY", PYTHON, "run"),
    "sitecustomize": ("model/sitecustomize.py", PYTHON, "import"),
    "a standard module's shadow": ("model/json.py", PYTHON, "run"),
    "a package": ("model/package/__init__.py", PYTHON, "import"),
    "a package that shadows a library": ("model/numpy/__init__.py", PYTHON, "run"),
    "conftest": ("conftest.py", PYTHON, "import"),
    "setup.py": ("setup.py", PYTHON, "import"),
    "Python without a suffix": ("model/run", b"#!/usr/bin/env python3\n" + PYTHON, "run"),
    "Python with another suffix": ("model/run.txt", b"#!/usr/bin/python3\n" + PYTHON, "run"),
    "Python in UTF-7": ("model/seven.py", b"# coding: utf-7\n" + SOURCE.encode("utf-7") + b"\n", "import"),
    "Python for Windows": ("model/extra.pyw", PYTHON, "run"),
    "Cython": ("model/extra.pyx", PYTHON, ""),
    "a .pth that imports": ("model/extra.pth", f"import os; {SOURCE}\n".encode(), "site"),
    "a .pth that is no text": ("model/extra.pth", b"import os\n\0", ""),
    "bytecode": ("model/extra.pyc", PYC, "run"),
    "bytecode in a cache": ("model/__pycache__/predictor.cpython-311.pyc", PYC, "run"),
    "bytecode with another suffix": ("model/extra.bin", PYC, "run"),
    "marshalled code": ("model/extra.bin", marshal.dumps(BYTECODE), "marshal"),
    "marshalled code in an old form": ("model/extra.bin", marshal.dumps(BYTECODE, 0), "marshal"),
    "marshalled code in a tuple": ("model/extra.bin", marshal.dumps((BYTECODE,)), ""),
    "a shell script": ("model/run.sh", SHELL, "shell"),
    "a shell script without a suffix": ("model/run", b"#!/bin/sh\n" + SHELL, "shell"),
    "a shell script with another suffix": ("model/run.json", b"#!/bin/sh\n" + SHELL, "shell"),
    "a shell script of another shell": ("model/run.zsh", SHELL, "shell"),
    "a batch file": ("model/run.bat", b"mkdir ran\r\n", ""),
    "PowerShell": ("model/run.ps1", b"mkdir ran\r\n", ""),
    "JavaScript": ("model/run.js", b"require('fs').mkdirSync('ran')\n", ""),
    "R": ("model/predict.R", b"dir.create('ran')\n", ""),
    "Ruby": ("model/run.rb", b"Dir.mkdir('ran')\n", ""),
    "Perl": ("model/run.pl", b"mkdir 'ran';\n", ""),
    "PHP": ("model/run.php", b"<?php mkdir('ran');\n", ""),
    "Lua": ("model/run.lua", b"os.execute('mkdir ran')\n", ""),
    "Julia": ("model/run.jl", b'mkdir("ran")\n', ""),
    "an ELF library": ("model/fast.so", ELF, ""),
    "an ELF library with a version": ("model/fast.so.1", ELF, ""),
    "an ELF library with another suffix": ("model/weights.bin", ELF, ""),
    "a Windows library": ("model/fast.dll", b"MZ\x90\0" + bytes(60), ""),
    "a Windows library with another suffix": ("model/fast.bin", b"MZ\x90\0" + bytes(60), ""),
    "a Mach-O library": ("model/fast.bin", b"\xcf\xfa\xed\xfe" + bytes(60), ""),
    "a Mach-O library of the other order": ("model/fast.bin", b"\xfe\xed\xfa\xcf" + bytes(60), ""),
    "a Java class": ("model/x.class", b"\xca\xfe\xba\xbe" + bytes(60), ""),
    "a serialized Java object": ("model/x.ser", b"\xac\xed\x00\x05sr" + bytes(60), ""),
    "WebAssembly": ("model/x.wasm", b"\0asm\x01\0\0\0", ""),
    "a wheel": ("model/x.whl", zipped({"x/__init__.py": PYTHON}), ""),
    "a zip that Python runs": ("model/x.pyz", zipped({"__main__.py": PYTHON}), "run"),
    "a zip that Python runs, behind a line": (
        "model/x.bin", b"#!/usr/bin/env python3\n" + zipped({"__main__.py": PYTHON}), ""
    ),
    "a program in a container of its own": ("model/x.jar", zipped({"A.class": b"\xca\xfe\xba\xbe"}), ""),
    "an R object": ("model/x.rds", b"X\n\0\0\0\x03\0\x04\x03\0\0\x03\x05\0" + bytes(40), ""),
    "a Matlab file": ("model/x.mat", b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\x01IM" + bytes(40), ""),
    "a database": ("model/x.db", b"SQLite format 3\0" + TRAP, ""),
}  # fmt: skip


def files() -> list[Evil]:
    return [Evil(name, content, loader, path) for name, (path, content, loader) in FILES.items()]
