//! The operators against the cases of ONNX's own test suite, and models that are damaged.
//!
//! A selection of small cases is stored (tests/golden/cases.bin); `bench/onnx/cases.py` wrote it, and writes all of
//! them into a folder, which `onnx_cases` reads when the variable ONNX_CASES names it.

mod damage;
mod graphs;
mod standard;
