"""Which module gives which names; made by `python -m tests.recorder.index`, not by hand."""

from __future__ import annotations

MODULES: dict[str, tuple[int, str]] = {
    "backward.anomaly": (
        0,
        "detect_anomaly is_anomaly_check_nan_enabled is_anomaly_enabled set_anomaly_enabled "
        "set_detect_anomaly",
    ),
    "backward.edges": (
        0,
        "GradientEdge Node get_gradient_edge increment_version register_multi_grad_hook",
    ),
    "nn.init": (
        0,
        "calculate_gain constant dirac eye kaiming_normal kaiming_uniform normal ones_ orthogonal "
        "sparse trunc_normal_ uniform xavier_normal xavier_uniform zeros_",
    ),
    "nn.utils": (
        0,
        "clip_grad_norm_ clip_grad_value_ get_total_norm parameters_to_vector vector_to_parameters",
    ),
    "ops.activations.dropout": (
        3584,
        "alpha_dropout dropout dropout1d dropout2d dropout3d feature_alpha_dropout",
    ),
    "ops.activations.thresholds": (
        11882,
        "celu elu_ glu gumbel_softmax hardshrink hardsigmoid hardswish hardtanh leaky_relu_ mish "
        "prelu relu6 relu_ rrelu selu softmin softshrink softsign tanhshrink threshold",
    ),
    "ops.compat.as_strided": (
        9648,
        "as_strided as_strided_copy as_strided_scatter fill_diagonal_",
    ),
    "ops.compat.constructors": (
        11989,
        "asarray empty_permuted empty_strided fill from_dlpack frombuffer new_empty_strided range "
        "to_dlpack",
    ),
    "ops.compat.layouts": (
        6844,
        "ccol_indices channels_last channels_last_3d coalesce col_indices contiguous_format "
        "crow_indices dense_dim dequantize get_device grad_dtype indices int_repr ipu "
        "is_coalesced is_cpu is_distributed is_ipu is_maia is_meta is_mkldnn is_mps is_mtia "
        "is_nested is_pinned is_quantized is_same_size is_shared is_signed is_sparse "
        "is_sparse_csr is_vulkan is_xla is_xpu layout memory_format mtia name pin_memory "
        "preserve_format q_per_channel_axis q_per_channel_scales q_per_channel_zero_points "
        "q_scale q_zero_point qscheme record_stream resize_as_sparse_ row_indices smm sparse_bsc "
        "sparse_bsr sparse_coo sparse_csc sparse_csr sparse_dim sparse_mask sparse_resize_ "
        "sparse_resize_and_clear_ sspaddmm strided to_dense to_padded_tensor values volatile xpu",
    ),
    "ops.compat.left_out": (
        1081,
        "",
    ),
    "ops.compat.memory_layout": (
        9937,
        "apply_ as_subclass const_data_ptr dim_order is_set_to map2_ map_ module_load resize "
        "resize_as set_ share_memory_ typename",
    ),
    "ops.compat.storages": (
        6169,
        "TypedStorage UntypedStorage is_storage storage untyped_storage",
    ),
    "ops.compat.view_copies": (
        6058,
        "alias_copy detach_copy diagonal_copy expand_copy narrow_copy permute_copy select_copy "
        "slice_copy split_copy split_with_sizes_copy squeeze_copy t_copy transpose_copy "
        "unbind_copy unfold_copy unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze_copy "
        "view_as_complex_copy view_as_real_copy view_copy",
    ),
    "ops.elementwise.pointwise": (
        12578,
        "addcdiv addcmul copysign deg2rad float_power fmax fmin frac frexp gcd heaviside hypot "
        "isneginf isposinf lcm ldexp logaddexp logaddexp2 nan_to_num nextafter rad2deg signbit "
        "sinc",
    ),
    "ops.elementwise.special": (
        18299,
        "airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 chebyshev_polynomial_t "
        "chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w digamma entr erfc "
        "erfcx erfinv expit gammainc gammaincc gammaln hermite_polynomial_h hermite_polynomial_he "
        "i0 i0e i1 i1e igamma igammac laguerre_polynomial_l legendre_polynomial_p lgamma log_ndtr "
        "logit modified_bessel_i0 modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 "
        "multigammaln mvlgamma ndtr ndtri polygamma psi scaled_modified_bessel_k0 "
        "scaled_modified_bessel_k1 shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u "
        "shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w spherical_bessel_j0 "
        "xlog1py xlogy zeta",
    ),
    "ops.fft.signal": (
        15303,
        "bartlett_window blackman_window hamming_window hann_window istft kaiser_window stft",
    ),
    "ops.fft.transforms": (
        17409,
        "fft fft2 fftfreq fftn fftshift hfft hfft2 hfftn ifft ifft2 ifftn ifftshift ihfft ihfft2 "
        "ihfftn irfft irfft2 irfftn rfft rfft2 rfftfreq rfftn",
    ),
    "ops.indexing.search": (
        4167,
        "hash_tensor nonzero_static unravel_index",
    ),
    "ops.indexing.unique": (
        11021,
        "bucketize isin searchsorted unique unique_consecutive",
    ),
    "ops.linalg.decomposition_rows": (
        11622,
        "",
    ),
    "ops.linalg.decompositions": (
        17914,
        "cholesky cholesky_ex eig eigh eigvals eigvalsh geqrf householder_product ldl_factor "
        "ldl_factor_ex ldl_solve lu lu_factor lu_factor_ex lu_unpack orgqr ormqr qr svd svdvals",
    ),
    "ops.linalg.distances": (
        13918,
        "cdist corrcoef cov pdist renorm",
    ),
    "ops.linalg.einsum": (
        11092,
        "einsum",
    ),
    "ops.linalg.factoring": (
        9471,
        "",
    ),
    "ops.linalg.householder": (
        5954,
        "",
    ),
    "ops.linalg.lu": (
        7225,
        "",
    ),
    "ops.linalg.matrices": (
        12483,
        "chain_matmul cond kron matrix_exp matrix_power matrix_rank multi_dot vander vecdot",
    ),
    "ops.linalg.matrix_functions": (
        9116,
        "",
    ),
    "ops.linalg.solve": (
        15094,
        "cholesky_inverse cholesky_solve det inv inv_ex inverse logdet lstsq lu_solve pinv "
        "pinverse slogdet solve solve_ex solve_triangular tensorinv tensorsolve triangular_solve",
    ),
    "ops.linalg.solve_rows": (
        14291,
        "",
    ),
    "ops.nn.attention": (
        3135,
        "bilinear scaled_dot_product_attention",
    ),
    "ops.nn.convolution": (
        14478,
        "conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d "
        "convolution",
    ),
    "ops.nn.embedding": (
        6753,
        "embedding embedding_bag",
    ),
    "ops.nn.grid_sample": (
        5361,
        "affine_grid grid_sample",
    ),
    "ops.nn.interpolate": (
        6315,
        "interpolate upsample upsample_bilinear upsample_nearest",
    ),
    "ops.nn.linear_maps": (
        8313,
        "",
    ),
    "ops.nn.margin_losses": (
        18168,
        "cosine_embedding_loss cosine_similarity ctc_loss gaussian_nll_loss hinge_embedding_loss "
        "kl_div margin_ranking_loss multi_margin_loss multilabel_margin_loss "
        "multilabel_soft_margin_loss pairwise_distance poisson_nll_loss soft_margin_loss "
        "triplet_margin_loss triplet_margin_with_distance_loss",
    ),
    "ops.nn.normalisation": (
        14958,
        "batch_norm group_norm instance_norm layer_norm local_response_norm normalize rms_norm",
    ),
    "ops.nn.padding": (
        4485,
        "constant_pad_nd pad",
    ),
    "ops.nn.pooling": (
        16378,
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d "
        "adaptive_max_pool1d_with_indices adaptive_max_pool2d adaptive_max_pool2d_with_indices "
        "adaptive_max_pool3d adaptive_max_pool3d_with_indices avg_pool1d avg_pool2d avg_pool3d "
        "lp_pool1d lp_pool2d lp_pool3d max_pool1d max_pool1d_with_indices max_pool2d "
        "max_pool2d_with_indices max_pool3d max_pool3d_with_indices max_unpool1d max_unpool2d "
        "max_unpool3d",
    ),
    "ops.nn.unfold": (
        7506,
        "channel_shuffle fold native_channel_shuffle pixel_shuffle pixel_unshuffle unfold",
    ),
    "ops.reductions.histograms": (
        11283,
        "bincount histc histogram histogramdd",
    ),
    "ops.reductions.integration": (
        11184,
        "cumulative_trapezoid diff gradient trapezoid trapz",
    ),
    "ops.reductions.scans": (
        4817,
        "cummax cummin logcumsumexp",
    ),
    "ops.reductions.statistics": (
        14391,
        "aminmax median mode nanmean nanmedian nanquantile nansum quantile",
    ),
    "ops.sampling.draw": (
        14417,
        "bernoulli binomial cauchy_ exponential_ geometric_ log_normal_ multinomial normal "
        "poisson rand rand_like randint randint_like randn randn_like random_ randperm uniform_",
    ),
    "optim.adam": (
        0,
        "Adam AdamW Adamax NAdam RAdam",
    ),
    "optim.descent": (
        0,
        "ASGD Rprop SGD",
    ),
    "optim.lbfgs": (
        0,
        "LBFGS",
    ),
    "optim.lr_scheduler": (
        0,
        "ChainedScheduler ConstantLR CosineAnnealingLR CosineAnnealingWarmRestarts ExponentialLR "
        "LambdaLR LinearLR MultiStepLR MultiplicativeLR PolynomialLR ReduceLROnPlateau "
        "SequentialLR StepLR",
    ),
    "optim.optimizer": (
        0,
        "Optimizer",
    ),
    "optim.scaled": (
        0,
        "Adadelta Adagrad RMSprop",
    ),
    "optim.scheduler": (
        0,
        "LRScheduler",
    ),
    "random.generator": (
        0,
        "Generator default_generator fork_rng get_rng_state initial_seed manual_seed seed "
        "set_rng_state",
    ),
    "transforms.custom_function": (
        0,
        "Function FunctionMeta InplaceFunction once_differentiable",
    ),
    "transforms.custom_function_context": (
        0,
        "BackwardCFunction FunctionCtx",
    ),
    "transforms.forward_ad": (
        0,
        "UnpackedDualTensor dual_level enter_dual_level exit_dual_level make_dual unpack_dual",
    ),
    "transforms.func": (
        0,
        "grad grad_and_value hessian jacfwd jacrev jvp linearize vjp",
    ),
    "transforms.functional": (
        0,
        "hessian hvp jacobian jvp vhp vjp",
    ),
    "transforms.gradcheck": (
        0,
        "gradcheck gradgradcheck",
    ),
    "transforms.vmap": (
        0,
        "vmap",
    ),
}
"""Module of the engine → the size of its file in bytes, and the names it makes public."""
