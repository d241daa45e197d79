import torch

z = torch.tensor([3 + 4j, 1 - 1j], requires_grad=True)
print(z, z.dtype)
print(z.abs(), z.angle(), z.real, z.imag)
print(z.conj().real, z * z)
z.abs().sum().backward()
print(z.grad)
z.grad = None
(z * z.conj()).real.sum().backward()
print(z.grad)
x = torch.tensor([1.0, 2.0], requires_grad=True)
w = torch.complex(x, x * 2)
w.pow(2).imag.sum().backward()
print(x.grad)
print(torch.view_as_real(z.detach()), torch.polar(torch.tensor(2.0), torch.tensor(0.0)))
w = torch.tensor(1 + 2j, requires_grad=True)
for step in range(3):
    loss = (w - (0.5 - 1j)).abs() ** 2
    loss.backward()
    with torch.no_grad():
        w -= 0.25 * w.grad
    w.grad = None
    print(step, f"{loss.item():.2f}", w.detach())
print(torch.is_complex(w), torch.tensor([1j]).sum().item())
