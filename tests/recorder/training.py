"""Asks PyTorch about what training needs: `python -m tests.recorder.training`.

Optimizers and schedulers, parameters, the classes of tensors; what they say goes to training.json.
"""

from tests.recorder.programs import write

PROGRAMS = r"""
torch.Tensor()
torch.Tensor(2,3).shape
torch.Tensor([1,2])
torch.Tensor((2,3))
torch.Tensor(torch.Size([2,3])).shape
torch.Tensor(T([1.,2.]))
torch.Tensor(T([1,2]))
torch.Tensor(5).shape
torch.Tensor(1.5)
torch.Tensor("a")
torch.Tensor([[1,2],[3,4]])
torch.Tensor(range(3))
torch.Tensor(True)
torch.Tensor(2,"a")
torch.Tensor(2,1.5)
torch.Tensor(-1)
torch.Tensor(size=(2,)).shape
torch.Tensor([1.],requires_grad=True)
torch.Tensor([1.],dtype=torch.float64)
torch.Tensor(None)
torch.Tensor([True])
torch.Tensor(2,0).shape
torch.FloatTensor([1,2])
torch.DoubleTensor([1])
torch.LongTensor([1.7])
torch.IntTensor([1])
torch.BoolTensor([2])
torch.HalfTensor([2])
torch.ShortTensor([1])
torch.CharTensor([1])
torch.ByteTensor([300])
torch.BFloat16Tensor([1.])
torch.LongTensor(2,3).shape
torch.FloatTensor(T([1,2]))
torch.LongTensor(T([1,2]))
torch.FloatTensor(1.5)
torch.FloatTensor
torch.Tensor
torch.FloatTensor(T([1.,2.],requires_grad=True))
torch.Tensor(T([1.,2.],requires_grad=True))
isinstance(T([1.]),torch.FloatTensor)
isinstance(T([1]),torch.FloatTensor)
torch.FloatTensor.dtype
T([1.]).type("torch.LongTensor")
T([1.]).type(torch.LongTensor)
T([1.]).type("foo")
T([1.]).type(torch.int)
T([1.]).type()
T([1.]).type(dtype=torch.float64)
T([1.]).type(3)
T([1.]).new()
T([1.]).new(2,3).shape
T([1.]).new([1,2])
T([1.]).new_tensor([1,2])
T([1]).new_tensor([1.5])
T([1.]).new_empty((2,)).shape
T([1.]).new_ones(2,dtype=torch.int)
T([1.]).new_full((2,),3)
T([1]).new_full((2,),3.5)
T([1.]).new_zeros((2,),requires_grad=True)
torch.Tensor([[1,2],[3]])
torch.tensor([1.]).__class__
type(T(1.)) == torch.Tensor
torch.Tensor.__name__
torch.FloatTensor.__name__
T([1.]).new_tensor(T([1.]))
torch.Tensor(1,2,3,dtype=torch.float)
torch.FloatTensor(2,3,4).size()
torch.FloatTensor("a")
torch.Tensor.add(T(1.),2)
torch.nn.Parameter()
torch.nn.Parameter([1.,2.])
torch.nn.Parameter(T([1,2]))
torch.nn.Parameter(T([1,2]),False)
torch.nn.Parameter(T([1.,2.]),requires_grad=False)
torch.nn.Parameter(T([1.,2.])).data
torch.nn.Parameter(T([1.,2.]))*2
torch.nn.Parameter(T([1.,2.])).clone()
isinstance(torch.nn.Parameter(T(1.)),torch.Tensor), isinstance(torch.nn.Parameter(T(1.)),torch.nn.Parameter), isinstance(T(1.),torch.nn.Parameter)
torch.nn.Parameter(T([1.,2.])).foo
torch.nn.Parameter(torch.nn.Parameter(T(1.)))
torch.nn.Parameter(1.)
torch.nn.Parameter(T([1.,2.],requires_grad=True)*2)
torch.nn.Parameter(data=T(1.))
torch.nn.Parameter(T(1.),1)
str(torch.nn.Parameter(T(1.)))
f"{torch.nn.Parameter(T(1.))}"
[torch.nn.Parameter(T(1.))]
torch.nn.Parameter(T([1.,2.])).float()
torch.nn.Parameter(T([1.,2.])).detach()
torch.no_grad()(lambda: torch.nn.Parameter(T([1.,2.])).mul_(2))()
torch.nn.parameter.Parameter is torch.nn.Parameter
torch.optim.SGD([T([1.])],lr=-1)
torch.optim.SGD([],lr=.1)
torch.optim.SGD(T([1.]),lr=.1)
torch.optim.SGD([T([1.])*T([2.],requires_grad=True)],lr=.1)
torch.optim.SGD([1,2],lr=.1)
torch.optim.SGD([None])
torch.optim.SGD({"params":[T(1.)]})
torch.optim.Adam([T(1.)],betas=(1.,.5))
torch.optim.Adam([T(1.)],eps=-1)
torch.optim.Adam([T(1.)],weight_decay=-1)
torch.optim.Adam([T(1.)],betas=(0,.5))
torch.optim.SGD([T(1.)],momentum=-1)
torch.optim.SGD([T(1.)],nesterov=True)
torch.optim.SGD([T(1.)],lr=T([.1,.2]))
torch.optim.SGD([T(1.)],lr=T(.1))
torch.optim.SGD([{"params":T(1.)},{"params":[T(2.)],"lr":3}])
torch.optim.SGD([torch.nn.Parameter(T(1.))]).param_groups
torch.optim.SGD([T(1.)]).load_state_dict({"state":{},"param_groups":[]})
torch.optim.SGD([T(1.)]).load_state_dict({"state":{},"param_groups":[{"params":[]}]})
torch.optim.SGD([("w",T(1.)),("b",T(2.))])
torch.optim.SGD([("w",T(1.)),T(2.)])
torch.optim.SGD({T(1.)})
torch.optim.SGD([{"params":{T(1.)}}])
torch.optim.SGD(3)
torch.optim.SGD("ab")
torch.optim.SGD([T(1.)]).add_param_group(3)
torch.optim.Adam([T(1.)]).add_param_group({"params":[T(1.)]})
torch.optim.Rprop([T(1.)],etas=(1,2))
torch.optim.lr_scheduler.StepLR(3,1)
torch.optim.lr_scheduler.StepLR(torch.optim.SGD([T(1.)]),1).step()
torch.optim.lr_scheduler.ReduceLROnPlateau(torch.optim.SGD([T(1.)]),"x")
torch.optim.lr_scheduler.LambdaLR(torch.optim.SGD([T(1.)]),[])
torch.optim.lr_scheduler.StepLR(torch.optim.SGD([T(1.)]),1).get_lr()
opt = torch.optim.SGD([a], lr=0.1, momentum=0.9); a.sum().backward(); opt.step(); (a, opt.state_dict())
opt = torch.optim.SGD([a], lr=0.1); opt.step(); a
opt = torch.optim.SGD([a], lr=0.1); opt.step(lambda: (a * a).sum())
opt = torch.optim.Adam([a]); a.sum().backward(); opt.zero_grad(); a.grad
opt = torch.optim.Adam([a]); a.sum().backward(); opt.zero_grad(set_to_none=False); a.grad
opt = torch.optim.SGD([a], lr=T(0.1)); a.sum().backward(); opt.step(); a
y = a.exp(); opt = torch.optim.SGD([a], lr=0.1); a.grad = torch.ones(2); opt.step(); y.sum().backward()
y = a * a; opt = torch.optim.SGD([a], lr=0.1); a.grad = torch.ones(2); opt.step(); y.sum().backward()
opt = torch.optim.SGD([{'params': [a]}, {'params': [T([3.])], 'lr': 0.5}], lr=0.1); opt
opt = torch.optim.SGD([a], lr=0.1); opt.add_param_group({'params': [a]})
o = torch.optim.Adam([a]); a.sum().backward(); o.step(); p = torch.optim.Adam([a]); p.load_state_dict(o.state_dict()); p.state_dict()
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.StepLR(o, 2, 0.5); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(6)]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.ExponentialLR(o, 0.9); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(6)]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.LambdaLR(o, lambda e: 0.9 ** e); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(6)]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.MultiplicativeLR(o, lambda e: 0.9); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(6)]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.MultiStepLR(o, [2, 2, 5], 0.5); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(6)]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.ConstantLR(o); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(6)]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.LinearLR(o); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(6)]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.PolynomialLR(o, 5, 2.0); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(6)]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.CosineAnnealingLR(o, 4, 0.01); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(10)]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 2, 2); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(8)]; l
L = torch.optim.lr_scheduler; o = torch.optim.SGD([a]); s = L.SequentialLR(o, [L.ConstantLR(o, 0.1, 2), L.ExponentialLR(o, 0.9)], [3]); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(8)]; l
L = torch.optim.lr_scheduler; o = torch.optim.SGD([a]); s = L.ChainedScheduler([L.ConstantLR(o, 0.1, 2), L.ExponentialLR(o, 0.9)]); l = [(o.step(), s.step(), s.get_last_lr())[2] for i in range(5)]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.ReduceLROnPlateau(o, patience=1, cooldown=1); l = [(s.step(m), s.get_last_lr())[1] for m in [5, 4, 4, 4, 4, 4, 4, 3]]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.ReduceLROnPlateau(o, 'max', 0.5, 0, threshold_mode='abs', min_lr=0.0003); l = [(s.step(m), s.get_last_lr())[1] for m in [5, 4, 4, 6, 4, 4, 4, 3]]; l
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.StepLR(o, 2); o.step(); s.step(); s.state_dict()["last_epoch"]
o = torch.optim.SGD([a]); s = torch.optim.lr_scheduler.StepLR(o, 2); o.step(); s.step(7); s.get_last_lr()
w = torch.nn.Parameter(T([1., 2.])); (w * a).sum().backward(); (w.grad, w.is_leaf, w.sum())
w = torch.nn.Parameter(T([[1., 2.], [3., 4.]])); (w @ w, w.T, w[0], w + 1, torch.nn.functional.relu(w), w.exp())
""".strip().splitlines()


if __name__ == "__main__":
    write("training", PROGRAMS)
