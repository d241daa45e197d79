import torch
import torch.nn.functional as F

x = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0], requires_grad=True)


def show(name, y):
    (grad,) = torch.autograd.grad(y.sum(), x)
    print(name, y.detach(), grad)


show("relu", F.relu(x))
show("leaky_relu", F.leaky_relu(x, 0.1))
show("elu", F.elu(x))
show("selu", F.selu(x))
show("gelu", F.gelu(x))
show("silu", F.silu(x))
show("softplus", F.softplus(x))
show("sigmoid", torch.sigmoid(x))
show("tanh", torch.tanh(x))
show("hardtanh", F.hardtanh(x))
show("softsign", F.softsign(x))
show("logsigmoid", F.logsigmoid(x))
show("mish", F.mish(x))
show("softmax", F.softmax(x, dim=0)[1:3])
show("hardswish", F.hardswish(x))
show("relu6", F.relu6(4 * x))
