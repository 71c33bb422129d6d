"""Writes ONNX's own operator cases as files: `python cases.py FOLDER [--small]`.

The cases ship in the PyPI package `onnx` (Apache-2.0). Each becomes a folder: model.onnx, input_0.pb and so on,
output_0.pb and so on (TensorProto), tolerance.txt (relative, absolute). Cases whose values are no tensors (sequences,
optional values) are written with a file skipped.txt that says why instead of their values.

`cargo test -p atelier-onnx onnx_cases` reads the folder that the variable ONNX_CASES names. With --small, a selection
is written as one file instead: crates/onnx/tests/golden/cases.bin, which the tests always read. Its form: for
each case the number of blobs and then each blob's length (32 bits, little-endian) and bytes: name, tolerance, model,
and values as 'i' or 'o' followed by a TensorProto.
"""

import argparse
import pathlib
import struct
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

warnings.filterwarnings("ignore")

# One or a few of every operator, by the beginnings of their names; small ones are preferred.
PER_OPERATOR = 3
LARGEST = 6_000


def tensor(value, info):
    """The value as a TensorProto, or None when it is no tensor."""
    if isinstance(value, onnx.TensorProto):
        return value
    if isinstance(value, (list, tuple, dict)) or value is None or not info.type.HasField("tensor_type"):
        return None
    return numpy_helper.from_array(np.asarray(value), info.name)


def values(case):
    """Inputs and outputs of the case's first set of data, or None."""
    inputs, outputs = case.data_sets[0]
    made = []
    for given, infos in ((inputs, case.model.graph.input), (outputs, case.model.graph.output)):
        tensors = [tensor(value, info) for value, info in zip(given, infos)]
        if len(tensors) != len(infos) or any(item is None for item in tensors):
            return None
        made.append(tensors)
    return made


def write_all(folder):
    for case in collect_testcases(None):
        path = folder / case.name
        path.mkdir(parents=True, exist_ok=True)
        (path / "model.onnx").write_bytes(case.model.SerializeToString())
        (path / "tolerance.txt").write_text(f"{case.rtol} {case.atol}\n")
        found = values(case)
        if found is None:
            (path / "skipped.txt").write_text("its values are not tensors\n")
            continue
        for name, tensors in zip(("input", "output"), found):
            for index, item in enumerate(tensors):
                (path / f"{name}_{index}.pb").write_bytes(item.SerializeToString())


def write_small(path, known):
    """One file of small cases, at most PER_OPERATOR for each operator of `known`."""
    counts = dict.fromkeys(known, 0)
    written = 0
    with path.open("wb") as file:
        for case in sorted(collect_testcases(None), key=lambda case: case.model.ByteSize()):
            nodes = case.model.graph.node
            found = values(case)
            if found is None or len(nodes) != 1 or counts.get(nodes[0].op_type, PER_OPERATOR) >= PER_OPERATOR:
                continue
            blobs = [case.name.encode(), f"{case.rtol} {case.atol}".encode(), case.model.SerializeToString()]
            blobs += [b"i" + item.SerializeToString() for item in found[0]]
            blobs += [b"o" + item.SerializeToString() for item in found[1]]
            if sum(map(len, blobs)) > LARGEST:
                continue
            counts[nodes[0].op_type] += 1
            written += 1
            file.write(struct.pack("<I", len(blobs)))
            for blob in blobs:
                file.write(struct.pack("<I", len(blob)) + blob)
    missing = [name for name, count in counts.items() if count == 0]
    print(f"{written} cases, {path.stat().st_size} bytes; without a case: {missing}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where the cases go, or the file with --small")
    parser.add_argument("--small", nargs="+", metavar="OPERATOR", help="one file of small cases of these operators")
    given = parser.parse_args()
    if given.small:
        write_small(given.folder, given.small)
    else:
        write_all(given.folder)


if __name__ == "__main__":
    sys.exit(main())
