import torch
import torch.nn.functional as F

pred = torch.tensor([[2.0, -1.0, 0.5], [0.0, 1.0, -2.0]], requires_grad=True)
target = torch.tensor([0, 2])
print(F.cross_entropy(pred, target))
print(F.cross_entropy(pred, target, reduction="none"))
print(F.cross_entropy(pred, target, label_smoothing=0.1))
print(F.nll_loss(F.log_softmax(pred, dim=1), target))
F.cross_entropy(pred, target).backward()
print(pred.grad)
a = torch.tensor([0.0, 1.0, 3.0], requires_grad=True)
b = torch.tensor([0.5, 1.0, 1.0])
for loss in (F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss):
    a.grad = None
    value = loss(a, b)
    value.backward()
    print(value.item(), a.grad)
logits = torch.tensor([0.0, 2.0, -2.0])
t = torch.tensor([1.0, 1.0, 0.0])
print(F.binary_cross_entropy_with_logits(logits, t))
print(F.binary_cross_entropy(logits.sigmoid(), t, reduction="sum"))
print(F.kl_div(torch.tensor([0.5, 0.5]).log(), torch.tensor([0.25, 0.75]), reduction="sum"))
print(F.hinge_embedding_loss(a.detach(), torch.tensor([1, -1, -1])))
print(F.cosine_similarity(a.detach(), b, dim=0))
