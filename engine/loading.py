"""Loads every family of operations and makes what is generated from them: in-place forms, names."""

from __future__ import annotations

import importlib
import math

from engine.arrays.row import rows
from engine.graph import registry

CORE = (
    "ops.elementwise.arithmetic",
    "ops.reductions.reduce",
    "ops.linalg.norms",
    "ops.views.shape",
    "ops.views.reshape_inplace",
    "ops.views.joining",
    "ops.views.splitting",
    "ops.views.rearranging",
    "ops.indexing.getitem",
    "ops.indexing.gather_scatter",
    "ops.indexing.scatter_reduce",
    "ops.indexing.sorting",
    "ops.linalg.products",
    "ops.nn.losses",
    "ops.creation.data",
    "ops.creation.filled",
    "ops.sampling.draw",
    "ops.creation.convert",
    "ops.elementwise.complex",
    "ops.creation.tensor_classes",
    "ops.compat.removed",
)
"""Families loaded at once."""
WAITING: dict[str, str] = {
    "ops.fft.transforms": "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 hfft2 ihfft2 fftn ifftn "
    "rfftn irfftn hfftn ihfftn fftfreq rfftfreq fftshift ifftshift",
    "ops.fft.signal": "stft istft hann_window hamming_window blackman_window bartlett_window "
    "kaiser_window",
    "ops.elementwise.pointwise": "addcmul addcdiv copysign hypot fmax fmin heaviside nextafter signbit "
    "isneginf isposinf deg2rad rad2deg frac sinc frexp ldexp logaddexp logaddexp2 nan_to_num "
    "float_power gcd lcm",
    "ops.elementwise.special": "lgamma gammaln digamma psi polygamma mvlgamma multigammaln igamma igammac "
    "gammainc gammaincc erfc erfinv erfcx ndtr ndtri log_ndtr i0 i0e i1 i1e airy_ai "
    "spherical_bessel_j0 bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 "
    "modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 "
    "scaled_modified_bessel_k1 entr xlogy xlog1py zeta logit expit chebyshev_polynomial_t "
    "chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w hermite_polynomial_h "
    "hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p "
    "shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v "
    "shifted_chebyshev_polynomial_w",
    "ops.activations.thresholds": "celu celu_ selu selu_ hardshrink softshrink hardtanh hardtanh_ relu6 "
    "hardsigmoid hardswish mish threshold threshold_ softsign tanhshrink softmin glu prelu rrelu "
    "rrelu_ gumbel_softmax leaky_relu_ elu_ relu_",
    "ops.nn.normalisation": "layer_norm rms_norm group_norm batch_norm instance_norm "
    "local_response_norm normalize",
    "ops.nn.margin_losses": "margin_ranking_loss hinge_embedding_loss cosine_embedding_loss "
    "multi_margin_loss multilabel_margin_loss multilabel_soft_margin_loss soft_margin_loss "
    "pairwise_distance cosine_similarity triplet_margin_loss triplet_margin_with_distance_loss "
    "kl_div poisson_nll_loss gaussian_nll_loss ctc_loss",
    "ops.nn.embedding": "embedding embedding_bag",
    "ops.activations.dropout": "dropout dropout_ alpha_dropout feature_alpha_dropout dropout1d dropout2d "
    "dropout3d",
    "ops.nn.attention": "scaled_dot_product_attention bilinear",
    "ops.linalg.decompositions": "cholesky cholesky_ex eigh eigvalsh eig eigvals svd svdvals qr geqrf "
    "householder_product orgqr ormqr lu lu_factor lu_factor_ex lu_unpack ldl_factor ldl_factor_ex "
    "ldl_solve LinAlgError",
    "ops.linalg.solve": "inv inverse inv_ex pinv pinverse tensorinv solve solve_ex solve_triangular "
    "triangular_solve cholesky_solve cholesky_inverse lu_solve tensorsolve lstsq det slogdet "
    "logdet",
    "ops.linalg.matrices": "matrix_exp matrix_power multi_dot chain_matmul kron vecdot matrix_rank cond "
    "vander",
    "ops.linalg.distances": "cdist pdist renorm cov corrcoef",
    "ops.nn.convolution": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d "
    "convolution conv_tbc",
    "ops.nn.padding": "pad constant_pad_nd",
    "ops.nn.interpolate": "interpolate upsample upsample_nearest upsample_bilinear",
    "ops.nn.pooling": "avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d "
    "adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d max_pool1d "
    "max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices "
    "max_pool3d_with_indices adaptive_max_pool1d_with_indices adaptive_max_pool2d_with_indices "
    "adaptive_max_pool3d_with_indices lp_pool1d lp_pool2d lp_pool3d max_unpool1d max_unpool2d "
    "max_unpool3d",
    "ops.nn.grid_sample": "affine_grid grid_sample",
    "ops.nn.unfold": "fold unfold pixel_shuffle pixel_unshuffle channel_shuffle "
    "native_channel_shuffle",
    "ops.reductions.statistics": "aminmax median nanmedian mode nansum nanmean quantile nanquantile",
    "ops.reductions.scans": "cummax cummin logcumsumexp",
    "ops.reductions.integration": "diff trapezoid trapz cumulative_trapezoid gradient",
    "ops.reductions.histograms": "histc histogram histogramdd bincount",
    "ops.compat.storages": "untyped_storage storage is_storage UntypedStorage TypedStorage",
    "ops.compat.memory_layout": "set_ resize_ resize_as_ resize resize_as is_set_to dim_order "
    "const_data_ptr share_memory_ apply_ map_ map2_ module_load as_subclass typename",
    "ops.compat.layouts": "layout memory_format strided sparse_coo sparse_csr sparse_csc sparse_bsr "
    "sparse_bsc preserve_format contiguous_format channels_last channels_last_3d is_ipu is_maia "
    "is_meta is_mkldnn is_mps is_mtia is_nested is_quantized is_sparse is_sparse_csr is_vulkan "
    "is_xla is_xpu is_cpu name grad_dtype volatile is_shared is_pinned is_distributed "
    "get_device sparse_dim dense_dim is_signed is_same_size to_dense dequantize "
    "pin_memory ipu values indices coalesce is_coalesced crow_indices col_indices ccol_indices "
    "row_indices smm sspaddmm sparse_mask sparse_resize_ sparse_resize_and_clear_ "
    "resize_as_sparse_ int_repr q_scale q_zero_point q_per_channel_axis q_per_channel_scales "
    "q_per_channel_zero_points qscheme to_padded_tensor xpu mtia record_stream",
    "ops.compat.constructors": "fill range empty_strided new_empty_strided empty_permuted asarray frombuffer "
    "from_dlpack to_dlpack",
    "ops.indexing.search": "nonzero_static unravel_index hash_tensor",
    "ops.compat.as_strided": "as_strided as_strided_ as_strided_copy as_strided_scatter fill_diagonal_",
    "ops.compat.view_copies": "view_copy expand_copy permute_copy t_copy transpose_copy squeeze_copy "
    "unsqueeze_copy select_copy diagonal_copy unfold_copy split_copy split_with_sizes_copy "
    "unbind_copy unsafe_split unsafe_split_with_sizes unsafe_chunk narrow_copy alias_copy "
    "view_as_real_copy detach_copy slice_copy view_as_complex_copy",
    "ops.indexing.unique": "unique unique_consecutive isin bucketize searchsorted",
    "backward.anomaly": "detect_anomaly set_detect_anomaly is_anomaly_enabled is_anomaly_check_nan_enabled "
    "set_anomaly_enabled",
    "transforms.custom_function": "Function FunctionCtx BackwardCFunction FunctionMeta InplaceFunction "
    "once_differentiable",
    "transforms.functional": "jacobian hvp vhp",
    "transforms.func": "grad grad_and_value vjp jvp linearize jacrev jacfwd hessian",
    "transforms.vmap": "vmap",
    "transforms.forward_ad": "UnpackedDualTensor dual_level enter_dual_level exit_dual_level make_dual "
    "unpack_dual",
    "transforms.gradcheck": "gradcheck gradgradcheck",
    "backward.edges": "saved_tensors_hooks save_on_cpu disable_saved_tensors_hooks register_multi_grad_hook "
    "allow_mutation_on_saved_tensors Node GradientEdge get_gradient_edge increment_version",
    "optim.adam": "Adam AdamW Adamax NAdam RAdam",
    "optim.descent": "ASGD SGD Rprop",
    "optim.lbfgs": "LBFGS",
    "optim.optimizer": "Optimizer",
    "optim.scaled": "Adadelta Adagrad RMSprop",
    "optim.lr_scheduler": "LRScheduler LambdaLR MultiplicativeLR StepLR MultiStepLR ConstantLR "
    "LinearLR ExponentialLR PolynomialLR CosineAnnealingLR CosineAnnealingWarmRestarts "
    "SequentialLR ChainedScheduler ReduceLROnPlateau",
    "nn.utils": "get_total_norm clip_grad_norm_ clip_grad_value_ parameters_to_vector "
    "vector_to_parameters",
    "random.generator": "Generator default_generator",
    "nn.init": "calculate_gain uniform_ normal_ trunc_normal_ constant_ ones_ zeros_ eye_ dirac_ "
    "xavier_uniform_ xavier_normal_ kaiming_uniform_ kaiming_normal_ orthogonal_ sparse_ uniform "
    "normal constant eye dirac xavier_uniform xavier_normal kaiming_uniform kaiming_normal "
    "orthogonal sparse",
}
"""Families loaded when one of their names is first asked for."""


def load() -> None:
    """Import the families that do not wait; then all there is can be asked of the catalog."""
    for family in CORE:
        importlib.import_module(f"engine.{family}")
    _core_in_place()
    _in_place()
    _expose_the_rest()
    registry.waiting.update(
        (name, family) for family, names in WAITING.items() for name in names.split()
    )
    registry.await_methods()


def load_family(family: str) -> None:
    """Import a family that waits. One interrupted halfway leaves nothing behind."""
    before = set(rows)
    try:
        importlib.import_module(f"engine.{family}")
    except BaseException:
        for name in set(rows) - before:
            del rows[name]
        raise
    _in_place()
    for name in [name for name, where in registry.waiting.items() if where == family]:
        del registry.waiting[name]


def _in_place() -> None:
    """Make the in-place forms that were asked for."""
    from engine.dispatch.inplace import in_place

    for name, (function, bare) in registry.written_over.items():
        places = "torch Tensor" if bare else "Tensor"
        registry.expose(f"{name}_", in_place(f"{name}_", function), places)
    registry.written_over.clear()


def _core_in_place() -> None:
    from engine.dispatch.fast_path import TENSORS
    from engine.dispatch.inplace import (
        ALSO_FUNCTIONS,
        AUGMENTED,
        IN_PLACE,
        augmented,
        copy_,
        fill_,
        in_place,
        zero_,
    )
    from engine.graph.registry import expose
    from engine.graph.tensor import Tensor

    for name in IN_PLACE:
        function = getattr(Tensor, name, None)
        if function is not None:
            own = f"{function.__name__}_"  # a row, if its node is another than the function's
            form = getattr(TENSORS, own) if own in rows else function
            where = "torch Tensor" if name in ALSO_FUNCTIONS else "Tensor"
            expose(f"{name}_", in_place(f"{name}_", form), where)
    for function in (fill_, zero_):
        expose(function.__name__, function, "torch Tensor")
    expose("copy_", copy_, "Tensor")
    for operator, row in AUGMENTED.items():
        method = getattr(Tensor, f"{row.removesuffix('_tensor')}_")
        setattr(Tensor, f"__{operator}__", augmented(rows[row], method))


def _expose_the_rest() -> None:
    from engine.arrays import dtypes
    from engine.backward import api
    from engine.graph import grad_mode, hooks, printing
    from engine.graph.registry import attributes, expose
    from engine.graph.tensor import Size

    expose("backward", api.backward, "autograd")
    expose("grad", api.grad, "autograd")
    expose("backward", api.backward_method, "Tensor")
    expose("register_hook", hooks.register_hook, "Tensor")
    expose("register_post_accumulate_grad_hook", hooks.register_post_accumulate_grad_hook, "Tensor")
    expose("retain_grad", hooks.retain_grad, "Tensor")
    for name, dtype in dtypes.names.items():
        expose(name, dtype, "torch")
    for function in (
        dtypes.get_default_dtype,
        dtypes.set_default_dtype,
        dtypes.finfo,
        dtypes.iinfo,
        printing.set_printoptions,
        printing.get_printoptions,
    ):
        expose(function.__name__, function, "torch")
    for name in ("pi", "e", "inf", "nan"):
        expose(name, getattr(math, name), "torch")
    expose("Size", Size, "torch")
    attributes.update(("T", "mT", "_version", "retains_grad"))
    assert grad_mode
