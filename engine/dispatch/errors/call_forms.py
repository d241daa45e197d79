"""The forms of PyTorch's functions that have several: what its errors list.

Names, then a form a line. $OUT and $NEW stand for what many end in.
"""

OUT = ", *, Tensor out = None"
NEW = (
    "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, "
    "bool pin_memory = False, bool requires_grad = False"
)

FUNCTIONS = """
add sub:
    Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None
addbmm:
    Tensor input, Tensor batch1, Tensor batch2, *, Number beta = 1, Number alpha = 1, Tensor
        out = None
addcdiv addcmul:
    Tensor input, Tensor tensor1, Tensor tensor2, *, Number value = 1, Tensor out = None
addmm:
    Tensor input, Tensor mat1, Tensor mat2, *, Number beta = 1, Number alpha = 1, Tensor out =
        None
    Tensor input, Tensor mat1, Tensor mat2, torch.dtype out_dtype, *, Number beta = 1, Number
        alpha = 1, Tensor out = None
addmv:
    Tensor input, Tensor mat, Tensor vec, *, Number beta = 1, Number alpha = 1, Tensor out =
        None
addmv_:
    Tensor input, Tensor mat, Tensor vec, *, Number beta = 1, Number alpha = 1
addr:
    Tensor input, Tensor vec1, Tensor vec2, *, Number beta = 1, Number alpha = 1, Tensor out =
        None
all any:
    Tensor input $OUT
    Tensor input, tuple of ints dim = None, bool keepdim = False $OUT
    Tensor input, int dim, bool keepdim = False $OUT
arange:
    Number end $NEW
    Number start, Number end, *, $LAY
    Number start, Number end, Number step = 1 $NEW
argsort:
    Tensor input, *, bool stable, int dim = -1, bool descending = False, Tensor out = None
    Tensor input, int dim = -1, bool descending = False
atleast_1d atleast_2d atleast_3d:
    Tensor input
    tuple of Tensors tensors
baddbmm:
    Tensor input, Tensor batch1, Tensor batch2, *, Number beta = 1, Number alpha = 1, Tensor
        out = None
    Tensor input, Tensor batch1, Tensor batch2, torch.dtype out_dtype, *, Number beta = 1,
        Number alpha = 1, Tensor out = None
bartlett_window blackman_window hann_window:
    int window_length, *, $LAY
    int window_length, bool periodic, *, $LAY
bernoulli:
    Tensor input, *, torch.Generator generator = None, Tensor out = None
    Tensor input, float p, *, torch.Generator generator = None
bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor remainder:
    Tensor input, Tensor other $OUT
    Number self, Tensor other
    Tensor input, Number other $OUT
bmm mm:
    Tensor input, Tensor mat2 $OUT
    Tensor input, Tensor mat2, torch.dtype out_dtype $OUT
clamp clip:
    Tensor input, Tensor min = None, Tensor max = None $OUT
    Tensor input, Number min = None, Number max = None $OUT
clamp_ clip_:
    Tensor input, Tensor min = None, Tensor max = None
    Tensor input, Number min = None, Number max = None
clamp_max:
    Tensor input, Tensor max $OUT
    Tensor input, Number max $OUT
clamp_max_:
    Tensor input, Tensor max
    Tensor input, Number max
clamp_min:
    Tensor input, Tensor min $OUT
    Tensor input, Number min $OUT
clamp_min_:
    Tensor input, Tensor min
    Tensor input, Number min
copysign eq fmod ge greater greater_equal gt le less less_equal lt ne not_equal:
    Tensor input, Tensor other $OUT
    Tensor input, Number other $OUT
count_nonzero:
    Tensor input, int dim = None
    Tensor input, tuple of ints dim
ctc_loss:
    Tensor log_probs, Tensor targets, tuple of ints input_lengths, tuple of ints
        target_lengths, int blank = 0, int reduction = at::Reduction::Mean, bool zero_infinity
        = False
    Tensor log_probs, Tensor targets, Tensor input_lengths, Tensor target_lengths, int blank =
        0, int reduction = at::Reduction::Mean, bool zero_infinity = False
div:
    Tensor input, Tensor other $OUT
    Tensor input, Tensor other, *, str rounding_mode, Tensor out = None
    Tensor input, Number other, *, str rounding_mode
divide:
    Tensor input, Tensor other $OUT
    Tensor input, Tensor other, *, str rounding_mode, Tensor out = None
    Tensor input, Number other
    Tensor input, Number other, *, str rounding_mode
dsplit hsplit vsplit:
    Tensor input, int sections
    Tensor input, tuple of ints indices
eye:
    int n $NEW
    int n, int m $NEW
fill_:
    Tensor input, Tensor value
    Tensor input, Number value
float_power pow:
    Tensor input, Tensor exponent $OUT
    Number self, Tensor exponent $OUT
    Tensor input, Number exponent $OUT
floor_divide multiply true_divide:
    Tensor input, Tensor other $OUT
    Tensor input, Number other
hamming_window:
    int window_length, *, $LAY
    int window_length, bool periodic, *, $LAY
    int window_length, bool periodic, float alpha, *, $LAY
    int window_length, bool periodic, float alpha, float beta, *, $LAY
index_fill:
    Tensor input, int dim, Tensor index, Tensor value
    Tensor input, int dim, Tensor index, Number value
kaiser_window:
    int window_length, *, $LAY
    int window_length, bool periodic, *, $LAY
    int window_length, bool periodic, float beta, *, $LAY
lerp:
    Tensor input, Tensor end, Tensor weight $OUT
    Tensor input, Tensor end, Number weight $OUT
linspace:
    Tensor start, Tensor end, int steps $NEW
    Number start, Tensor end, int steps $NEW
    Tensor start, Number end, int steps $NEW
    Number start, Number end, int steps $NEW
logspace:
    Tensor start, Tensor end, int steps, float base = 10.0 $NEW
    Number start, Tensor end, int steps, float base = 10.0 $NEW
    Tensor start, Number end, int steps, float base = 10.0 $NEW
    Number start, Number end, int steps, float base = 10.0 $NEW
masked_fill:
    Tensor input, Tensor mask, Tensor value
    Tensor input, Tensor mask, Number value
max min:
    Tensor input $OUT
    Tensor input, Tensor other $OUT
    Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None
mean:
    Tensor input, *, torch.dtype dtype = None, Tensor out = None
    Tensor input, tuple of ints dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor
        out = None
moveaxis movedim:
    Tensor input, int source, int destination
    Tensor input, tuple of ints source, tuple of ints destination
narrow:
    Tensor input, int dim, Tensor start, int length
    Tensor input, int dim, int start, int length
normal:
    Tensor mean, Tensor std, *, torch.Generator generator = None, Tensor out = None
    Tensor mean, float std = 1, *, torch.Generator generator = None, Tensor out = None
    float mean, Tensor std, *, torch.Generator generator = None, Tensor out = None
    float mean, float std, tuple of ints size, *, torch.Generator generator = None, Tensor out
        = None, $LAY
nuclear_norm:
    Tensor input, tuple of ints dim, bool keepdim = False $OUT
    Tensor input, bool keepdim = False $OUT
prod:
    Tensor input, *, torch.dtype dtype = None
    Tensor input, int dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out =
        None
rand randn:
    tuple of ints size, *, torch.Generator generator, Tensor out = None, $LAY
    tuple of ints size $NEW
rand_like randn_like:
    Tensor input, *, torch.Generator generator, torch.memory_format memory_format = None, $LAY
    Tensor input, *, torch.memory_format memory_format = None, $LAY
randint:
    int high, tuple of ints size, *, torch.Generator generator, Tensor out = None, $LAY
    int high, tuple of ints size $NEW
    int low, int high, tuple of ints size, *, torch.Generator generator, Tensor out = None,
        $LAY
    int low, int high, tuple of ints size $NEW
randint_like:
    Tensor input, int low, int high, *, torch.Generator generator, torch.memory_format
        memory_format = None, $LAY
    Tensor input, int low, int high, *, torch.memory_format memory_format = None, $LAY
    Tensor input, Tensor high, *, torch.Generator generator, torch.memory_format memory_format
        = None, $LAY
    Tensor input, Tensor high, *, torch.memory_format memory_format = None, $LAY
    Tensor input, int high, *, torch.Generator generator, torch.memory_format memory_format =
        None, $LAY
    Tensor input, int high, *, torch.memory_format memory_format = None, $LAY
randperm:
    int n, *, torch.Generator generator, Tensor out = None, $LAY
    int n $NEW
repeat_interleave:
    Tensor input, Tensor repeats, int dim = None, *, int output_size = None
    Tensor repeats, *, int output_size = None
    Tensor input, int repeats, int dim = None, *, int output_size = None
result_type:
    Tensor tensor, Tensor other
    Number scalar, Tensor tensor
    Tensor tensor, Number other
    Number scalar1, Number scalar2
round:
    Tensor input $OUT
    Tensor input, *, int decimals, Tensor out = None
round_:
    Tensor input
    Tensor input, *, int decimals
rsub:
    Tensor input, Tensor other, *, Number alpha = 1
    Tensor input, Number other, Number alpha = 1
scatter:
    Tensor input, int dim, Tensor index, Tensor src $OUT
    Tensor input, int dim, Tensor index, Tensor src, *, str reduce, Tensor out = None
    Tensor input, int dim, Tensor index, Number value $OUT
    Tensor input, int dim, Tensor index, Number value, *, str reduce, Tensor out = None
sort:
    Tensor input, *, bool stable, int dim = -1, bool descending = False, tuple of Tensors out
        = None
    Tensor input, int dim = -1, bool descending = False, *, tuple of Tensors out = None
special_chebyshev_polynomial_t special_chebyshev_polynomial_u special_chebyshev_polynomial_v
special_chebyshev_polynomial_w special_hermite_polynomial_h special_hermite_polynomial_he
special_laguerre_polynomial_l special_legendre_polynomial_p special_shifted_chebyshev_polynomial_t
special_shifted_chebyshev_polynomial_u special_shifted_chebyshev_polynomial_v
special_shifted_chebyshev_polynomial_w:
    Tensor x, Tensor n $OUT
    Number x, Tensor n $OUT
    Tensor x, Number n $OUT
squeeze:
    Tensor input
    Tensor input, int dim
    Tensor input, tuple of ints dim
std var:
    Tensor input, tuple of ints dim, bool unbiased = True, bool keepdim = False $OUT
    Tensor input, tuple of ints dim = None, *, Number correction = None, bool keepdim = False,
        Tensor out = None
    Tensor input, bool unbiased = True
std_mean var_mean:
    Tensor input, tuple of ints dim, bool unbiased = True, bool keepdim = False
    Tensor input, tuple of ints dim = None, *, Number correction = None, bool keepdim = False
    Tensor input, bool unbiased = True
subtract:
    Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None
    Tensor input, Number other, Number alpha = 1
sum:
    Tensor input, *, torch.dtype dtype = None
    Tensor input, tuple of ints dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor
        out = None
tensor_split:
    Tensor input, tuple of ints indices, int dim = 0
    Tensor input, Tensor tensor_indices_or_sections, int dim = 0
    Tensor input, int sections, int dim = 0
where:
    Tensor condition
    Tensor condition, Tensor input, Tensor other $OUT
    Tensor condition, Number self, Tensor other
    Tensor condition, Tensor input, Number other
    Tensor condition, Number self, Number other
special_xlog1py special_xlogy special_zeta xlogy:
    Tensor input, Tensor other $OUT
    Number self, Tensor other $OUT
    Tensor input, Number other $OUT
xlogy_:
    Tensor input, Tensor other
    Tensor input, Number other
"""
"""Of torch; a method's forms are those that begin with the tensor, without it."""

METHODS = """
bernoulli_:
    Tensor p, *, torch.Generator generator = None
    float p = 0.5, *, torch.Generator generator = None
copy_:
    Tensor other, bool non_blocking = False
cuda:
    torch.device device = None, bool non_blocking = False, *, torch.memory_format
        memory_format = None
new:
    *, torch.device device = None
    torch.Storage storage
    Tensor other
    tuple of ints size, *, torch.device device = None
    object data, *, torch.device device = None
nonzero:
    ()
    *, bool as_tuple
random_:
    *, torch.Generator generator = None
    int from, int to, *, torch.Generator generator = None
    int to, *, torch.Generator generator = None
to:
    torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, bool copy
        = False, *, torch.memory_format memory_format = None
    torch.dtype dtype, bool non_blocking = False, bool copy = False, *, torch.memory_format
        memory_format = None
    Tensor tensor, bool non_blocking = False, bool copy = False, *, torch.memory_format
        memory_format = None
type:
    object dtype = None, bool non_blocking = False, *, torch.memory_format memory_format =
        None
view:
    torch.dtype dtype
    tuple of ints size
where:
    Tensor condition, Tensor other
    Tensor condition, Number other
"""
"""Of tensors, where they differ."""
