import torch

x = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64, requires_grad=True)
X = torch.fft.fft(x)
print(X.real, X.imag)
print(torch.fft.rfft(x).shape, torch.fft.irfft(torch.fft.rfft(x)))
power = torch.fft.rfft(x).abs().pow(2).sum()
power.backward()
print(power, x.grad)
print(torch.fft.fftfreq(4), torch.fft.rfftfreq(4))
print(torch.fft.fftshift(torch.arange(5)))
print(torch.fft.fft(torch.eye(2, dtype=torch.complex128)))
n = 8
signal = torch.cos(2 * torch.pi * torch.arange(n, dtype=torch.float64) / n)
spectrum = torch.fft.rfft(signal).abs()
print(spectrum.argmax(), spectrum.max().round())
