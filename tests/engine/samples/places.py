"""Samples of what reads, writes and moves elements beyond everyday indexing."""

from tests.engine.sampling import Sample, given, real, samples

moving = [
    *samples("roll", "x.roll(1)", "torch.roll(x, 2, 1)", "x.roll((1, -1), (0, 1))", x=real(2, 3)),
    *samples(
        "rot90", "x.rot90()", "torch.rot90(x, -1, (0, 1))", "x.rot90(2, (1, 0))", x=real(2, 3)
    ),
    *samples(
        "unfold", "x.unfold(1, 2, 1)", "x.unfold(0, 2, 1) ** 2", "x.unfold(1, 2, 2)", x=real(2, 4)
    ),
    *samples(
        "diag_embed",
        "x.diag_embed()",
        "torch.diag_embed(x, 1)",
        "x.diag_embed(-1, 0, 2)",
        "x[0].diag()",
        "x[0].diag(1).exp()",
        x=real(2, 3),
    ),
    *samples(
        "block_diag",
        "torch.block_diag(x, y)",
        "torch.block_diag(x, x[0], y).sin()",
        x=real(2, 2),
        y=real(1, 3),
    ),
    *samples(
        "select_scatter",
        "x.select_scatter(y[0], 0, 1)",
        "x.select_scatter(y[:, 1], 1, -1)",
        x=real(2, 3),
        y=real(2, 3),
    ),
    *samples(
        "slice_scatter",
        "x.slice_scatter(y[:, :2], 1, 1)",
        "x.slice_scatter(y[:1], end=1)",
        "x.slice_scatter(y[:, :2], 1, 0, 3, 2)",
        x=real(2, 3),
        y=real(2, 3),
    ),
    *samples(
        "diagonal_scatter",
        "x.diagonal_scatter(y[0, :2])",
        "x.diagonal_scatter(y[:, 0], 1)",
        x=real(2, 3),
        y=real(2, 3),
    ),
]

placing = [
    *samples(
        "scatter",
        "x.scatter(1, i, y[:, :2])",
        "x.scatter(0, j, y[:1])",
        "x.scatter(1, i[:1], 2.5)",
        "y = x * 1; y.scatter_(0, j, 0.0); y",
        x=real(2, 3),
        y=real(2, 3),
        i=[[0, 2], [1, 0]],
        j=[[1, 0, 1]],
    ),
    *samples(
        "scatter_add",
        "x.scatter_add(1, i, y[:, :2])",
        "x.scatter_add(0, j, y)",
        x=real(2, 3),
        y=real(2, 3),
        i=[[0, 0], [1, 0]],
        j=[[1, 1, 1], [1, 0, 1]],
    ),
    *samples(
        "scatter_reduce",
        *(
            f"x.scatter_reduce(1, i, y, '{kind}'{more})"
            for kind in ("sum", "prod", "mean", "amax", "amin")
            for more in ("", ", include_self=False")
        ),
        x=real(2, 3),
        y=real(2, 4),
        i=[[0, 0, 2, 2], [1, 0, 1, 1]],
    ),
    *samples(
        "scatter_reduce",
        "x.scatter_reduce(0, i, y, 'prod')",
        "x.scatter_reduce(0, i, y, 'amax')",
        x=[0.0, 2.0, 3.0],
        y=[0.0, 2.0, 0.0, 4.0],
        i=[0, 1, 2, 2],
        smooth=False,
    ),
    *samples(
        "index_reduce",
        *(
            f"x.index_reduce(0, i, y, '{kind}'{more})"
            for kind in ("prod", "mean", "amax", "amin")
            for more in ("", ", include_self=False")
        ),
        x=real(3, 2),
        y=real(3, 2),
        i=[0, 2, 2],
    ),
    *samples(
        "index_add",
        "x.index_add(0, i, y)",
        "x.index_add(1, i[:2], y[:, :2], alpha=-2)",
        x=real(3, 2),
        y=real(3, 2),
        i=[0, 0, 2],
    ),
    *samples(
        "index_copy",
        "x.index_copy(0, i, y)",
        "x.t().index_copy(1, i, y.t()) ** 2",
        x=real(3, 2),
        y=real(2, 2),
        i=[0, 2],
    ),
    *samples(
        "index_fill",
        "x.index_fill(0, i, 2.5)",
        "x.index_fill(1, i[:1], v)",
        "x.index_fill(0, i, v) ** 2",
        x=real(3, 2),
        v=real(),
        i=[0, 2],
    ),
    *samples(
        "take",
        "x.take(i)",
        "torch.take(x, i) ** 2",
        "x.take(i[0])",
        x=real(2, 3),
        i=[[0, 5], [5, 2]],
    ),
    *samples(
        "take",
        "x.take_along_dim(i, 1)",
        "x.take_along_dim(i[:, :1] * 0 + 4)",
        x=real(2, 3),
        i=[[0, 0], [2, 1]],
    ),
    *samples(
        "put",
        "x.put(i, y)",
        "torch.put(x, i, y, accumulate=True)",
        x=real(2, 3),
        y=real(2),
        i=[1, 5],
    ),
    *samples(
        "masked_scatter",
        "x.masked_scatter(m, y)",
        "x.masked_scatter(m[0], y) ** 2",
        x=real(2, 3),
        y=real(4),
        m=[[True, False, True], [False, False, True]],
    ),
    *samples(
        "masked_fill",
        "x.masked_fill(m, v) ** 2",
        x=real(2, 3),
        m=[[True], [False]],
        v=given(2.0, tracked=True),
    ),
]

ordering = [
    *samples(
        "sort",
        "x.sort()",
        "torch.sort(x, 0, descending=True)",
        "x.sort(1).values ** 2",
        "x.msort()",
        "x.argsort(0)",
        "x.argsort(descending=True)",
        x=real(2, 4),
    ),
    *samples("sort", "x.sort()", "x.argsort()", x=real()),
    *samples(
        "sort",
        "x.sort(stable=True).indices",
        "x.sort(descending=True, stable=True).indices",
        x=[2.0, 1.0, 2.0, 1.0],
        smooth=False,
    ),
    *samples(
        "topk", "x.topk(2)", "torch.topk(x, 1, 0)", "x.topk(3, largest=False)[0] ** 2", x=real(2, 4)
    ),
    *samples(
        "kthvalue",
        "x.kthvalue(2)",
        "x.kthvalue(1, 0)",
        "x.kthvalue(3, 1, keepdim=True)",
        x=real(2, 4),
    ),
    *samples(
        "nonzero",
        "x.nonzero()",
        "torch.argwhere(x)",
        "torch.nonzero(x, as_tuple=True)",
        "torch.where(x)",
        x=[[1, 0, 2], [0, 0, 3]],
    ),
    *samples("nonzero", "x.nonzero()", x=2),
]

SAMPLES: list[Sample] = [*moving, *placing, *ordering]
