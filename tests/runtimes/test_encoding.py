import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.preprocess import Preprocessing, scale
from edgetag.runtimes.encoding import decode, encode, encoding_table
from edgetag.runtimes.session import Tensor

ALL = np.arange(256, dtype=np.uint8)


def tensor(dtype: str, step: float = 0.0, zero: int = 0) -> Tensor:
    return Tensor("image", (1, 64, 64, 3), dtype, step, zero)


def test_float_input_is_the_contracts_scaled_pixel(contract: Preprocessing) -> None:
    table = encoding_table(contract, tensor("float32"))
    assert np.array_equal(encode(ALL, table), scale(ALL, contract))


@pytest.mark.parametrize(
    ("mean", "std", "zero"), [(127.0, 128.0, 127), (0.0, 255.0, 0), (128.0, 128.0, 128)]
)
def test_uint8_pixels_pass_unchanged_where_the_scale_is_one_step(
    mean: float, std: float, zero: int
) -> None:
    contract = Preprocessing(input_size=64, mean=mean, std=std)
    table = encoding_table(contract, tensor("uint8", float(np.float32(1 / std)), zero))
    assert encode(ALL, table) is ALL


def test_int8_pixels_are_shifted_where_the_scale_is_one_step(contract: Preprocessing) -> None:
    table = encoding_table(contract, tensor("int8", 1 / 128, -1))
    assert np.array_equal(table, ALL.astype(int) - 128)
    assert table.dtype == np.int8


@given(
    dtype=st.sampled_from(["uint8", "int8", "int16"]),
    step=st.floats(1e-5, 0.1),
    mean=st.floats(0, 255),
    std=st.floats(1, 255),
)
def test_quantized_input_is_within_half_a_step_unless_it_is_cut(
    dtype: str, step: float, mean: float, std: float
) -> None:
    contract = Preprocessing(input_size=64, mean=mean, std=std)
    quantized = tensor(dtype, step, 0)
    table = encoding_table(contract, quantized)
    limits = np.iinfo(table.dtype)
    inside = (table > limits.min) & (table < limits.max)
    error = table.astype(np.float64) * step - scale(ALL, contract)
    assert np.all(np.abs(error[inside]) <= step / 2 + 1e-6)


def test_decoding_is_the_inverse_of_the_quantization() -> None:
    scores = decode(np.array([0, 128, 255], dtype=np.uint8), tensor("uint8", 1 / 256, 0))
    assert np.array_equal(scores, np.array([0, 0.5, 255 / 256], np.float32))
    signed = decode(np.array([-128, 127], dtype=np.int8), tensor("int8", 1 / 256, -128))
    assert np.array_equal(signed, np.array([0, 255 / 256], np.float32))
