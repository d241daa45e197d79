import torch
import torch.nn.functional as F

image = torch.arange(16.0).reshape(1, 1, 4, 4).requires_grad_()
kernel = torch.tensor([[[[1.0, 0.0], [0.0, -1.0]]]], requires_grad=True)
out = F.conv2d(image, kernel)
print(out)
out.sum().backward()
print(image.grad)
print(kernel.grad)
print(F.conv2d(image, kernel, stride=2, padding=1).shape)
print(F.max_pool2d(image, 2))
print(F.avg_pool2d(image, 2, stride=1))
image.grad = None
F.max_pool2d(image, 2).pow(2).sum().backward()
print(image.grad)
signal = torch.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0]]])
print(F.conv1d(signal, torch.tensor([[[1.0, 0.0, -1.0]]]), bias=torch.tensor([0.5])))
print(F.conv_transpose1d(signal, torch.tensor([[[1.0, 1.0]]]), stride=2))
print(F.adaptive_avg_pool1d(signal, 2), F.pad(signal, (1, 1)), F.pad(signal, (2, 0), value=-1.0))
print(F.interpolate(signal, scale_factor=2, mode="nearest"))
print(F.unfold(image.detach(), 2, stride=2))
