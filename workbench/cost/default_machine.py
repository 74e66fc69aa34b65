"""A machine for those who have not measured theirs: one of 2023 (Sapphire Rapids, a virtual machine), with AVX2."""

from __future__ import annotations

RATES: dict[str, float] = {
    "along.f64.copy": 0.0576, "along.f64.fill": 0.0371, "along.f64.read": 0.0439, "along.f64.add": 0.0446,
    "along.f64.mul": 0.0446, "along.f64.div": 0.69, "along.f64.loads": 0.488, "along.f64.gather": 0.899,
    "along.f64.select": 0.0552, "along.f64.pow": 7.22, "along.f64.maximum": 0.283, "alone.f64.copy": 0.716,
    "alone.f64.add": 0.178, "alone.f64.mul": 0.181, "alone.f64.div": 1.41, "alone.f64.pow": 13.4,
    "alone.f64.maximum": 0.833, "chain.f64.add": 0.707, "chain.f64.mul": 1.38, "chain.f64.div": 4.84,
    "chain.f64.maximum": 2.1, "chain.f64.select": 2.42, "chain.f64.memory": 1.44, "chain.f64.int": 6.77,
    "chain.f64.load": 2.42, "chain.f64.pow": 34.1, "along.f64.sqrt": 1.0, "along.f64.exp": 1.19,
    "along.f64.log": 1.54, "along.f64.sin": 2.39, "along.f64.cos": 2.42, "along.f64.tan": 3.36, "along.f64.tanh": 3.4,
    "along.f64.atan": 2.15, "along.f64.log1p": 2.23, "along.f64.expm1": 1.79, "along.f64.sinh": 1.87,
    "along.f64.asin": 7.02, "along.f64.floor": 0.0454, "alone.f64.sqrt": 1.76, "alone.f64.exp": 5.64,
    "alone.f64.log": 5.28, "alone.f64.sin": 6.6, "alone.f64.cos": 6.79, "alone.f64.tan": 6.76, "alone.f64.tanh": 13.4,
    "alone.f64.atan": 6.61, "alone.f64.log1p": 9.04, "alone.f64.expm1": 6.89, "alone.f64.sinh": 7.6,
    "alone.f64.asin": 6.51, "alone.f64.floor": 0.598, "chain.f64.sqrt": 8.64, "chain.f64.exp": 14.6,
    "chain.f64.log": 18.3, "chain.f64.sin": 20.9, "chain.f64.cos": 21.2, "chain.f64.tan": 28.4,
    "chain.f64.tanh": 39.2, "chain.f64.atan": 29.5, "chain.f64.log1p": 31.5, "chain.f64.expm1": 26.3,
    "chain.f64.sinh": 24.8, "chain.f64.asin": 21.3, "chain.f64.floor": 5.52, "miss": 9.9, "along.f32.copy": 0.0176,
    "along.f32.fill": 0.0186, "along.f32.read": 0.042, "along.f32.add": 0.0243, "along.f32.mul": 0.0244,
    "along.f32.div": 0.235, "along.f32.loads": 0.364, "along.f32.gather": 0.939, "along.f32.select": 0.0332,
    "along.f32.pow": 1.95, "along.f32.maximum": 0.143, "along.f32.sqrt": 0.276, "along.f32.exp": 0.643,
    "along.f32.log": 0.816, "along.f32.sin": 0.785, "along.f32.cos": 0.819, "along.f32.tan": 1.04,
    "along.f32.tanh": 1.28, "along.f32.atan": 0.991, "along.f32.log1p": 0.961, "along.f32.expm1": 0.714,
    "along.f32.sinh": 0.968, "along.f32.asin": 5.42, "along.f32.floor": 0.0186, "begin.along": 1.13,
    "begin.alone": 0.0893, "begin.columns": 10.2, "allocation": 44.1, "entry": 248.0, "entry.result": 697.0,
}

TABLES: dict[str, tuple[tuple[float, float], ...]] = {
    "read": (
        (16384, 0.00482), (131072, 0.00908), (524288, 0.00879), (1048576, 0.00881), (2097152, 0.0173),
        (4194304, 0.0386), (8388608, 0.0396), (16777216, 0.0453), (33554432, 0.0594), (67108864, 0.0703),
    ),
    "write": (
        (16384, 0.00671), (131072, 0.0207), (524288, 0.0223), (1048576, 0.0226), (2097152, 0.0303), (4194304, 0.0423),
        (8388608, 0.0536), (16777216, 0.0593), (33554432, 0.082), (67108864, 0.107),
    ),
    "copy": (
        (16384, 0.00348), (131072, 0.0124), (524288, 0.013), (1048576, 0.0129), (2097152, 0.0233), (4194304, 0.036),
        (8388608, 0.0392), (16777216, 0.0419), (33554432, 0.0462), (67108864, 0.0652),
    ),
    "gather": (
        (16384, 0.946), (131072, 0.906), (524288, 0.898), (1048576, 0.913), (2097152, 1.48), (4194304, 2.22),
        (8388608, 2.6), (16777216, 3.28), (33554432, 4.79), (67108864, 8.32),
    ),
    "fresh": (
        (8192, 0.0924), (65536, 0.0374), (524288, 0.0282), (4194304, 0.0574), (16777216, 0.0771), (67108864, 0.674),
    ),
    "gemm": (
        (2, 23.1), (8, 0.414), (24, 0.0439), (64, 0.0252), (160, 0.0348), (400, 0.0326),
    ),
    "gemm32": (
        (2, 26.8), (8, 0.396), (24, 0.0374), (64, 0.0135), (160, 0.0161), (400, 0.017),
    ),
    "gemv": (
        (2, 47.8), (8, 3.11), (24, 0.443), (64, 0.142), (160, 0.15), (400, 0.104),
    ),
    "dot": (
        (2, 0.25), (8, 0.25), (24, 0.0625), (64, 0.236), (160, 0.175), (400, 0.445),
    ),
}
