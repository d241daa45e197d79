"""Samples of linear algebra: decompositions, systems, determinants, functions of matrices.

Vectors that a decomposition leaves a sign, or a phase, to choose are asked for their sizes. What
reads one triangle of a matrix is given the symmetric part of one. Complex numbers are made in the
program from real ones, and read as them.
"""

from collections.abc import Iterator

from tests.engine.sampling import Sample, given, positive, proportion, real, samples

SYMMETRIC = "s = x @ x.mT + 2 * torch.eye(3); "
COMPLEX = "z = torch.complex(x, y); "
PARTS = "torch.view_as_real({})"
TAME = [[2.0, 0.3, -1.0], [0.5, 1.5, 0.2], [0.7, -0.4, 1.8]]
"""Far from singular, so that single precision says something."""


def _symmetric(op: str, *codes: str) -> Iterator[Sample]:
    """Samples of functions of a positive-definite matrix s."""
    yield from samples(op, *(SYMMETRIC + code for code in codes), x=real(3, 3))
    yield from samples(op, SYMMETRIC + codes[0], x=real(2, 3, 3))


def _complex(op: str, *codes: str) -> Iterator[Sample]:
    """Samples of functions of a complex matrix z."""
    programs = (COMPLEX + PARTS.format(code) for code in codes)
    yield from samples(op, *programs, x=real(3, 3), y=real(3, 3))


decompositions: list[Sample] = [
    *_symmetric(
        "cholesky",
        "torch.linalg.cholesky(s)",
        "torch.linalg.cholesky(s, upper=True)",
        "torch.cholesky(s)",
        "s.cholesky(upper=True)",
        "torch.linalg.cholesky_ex(s)",
    ),
    *_symmetric(
        "eigh",
        "torch.linalg.eigh(s)[0]",
        "torch.linalg.eigh(s)[1].abs()",
        "torch.linalg.eigvalsh(s, 'U')",
        "torch.linalg.eigh(s)[1] ** 2",
    ),
    *samples(
        "eig",
        "a, b = torch.linalg.eig(x); torch.view_as_real(a.sum()), b.abs()",
        "torch.linalg.eigvals(x).abs()",
        x=[[1.0, 2.0, 0.5], [0.3, -1.0, 1.5], [2.0, 0.1, 0.7]],
    ),
    *samples(
        "svd",
        "torch.linalg.svd(x, False)[0].abs()",
        "torch.linalg.svd(x)[1]",
        "a, b, c = torch.linalg.svd(x, full_matrices=False); (a * b) @ c",
        "x.svd()[2].abs()",
        "torch.svd(x, compute_uv=False)[1]",
        "torch.linalg.svdvals(x.mT)",
        x=real(3, 2),
    ),
    *samples("svd", "torch.linalg.svd(x)[2][..., :2, :].abs()", x=real(2, 2, 3)),
    *samples(
        "qr", "torch.linalg.qr(x)", "x.qr()[1]", "torch.linalg.qr(x, 'complete')", x=real(2, 3)
    ),
    *samples(
        "qr",
        "torch.linalg.qr(x)",
        "torch.linalg.qr(x)[0]",
        "torch.linalg.qr(x, 'r')[1]",
        x=real(3, 2),
    ),
    *samples(
        "lu",
        "torch.linalg.lu(x)",
        "torch.linalg.lu_factor(x)[0]",
        "torch.linalg.lu_factor_ex(x)",
        "torch.lu_unpack(*x.lu())",
        x=real(3, 3),
    ),
    *samples("lu", "torch.linalg.lu(x)", "torch.linalg.lu_factor(x)[0]", x=real(2, 3)),
    *samples("lu", "torch.linalg.lu(x)", "torch.lu_unpack(*torch.lu(x))[1:]", x=real(2, 3, 2)),
    *samples("geqrf", "torch.geqrf(x.detach())", x=real(3, 2)),
    *samples(
        "householder",
        "torch.linalg.householder_product(x, t)",
        "torch.orgqr(x, t)",
        "torch.ormqr(x, t, y)",
        "torch.ormqr(x, t, y.mT, left=False)",
        "torch.ormqr(x, t, y, transpose=True)",
        x=real(3, 2),
        t=proportion(2),
        y=real(3, 4),
    ),
    *samples(
        "ldl",
        "s = (x + x.T).detach(); torch.linalg.ldl_factor(s)",
        "s = (x + x.T).detach(); torch.linalg.ldl_solve(*torch.linalg.ldl_factor(s), s)",
        x=real(4, 4),
    ),
]

systems: list[Sample] = [
    *samples("inv", "torch.linalg.inv(x)", "x.inverse()", "torch.linalg.inv_ex(x)", x=real(3, 3)),
    *samples("inv", "torch.linalg.inv(x)", x=real(2, 2, 2)),
    *samples(
        "solve",
        "torch.linalg.solve(x, y)",
        "torch.linalg.solve(x, y.mT, left=False)",
        "torch.linalg.solve(x, y[:, 0])",
        "torch.linalg.solve_ex(x, y)",
        x=real(3, 3),
        y=real(3, 2),
    ),
    *samples(
        "solve",
        "torch.linalg.solve(x, y)",
        "torch.linalg.solve(x, y[0])",
        x=real(2, 3, 3),
        y=real(3, 3),
    ),
    *samples(
        "solve_triangular",
        "torch.linalg.solve_triangular(x, y, upper=True)",
        "torch.linalg.solve_triangular(x, y, upper=False)",
        "torch.linalg.solve_triangular(x, y.mT, upper=False, left=False)",
        "torch.linalg.solve_triangular(x, y, upper=True, unitriangular=True)",
        "torch.triangular_solve(y, x)[0]",
        "y.triangular_solve(x, False, True, True)[0]",
        "torch.triangular_solve(y.detach(), x)[1]",
        x=TAME,
        y=real(3, 2),
    ),
    *samples(
        "cholesky_solve",
        "torch.cholesky_solve(y, x.tril())",
        "y.cholesky_solve(x.triu(), upper=True)",
        "torch.cholesky_inverse(x.tril())",
        "x.triu().cholesky_inverse(True)",
        x=TAME,
        y=real(3, 2),
    ),
    *samples("cholesky_solve", "torch.cholesky_solve(y, x)", x=TAME, y=real(3, 2), smooth=False),
    *samples(
        "lu_solve",
        "torch.linalg.lu_solve(*torch.linalg.lu_factor(x), y)",
        "torch.linalg.lu_solve(*torch.linalg.lu_factor(x), y.mT, left=False)",
        "torch.linalg.lu_solve(*torch.linalg.lu_factor(x), y, adjoint=True)",
        "torch.lu_solve(y, *torch.lu(x))",
        x=TAME,
        y=real(3, 2),
    ),
    *samples(
        "tensorsolve",
        "torch.linalg.tensorinv(m.view(3, 1, 1, 3)) * 1",
        "torch.linalg.tensorsolve(m.view(3, 1, 3, 1), y)",
        "torch.linalg.tensorinv(m.view(3, 1, 3), ind=2) * 1",
        m=TAME,
        y=real(3, 1),
    ),
    *samples("pinv", "torch.linalg.pinv(x)", "x.pinverse()", x=real(2, 3)),
    *samples("pinv", "torch.linalg.pinv(x + x.mT, hermitian=True)", x=real(3, 3)),
    *samples(
        "lstsq",
        "torch.linalg.lstsq(x, y)[0]",
        "torch.linalg.lstsq(x, y[:, 0])[0]",
        "torch.linalg.lstsq(x, y, driver='gelsd')[:2]",
        "torch.linalg.lstsq(x, y, driver='gels')[:2]",
        x=real(3, 2),
        y=real(3, 2),
    ),
    *samples("lstsq", "torch.linalg.lstsq(x, y)[0]", x=real(2, 2, 3), y=real(2, 2, 1)),
    *samples(
        "lstsq",
        "a, b, *_ = torch.linalg.lstsq(x, y, driver='gelsd'); a * (1 + b.sum())",
        x=real(2, 3),
        y=real(2, 2),
    ),
    *samples(
        "det",
        "torch.linalg.det(x)",
        "x.det() * x",
        "x.logdet()",
        "x.slogdet()",
        "torch.linalg.slogdet(x)[1]",
        "torch.autograd.grad(x.det(), x, create_graph=True)[0] * x",
        "g = torch.autograd.grad(x.det(), x, create_graph=True)[0]; "
        "torch.autograd.grad(g, x, x, create_graph=True)[0] * x",
        x=TAME,
    ),
    *samples("det", "torch.linalg.det(x)", x=real(2, 2, 2)),
]

functions: list[Sample] = [
    *samples("matrix_exp", "torch.linalg.matrix_exp(x)", "x.matrix_exp() @ x", x=real(3, 3)),
    *samples("matrix_exp", "torch.matrix_exp(x)", x=[[4.0, -3.0], [2.5, -3.5]]),
    *samples(
        "matrix_power",
        "torch.linalg.matrix_power(x, 3)",
        "x.matrix_power(-2)",
        "torch.matrix_power(x, 5)",
        "x.matrix_power(0)",
        "x.matrix_power(1)",
        x=real(2, 2),
    ),
    *samples(
        "multi_dot",
        "torch.linalg.multi_dot([x, y, x])",
        "torch.chain_matmul(y, x, y, x)",
        "torch.linalg.multi_dot([x[0], y, x, y[:, 0]])",
        x=real(2, 3),
        y=real(3, 2),
    ),
    *samples("kron", "torch.kron(x, y)", "x[0].kron(y)", x=real(2, 2), y=real(2, 3)),
    *samples(
        "vecdot",
        "torch.linalg.vecdot(x, y)",
        "torch.linalg.vecdot(x, y, dim=0)",
        "torch.linalg.vecdot(x[0], y[1])",
        x=real(2, 3),
        y=real(2, 3),
    ),
    *samples(
        "cross",
        "torch.linalg.cross(x, y)",
        "x.cross(y)",
        "torch.cross(x[:1], y)",
        x=real(2, 3),
        y=real(2, 3),
    ),
    *samples(
        "cond",
        "torch.linalg.cond(x)",
        "torch.linalg.cond(x.detach(), 1)",
        "torch.linalg.cond(x, -2)",
        "torch.linalg.cond(x, 'nuc')",
        "torch.linalg.matrix_rank(x)",
        x=TAME,
    ),
    *samples(
        "vander",
        "torch.linalg.vander(x)",
        "torch.linalg.vander(x, N=4)",
        "torch.vander(x.detach())",
        x=real(3),
    ),
    *samples(
        "matrix_norm",
        "torch.linalg.matrix_norm(x, 'nuc')",
        "torch.linalg.matrix_norm(x, 2)",
        "torch.linalg.matrix_norm(x, -2, keepdim=True)",
        "torch.norm(x, 'nuc')",
        "torch.nuclear_norm(x)",
        "torch.frobenius_norm(x, (0, 1))",
        "torch.frobenius_norm(x, 0, True)",
        "torch.norm_except_dim(x)",
        "torch.norm_except_dim(x, 3, 1)",
        "torch.norm_except_dim(x, 2, -1)",
        x=real(2, 3),
    ),
    *samples(
        "matrix_norm",
        "torch.linalg.matrix_norm(x, 2, dim=(2, 0))",
        "torch.norm_except_dim(x, 2, 1)",
        x=real(2, 2, 3),
    ),
    *samples(
        "addbmm",
        "torch.addbmm(m, x, y)",
        "m.addbmm(x, y, beta=2, alpha=0.5)",
        "torch.addbmm(m[0], x, y, beta=0)",
        "z = m * 1; z.addbmm_(x, y); z",
        x=real(2, 2, 3),
        y=real(2, 3, 2),
        m=real(2, 2),
    ),
    *samples(
        "baddbmm",
        "torch.baddbmm(m, x, y)",
        "z = m + x @ y; z.baddbmm_(x, y, alpha=2); z",
        "torch.baddbmm(m, x, y, beta=0.5)",
        x=real(2, 2, 3),
        y=real(2, 3, 2),
        m=real(2, 2),
    ),
    *samples(
        "addr",
        "torch.addr(m, x, y)",
        "z = m * 1; z.addr_(x, y, beta=0.5, alpha=2); z",
        x=real(2),
        y=real(3),
        m=real(2, 3),
    ),
    *samples("addr", "torch.addr(m, x, y)", x=[1, 2], y=[3, 4, 5], m=[[1], [1]]),
    *samples(
        "cov",
        "torch.cov(x)",
        "x.cov(correction=0)",
        "torch.corrcoef(x)",
        "torch.cov(x[0])",
        "torch.cov(x, fweights=torch.tensor([1, 2, 1, 3]))",
        "torch.corrcoef(x[0])",
        "torch.cov(x, aweights=w)",
        x=real(3, 4),
        w=positive(4),
    ),
    *samples(
        "renorm",
        "torch.renorm(x, 2, 0, 1.0)",
        "x.renorm(1, -1, 2.0)",
        "x.renorm(3, 0, 0.5)",
        "z = x * 1; z.renorm_(float('inf'), 0, 1.0); z",
        x=real(3, 2),
    ),
]

# PyTorch differentiates distances once.
_GRADIENTS = "[g.detach() for g in torch.autograd.grad({}, [x, y], d, create_graph=True)]"
distances: list[Sample] = [
    *samples(
        "cdist",
        "torch.cdist(x, y)",
        "torch.cdist(x, y, 1.0)",
        "torch.cdist(x, y, 0.0)",
        x=given([[1.0, 2.0], [0.5, -1.0], [3.0, 3.0]], "float64"),
        y=given([[1.0, 2.0], [-0.5, 0.3]], "float64"),
    ),
    *samples(
        "cdist",
        *(
            _GRADIENTS.format(f"torch.cdist(x, y, {p})")
            for p in ("1.0", "1.5", "2.0", "3.0", "float('inf')")
        ),
        x=real(3, 2),
        y=real(2, 2),
        d=[[1.0, -2.0], [0.5, 3.0], [2.0, -1.0]],
    ),
    *samples(
        "pdist",
        "torch.autograd.grad(torch.pdist(x), x, d, create_graph=True)[0].detach()",
        "torch.autograd.grad(F.pdist(x, 3), x, d, create_graph=True)[0].detach()",
        "torch.pdist(x.detach(), 1)",
        x=real(3, 2),
        d=[1.0, -2.0, 0.5],
    ),
    *samples(
        "cdist",
        "torch.cdist(x, y, compute_mode='use_mm_for_euclid_dist')",
        x=real(3, 2),
        y=real(2, 2),
    ),
]

complexes: list[Sample] = [
    *_complex(
        "complex inverse",
        "torch.linalg.inv(z)",
        "torch.linalg.solve(z, z @ z)",
        "torch.linalg.solve_triangular(z, z.mT, upper=False)",
        "torch.linalg.pinv(z[:2])",
        "torch.linalg.det(z)",
        "torch.logdet(z)",
        "torch.linalg.slogdet(z)[0]",
        "torch.linalg.matrix_exp(z)",
        "torch.linalg.lstsq((z + 3 * torch.eye(3))[:, :2], z)[0]",
        "torch.linalg.householder_product(z[:, :2], z[0, :2])",
        "torch.linalg.lu_solve(*torch.linalg.lu_factor(z), z @ z, adjoint=True)",
        "torch.cross(z, z.mT)",
        "torch.renorm(z, 2, 0, 1.0)",
        "torch.cov(z)",
    ),
    *_complex(
        "complex decomposition",
        "torch.linalg.cholesky(z @ z.mH + torch.eye(3))",
        "torch.linalg.qr(z)[0]",
        "torch.linalg.lu(z)[1]",
    ),
    *samples(
        "complex decomposition",
        COMPLEX + "a, b, c = torch.linalg.svd(z); torch.view_as_real((a[:, :2] * b[:2]) @ c[:2])",
        COMPLEX + "torch.linalg.svdvals(z)",
        COMPLEX + "torch.linalg.eigh(z + z.mH)[1].abs()",
        COMPLEX + "torch.linalg.eigh(z + z.mH)[0]",
        COMPLEX + "torch.linalg.eig(z)[1].abs()",
        COMPLEX + "torch.linalg.matrix_norm(z, 'nuc')",
        x=real(3, 3),
        y=real(3, 3),
    ),
]

SAMPLES: list[Sample] = [*decompositions, *systems, *functions, *distances, *complexes]
