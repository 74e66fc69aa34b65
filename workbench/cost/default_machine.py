"""A machine for those who have not measured theirs: one of 2023 (Sapphire Rapids, a virtual machine), with AVX2."""

from __future__ import annotations

RATES: dict[str, float] = {
    "along.f64.copy": 0.0752, "along.f64.fill": 0.042, "along.f64.read": 0.0342, "along.f64.add": 0.0422,
    "along.f64.mul": 0.043, "along.f64.div": 0.665, "along.f64.loads": 0.489, "along.f64.gather": 0.858,
    "along.f64.select": 0.0591, "along.f64.pow": 6.96, "along.f64.maximum": 0.255, "alone.f64.copy": 0.704,
    "alone.f64.add": 0.172, "alone.f64.mul": 0.173, "alone.f64.div": 1.36, "alone.f64.pow": 13.0,
    "alone.f64.maximum": 0.788, "chain.f64.add": 0.668, "chain.f64.mul": 1.34, "chain.f64.div": 4.66,
    "chain.f64.maximum": 1.97, "chain.f64.select": 2.33, "chain.f64.memory": 1.39, "chain.f64.int": 8.6,
    "chain.f64.load": 2.34, "chain.f64.pow": 32.8, "along.f64.sqrt": 0.96, "along.f64.exp": 1.19,
    "along.f64.log": 1.53, "along.f64.sin": 2.41, "along.f64.cos": 2.33, "along.f64.tan": 3.26,
    "along.f64.tanh": 3.31, "along.f64.atan": 2.18, "along.f64.log1p": 2.19, "along.f64.expm1": 1.78,
    "along.f64.sinh": 1.89, "along.f64.asin": 6.89, "along.f64.floor": 0.0503, "alone.f64.sqrt": 1.74,
    "alone.f64.exp": 5.58, "alone.f64.log": 5.3, "alone.f64.sin": 6.2, "alone.f64.cos": 6.46, "alone.f64.tan": 6.19,
    "alone.f64.tanh": 12.9, "alone.f64.atan": 6.0, "alone.f64.log1p": 8.75, "alone.f64.expm1": 6.62,
    "alone.f64.sinh": 7.3, "alone.f64.asin": 6.34, "alone.f64.floor": 0.622, "chain.f64.sqrt": 8.33,
    "chain.f64.exp": 14.2, "chain.f64.log": 17.6, "chain.f64.sin": 19.8, "chain.f64.cos": 20.7, "chain.f64.tan": 27.3,
    "chain.f64.tanh": 37.9, "chain.f64.atan": 28.3, "chain.f64.log1p": 30.5, "chain.f64.expm1": 25.4,
    "chain.f64.sinh": 24.0, "chain.f64.asin": 20.6, "chain.f64.floor": 5.35, "miss": 9.84, "along.f32.copy": 0.0312,
    "along.f32.fill": 0.0205, "along.f32.read": 0.0381, "along.f32.add": 0.0223, "along.f32.mul": 0.0215,
    "along.f32.div": 0.218, "along.f32.loads": 0.313, "along.f32.gather": 0.879, "along.f32.select": 0.0312,
    "along.f32.pow": 1.72, "along.f32.maximum": 0.129, "along.f32.sqrt": 0.235, "along.f32.exp": 0.664,
    "along.f32.log": 0.769, "along.f32.sin": 0.746, "along.f32.cos": 0.789, "along.f32.tan": 0.955,
    "along.f32.tanh": 1.18, "along.f32.atan": 0.949, "along.f32.log1p": 0.896, "along.f32.expm1": 0.681,
    "along.f32.sinh": 0.901, "along.f32.asin": 5.02, "along.f32.floor": 0.0244, "begin.along": 3.47,
    "begin.alone": 0.239, "column": 1.1, "allocation": 42.6, "entry": 236.0, "entry.result": 677.0,
}

TABLES: dict[str, tuple[tuple[float, float], ...]] = {
    "read": (
        (16384, 0.00647), (131072, 0.00976), (524288, 0.00924), (1048576, 0.00886), (2097152, 0.0191),
        (4194304, 0.0378), (8388608, 0.0379), (16777216, 0.0596), (33554432, 0.0663), (67108864, 0.125),
    ),
    "write": (
        (16384, 0.00867), (131072, 0.0214), (524288, 0.023), (1048576, 0.0225), (2097152, 0.03), (4194304, 0.0414),
        (8388608, 0.0564), (16777216, 0.0786), (33554432, 0.0972), (67108864, 0.199),
    ),
    "copy": (
        (16384, 0.00476), (131072, 0.0126), (524288, 0.0133), (1048576, 0.0129), (2097152, 0.0222), (4194304, 0.0357),
        (8388608, 0.0383), (16777216, 0.0457), (33554432, 0.0568), (67108864, 0.122),
    ),
    "gather": (
        (16384, 0.977), (131072, 0.945), (524288, 0.935), (1048576, 0.928), (2097152, 1.43), (4194304, 2.24),
        (8388608, 2.56), (16777216, 4.31), (33554432, 7.25), (67108864, 10.3),
    ),
    "fresh": (
        (8192, 0.092), (65536, 0.0374), (524288, 0.0284), (4194304, 0.0821), (16777216, 0.0724), (67108864, 1.03),
    ),
    "gemm": (
        (2, 24.6), (8, 0.416), (24, 0.0448), (64, 0.0262), (160, 0.033), (400, 0.0313),
    ),
    "gemm32": (
        (2, 24.8), (8, 0.432), (24, 0.0387), (64, 0.013), (160, 0.0151), (400, 0.0156),
    ),
    "gemv": (
        (2, 42.8), (8, 2.98), (24, 0.432), (64, 0.169), (160, 0.102), (400, 0.137),
    ),
    "dot": (
        (2, 0.25), (8, 0.172), (24, 0.0972), (64, 0.22), (160, 0.167), (400, 0.423),
    ),
    "lapack": (
        (2, 13.2), (8, 1.47), (24, 0.49), (64, 0.173), (160, 0.0561),
    ),
}
