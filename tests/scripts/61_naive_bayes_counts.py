import torch

words = torch.tensor([[2, 0, 1], [1, 0, 3], [0, 4, 1], [0, 2, 0]])
label = torch.tensor([0, 0, 1, 1])
counts = torch.stack([words[label == c].sum(0) for c in (0, 1)]) + 1
print(counts, counts.dtype)
theta = counts / counts.sum(1, keepdim=True)
print(theta)
prior = torch.bincount(label).float().div(len(label)).log()
new = torch.tensor([[1, 0, 1], [0, 3, 0]])
score = new.float() @ theta.log().t() + prior
print(score.argmax(dim=1), score.softmax(1))
print((words > 1).sum(dim=0), words.max(dim=0).values, words.float().std(0))
print(words.tolist(), words[0].tolist() == [2, 0, 1])
histogram = torch.histc(words.float(), bins=5, min=0, max=4)
print(histogram, words.unique(return_counts=True))
