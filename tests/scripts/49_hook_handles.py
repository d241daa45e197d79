import torch

order = []
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * 3
z = y.sum()
first = y.register_hook(lambda g: order.append("first"))
second = y.register_hook(lambda g: order.append("second"))
leaf = x.register_post_accumulate_grad_hook(lambda p: order.append("accumulated"))
node = y.grad_fn.register_hook(lambda inputs, outputs: order.append(len(inputs)))
z.backward(retain_graph=True)
print(order, x.grad)
first.remove()
order.clear()
z.backward(retain_graph=True)
print(order, x.grad)
second.remove()
node.remove()
leaf.remove()
order.clear()
z.backward()
print(order, x.grad)

w = torch.tensor(2.0, requires_grad=True)
w.register_hook(lambda g: torch.clamp(g, -1, 1))
(w**3).backward()
print(w.grad)
