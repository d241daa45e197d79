"""Samples of as_strided, of views as copies and of further ways to make and to find."""

from tests.engine.sampling import Sample, given, real, samples

_WHOLE = given([[3, 0, 2, 1], [0, 1, 3, 0]])

# PyTorch's gradient of as_strided_scatter's first operand fails its own gradcheck (2.13: it is kept
# inside the part that is replaced, and lost outside); test_tensor_api.py has what it is here.
SAMPLES: list[Sample] = [
    *samples(
        "as_strided",
        "torch.as_strided(x, (2, 2), (1, 2), 1)",
        "x.as_strided((3, 2), (1, 1))",
        "x.t().as_strided((2,), (3,)) * 2",
        "x[1].as_strided((2,), (1,))",
        "x.expand(2, 2, 3).as_strided((2, 3), (3, 1))",
        "(x * 1).t().as_strided((2, 2), (2, 1), 1)",
        "(x * 1).as_strided_((2, 2), (1, 1))",
        "y = x * 1; y.as_strided((2,), (2,), 1).mul_(3); y",
        "y = x * 1; y.fill_diagonal_(2.); y",
        "torch.as_strided_copy(x, (2, 2), (2, 1), 1)",
        x=real(2, 3),
    ),
    *samples(
        "as_strided",
        "torch.as_strided_scatter(z, y, (2, 2), (1, 2), 1)",
        y=real(2, 2),
        z=given([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], tracked=False),
    ),
    *samples(
        "copies",
        "torch.alias_copy(x)",
        "torch.expand_copy(x, (2, 2, 3))",
        "torch.permute_copy(x, (1, 0))",
        "torch.select_copy(x, 1, 2)",
        "torch.slice_copy(x, 1, 0, 3, 2)",
        "torch.split_copy(x, 2, 1)",
        "torch.split_with_sizes_copy(x, [1, 2], 1)",
        "torch.squeeze_copy(x[:1])",
        "torch.squeeze_copy(x[:1], 0)",
        "torch.squeeze_copy(x[:1], (0, 1))",
        "torch.t_copy(x)",
        "torch.transpose_copy(x, 0, 1)",
        "torch.unbind_copy(x)",
        "torch.unfold_copy(x, 1, 2, 1)",
        "torch.unsqueeze_copy(x, 1)",
        "torch.view_copy(x, (3, 2))",
        "torch.diagonal_copy(x)",
        "torch.detach_copy(x)",
        "x.narrow_copy(1, 1, 2)",
        "x.unsafe_split(2, 1)",
        "x.unsafe_chunk(2)",
        "x.unsafe_split_with_sizes([1, 2], 1)",
        x=real(2, 3),
    ),
    *samples(
        "copies",
        "torch.view_as_real_copy(torch.complex(x, y))",
        "torch.view_as_complex_copy(x.detach())",
        x=real(3, 2),
        y=real(3, 2),
    ),
    *samples("fill", "torch.fill(x, 2)", "torch.fill(x, y)", x=real(2, 3), y=real()),
    *samples("resize", "x.resize(3, 2) * 2", "x.resize_as(y)", x=real(2, 3), y=real(3, 2)),
    *samples(
        "sort_stable",
        "torch.sort(x, stable=True)",
        "x.sort(dim=0, descending=True, stable=True)[0] * x",
        x=real(2, 3),
    ),
    *samples(
        "nonzero_static",
        "torch.nonzero_static(x, size=6)",
        "x.nonzero_static(size=2, fill_value=0)",
        x=_WHOLE,
    ),
    *samples("unravel_index", "torch.unravel_index(x, (3, 2))", x=_WHOLE),
    *samples("hash_tensor", "torch.hash_tensor(x)", "x.hash_tensor(1, keepdim=True)", x=_WHOLE),
    *samples("hash_tensor", "torch.hash_tensor(x)", x=real(2, 3)),
]
NOT_COMPILED: dict[str, str] = {}
