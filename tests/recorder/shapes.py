"""Asks PyTorch about shapes and indices: `python -m tests.recorder.shapes`. A program a line."""

from tests.recorder.names import complete
from tests.recorder.programs import write

SHAPES = """
x.view(2,'x')
x.view(())
x.view([2,3.])
x.reshape(2.5)
x.permute('x')
x.expand('x')
x.expand()
x.expand(-1)
x.repeat('x')
x.roll('x')
x.roll(1,(0,1))
x.roll((1,2))
x.roll((1,2),0)
x.roll(1,5)
x.narrow(0,1,5)
x.narrow(0,5,1)
x.narrow(0,-1,1)
x.narrow(0,0,-1)
x.select(0,5)
x.select(0,-3)
x.select(3,0)
torch.ones(()).select(0,0)
x.split('x')
x.split(2,5)
x.split([1,-1])
x.split([3,-1])
x.chunk('x')
x.unflatten(0,(3,1))
x.unflatten(0,())
x.unflatten(1,(-1,2))
x.movedim(0,5)
x.movedim((0,1),(0,))
x.movedim((0,0),(0,1))
x.diag(5)
torch.ones(1,1,1).diag()
torch.ones(()).diag()
x.diagonal(5)
x.diagonal(-5)
x.tril('x')
x.view(-1,0)
torch.ones(0).view(-1,0)
torch.ones(0).view(-1)
torch.ones(0,3).reshape(-1,3)
x.mT.shape
torch.ones(2).mT
torch.ones(2,2,2).t()
torch.ones(()).t()
torch.ones(()).T
torch.ones(()).mT
torch.stack(x)
torch.stack([x,1])
torch.hstack([])
torch.hstack(x)
torch.cat(5)
torch.cat([x,1])
x.unbind(5)
x.repeat_interleave(2,5)
x.tile(-1)
x.repeat(-1,1)
x.expand_as(1)
x.view_as(1)
x.swapaxes(0,5)
torch.broadcast_to(x,(3,))
torch.broadcast_tensors(x,torch.ones(2))
torch.ones(2,3,4).permute(0,1)
x.permute(0,1,2)
x.expand(2,-1)
x.expand(1,3)
x.expand(-2,3)
x.flip()
x.rot90(1,(0,0))
x.rot90(1,(0,))
x.rot90(1,(0,1,2))
torch.ones(3).rot90()
torch.meshgrid(x[0],x[1])
torch.meshgrid(x[0],x[1],indexing='xy')
torch.unsqueeze(1,0)
torch.squeeze([1])
torch.tril(1)
torch.reshape([1],(1,))
torch.flatten(1)
x.unfold(0,3,1)
x.unfold(0,1,0)
x.unfold(2,1,1)
x.unfold(1,2,1)
torch.chunk(torch.ones(()),2)
torch.split(torch.ones(()),2)
torch.ones(2,2).tensor_split(0)
torch.ones(2).hsplit(3)
torch.ones(()).hsplit(3)
torch.ones(2).vsplit(2)
torch.ones(2).dsplit(2)
torch.column_stack([1])
x.diag_embed(0,0,0)
torch.squeeze(x,(0,0))
x.flatten(1,5)
torch.ones(3).fliplr()
torch.ones(()).flipud()
x.select_scatter(torch.ones(2),0,0)
x.slice_scatter(torch.ones(2),0,0,1)
x.diagonal_scatter(torch.ones(3))
torch.block_diag(x, torch.ones(2), torch.ones(()))
torch.cartesian_prod(x)
torch.combinations(x)
torch.combinations(torch.arange(3))
torch.combinations(torch.arange(3),with_replacement=True)
x.kthvalue(9)
x.kthvalue(2)
torch.swapdims(x,0,1).shape
torch.ones(2).adjoint()
x.t().stride()
x.t().contiguous().stride()
x.expand(4,2,3).stride()
x[:,::2].stride(),x[:,::2].is_contiguous()
x[1:].storage_offset()
x[1:,1:].storage_offset()
x.t().clone().stride()
x.squeeze_()
y=x.clone(); y.unsqueeze_(0).shape
y=x.clone(); y.transpose_(0,1); y.stride()
x.unsqueeze_(0)
list(x)
torch.tril_indices(3,3)
torch.triu_indices(3,3,1)
x.repeat_interleave(torch.tensor([1,2]),0)
torch.repeat_interleave(torch.tensor([1,2,0]))
x.sum_to_size(3)
x.sum_to_size(1,3).shape
x.sum_to_size(1,1,3)
torch.atleast_2d(torch.tensor(1.),torch.ones(2))
torch.atleast_3d([torch.tensor(1.),torch.ones(2)])
torch.broadcast_shapes((2,1),(3,))
torch.cat([torch.ones(2),torch.ones(2).double()]).dtype
torch.cat([torch.ones(2,dtype=torch.int32),torch.ones(2,dtype=torch.bool)])
torch.stack([torch.ones(2),torch.ones(2).long()])
torch.cat([x,torch.ones(0)])
torch.vstack([torch.ones(2),torch.zeros(2)])
torch.dstack([torch.ones(2),torch.zeros(2)])
torch.hstack([torch.ones(2),torch.zeros(3)])
torch.tensor_split(torch.arange(7),3)
torch.tensor_split(torch.arange(7),(2,5))
torch.split(torch.arange(7),3)
torch.chunk(torch.arange(7),3)
torch.chunk(torch.ones(0,2),3)
torch.rot90(x)
torch.rot90(x,-1,(1,0))
x.unbind(1)
torch.diagflat(torch.arange(2.),1)
torch.diag_embed(x,1)
torch.linalg.diagonal(torch.ones(2,3,3)).shape
x.movedim(0,1).shape
x.moveaxis(0,-1).shape
x.swapaxes(0,1).shape
x.view(3,2)[1]
x.T.view(6)
x.T.reshape(6).grad_fn.name()
x.T.flatten().grad_fn.name()
x.flatten(0,0) is x
x.contiguous() is x
x.view(-1).grad_fn.name()
x.data_ptr()==x.view(6).data_ptr()
x[0].data_ptr()==x.data_ptr()
x.is_contiguous(), x.T.is_contiguous(), x[:, :1].is_contiguous()
""".strip().splitlines()

SHAPES += """
y = T([[[1.], [2.]]]) * a[0]; y.squeeze_(); (y, y._is_view())
y = T([[[1.], [2.]]]) * a[0]; y.squeeze_(0); y
y = T([[[1.], [2.]]]) * a[0]; y.squeeze_((0, 2)); y
y = a * 1; y.unsqueeze_(0); y
y = x * 1; y.transpose_(0, 1); y.mul_(3); y.sum().backward(); (y, x.grad)
y = x * 1; y.swapaxes_(0, 1); y.stride()
y = x * 1; y.t_(); y
y = (x * 1)[None][0]; y.t_(); y.mul_(2); y.sum().backward(); (y._is_view(), x.grad)
x.t_()
y = x.detach(); y.unsqueeze_(0); (x.shape, y.shape)
""".strip().splitlines()

PLACES = """
x[[[0,1],[1,1]]]
x[[[0,1]]]
x[[0,1],]
x[[]]
x[[True,False]]
x[[0.5]]
x[(0,1)]
x[[slice(0,1)]]
x[[0,slice(0,1)]]
x[[None]]
x[[i,i]]
x[[i]]
x[1.5]
x[0,'a']
x[0,1.5]
x[{}]
x[1j]
x[range(2)]
x[T(1.)]
x[T([0,1],dtype=torch.int32)]
x[T([0,1],dtype=torch.int16)]
x[T([0,1],dtype=torch.uint8)]
x[T([[True,False,True],[True,True,True]])]
x[T([[True,False],[True,True]])]
x[T([True,False,True])]
x[:,T([True,False])]
x[0,0,0]
x[...,0,...]
x[...,...]
x[0:1,...,None]
x[:,None,:,None].shape
x[True].shape
x[False].shape
x[True,True].shape
x[True,0].shape
x[0,True].shape
x[T(True)].shape
x[T(False)].shape
T(5.)[True]
T(5.)[...]
T(5.)[None]
T(5.)[:]
T(5.)[()]
T(5.)[0]
T(5.)[0,0]
T(5.)[T(0)]
T(5.)[T([0])]
T(5.)[T(True)]
x[5]
x[0,5]
x[-3]
x[T(5)]
x[T([5])]
x[T([-3])]
x[:,T([0,-4])]
x[5:]
x[::2]
x[::0]
x[1.5:]
x['a':]
x[T(1):]
x[i,i,i]
x[i,i[:1]]
x[i,T([0,1,2])]
x[i,None,i]
x[i[:,None],i]
x[-1:,-2:]
x[3:1]
x[:,-5:2]
x[1:2,T([True,False,True])]
x[T([True,False]),T([True,False,True])]
x[T([True,True]),1]
x[i,True].shape
x[None,i,None].shape
x[...,T([2,0])]
x[0][1]
x[T(1)].grad_fn.name()
x[:1,i].grad_fn.next_functions[0][0].name()
y = x * 1; y[0]=1; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=v; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=torch.ones(1,3); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=torch.ones(2,3); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=torch.ones(1,1,3); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=[1,2,3]; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]='a'; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=None; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=(1,2,3); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=1j; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=True; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[5]=1; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0,5]=1; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0,0]=v; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0,0]=torch.ones(1); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0,0]=torch.ones(1,1); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i]=1; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i]=v; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i]=v.double(); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i]=v.long(); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i]=torch.ones(1,2,3); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i]=torch.ones(2); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i,0]=torch.ones(2); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i,i]=torch.ones(3); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[y>1]=0; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[y>1]=torch.ones(4); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[y>1]=torch.ones(3); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[y>1]=T(2.); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[y>1]=[1,2,3,4]; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[T([True,False])]=v; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[T([5])]=1; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[True]=5; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[False]=5; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[...]=3; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[None]=3; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[:]=v; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[:,1:]=v[:2]; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[::-1]=1; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[T(0)]=7; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[T(True)]=7; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=v.double(); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[[0,1],[1,1]]=9; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[[0,1]]=T([[1.],[2.]]); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[1.5]=1; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i]='a'; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[()]=2; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0,...]=4; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[...,0]=4; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[None,0]=4; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[:,i]=w; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i,:2]=w; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[:,[2,0]]=v[:2]; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=y[1]; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]=w.sum(); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[y.detach()>2]=w.sum(); y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0][1]=9; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[0]+=1; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[:,0]*=w[0,0]; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i]+=1; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[i]+=w[:,:1]; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; y[T([0,0])]+=1; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x * 1; del y[0]; y.backward(torch.arange(1., 7.).reshape(2, 3)); (y, x.grad)
y = x.detach().long(); y[0]=1; y
y = x.detach().long(); y[0]=v; y
y = x.detach().long(); y[0]=torch.ones(1,3); y
y = x.detach().long(); y[0]=torch.ones(2,3); y
y = x.detach().long(); y[0]=torch.ones(1,1,3); y
y = x.detach().long(); y[0]=[1,2,3]; y
y = x.detach().long(); y[0]='a'; y
y = x.detach().long(); y[0]=None; y
y = x.detach().long(); y[0]=(1,2,3); y
y = x.detach().long(); y[0]=1j; y
y = x.detach().long(); y[0]=True; y
y = x.detach().long(); y[5]=1; y
y = x.detach().long(); y[0,5]=1; y
y = x.detach().long(); y[0,0]=v; y
y = x.detach().long(); y[0,0]=torch.ones(1); y
y = x.detach().long(); y[0,0]=torch.ones(1,1); y
y = x.detach().long(); y[i]=1; y
y = x.detach().long(); y[i]=v; y
y = x.detach().long(); y[i]=v.double(); y
y = x.detach().long(); y[i]=v.long(); y
y = x.detach().long(); y[i]=torch.ones(2); y
y = x.detach().long(); y[i,0]=torch.ones(2); y
y = x.detach().long(); y[i,i]=torch.ones(3); y
y = x.detach().long(); y[y>1]=0; y
y = x.detach().long(); y[y>1]=torch.ones(4); y
y = x.detach().long(); y[y>1]=torch.ones(3); y
y = x.detach().long(); y[y>1]=T(2.); y
y = x.detach().long(); y[y>1]=[1,2,3,4]; y
y = x.detach().long(); y[T([True,False])]=v; y
y = x.detach().long(); y[T([5])]=1; y
y = x.detach().long(); y[True]=5; y
y = x.detach().long(); y[False]=5; y
y = x.detach().long(); y[...]=3; y
y = x.detach().long(); y[None]=3; y
y = x.detach().long(); y[:]=v; y
y = x.detach().long(); y[:,1:]=v[:2]; y
y = x.detach().long(); y[::-1]=1; y
y = x.detach().long(); y[T(0)]=7; y
y = x.detach().long(); y[T(True)]=7; y
y = x.detach().long(); y[0]=v.double(); y
y = x.detach().long(); y[[0,1],[1,1]]=9; y
y = x.detach().long(); y[[0,1]]=T([[1.],[2.]]); y
y = x.detach().long(); y[1.5]=1; y
y = x.detach().long(); y[i]='a'; y
y = x.detach().long(); y[()]=2; y
y = x.detach().long(); y[0,...]=4; y
y = x.detach().long(); y[...,0]=4; y
y = x.detach().long(); y[None,0]=4; y
y = x.detach().long(); y[:,i]=w; y
y = x.detach().long(); y[i,:2]=w; y
y = x.detach().long(); y[:,[2,0]]=v[:2]; y
y = x.detach().long(); y[0]=y[1]; y
y = x.detach().long(); y[0]=w.sum(); y
y = x.detach().long(); y[0][1]=9; y
y = x.detach().long(); y[0]+=1; y
y = x.detach().long(); y[:,0]*=w[0,0]; y
y = x.detach().long(); y[i]+=1; y
y = x.detach().long(); y[i]+=w[:,:1]; y
y = x.detach().long(); y[T([0,0])]+=1; y
y = x.detach().long(); del y[0]; y
y=T(5.); y[...]=3; y
y=T(5.); y[()]=4; y
y=T(5.); y[True]=6; y
y=T(5.); y[0]=3
y=torch.arange(3); y[0]=2.7; y
y=torch.arange(3); y[i]=2.7; y
y=torch.arange(3); y[0]=T(2.7); y
y=torch.arange(3); y[i]=T([2.7,1.])
y=torch.arange(3); y[y>1]=float('inf')
y=torch.arange(3); y[0]=float('nan')
y=torch.zeros(3,dtype=torch.bool); y[0]=2; y
y=torch.zeros(3,dtype=torch.uint8); y[0]=300; y
y=torch.zeros(3,dtype=torch.uint8); y[0]=-1; y
x[0]=1
x[i]=1
x.data[0]=1; x
y=torch.zeros(3); y[0]=x.sum(); y.grad_fn.name()
y=torch.zeros(3,3); z=y[0]; z[1]=x[0,2]; y.sum().backward(); x.grad
y=x*1; y[0]=2.; y.grad_fn.name()
y=x*1; y[i]=2.; y.grad_fn.name()
y=x*1; y[:]=2.; y.grad_fn.name()
y=x*1; y[0:1][i[:1]]=2.; y.grad_fn.name()
y=x*1; z=y.t(); z[0]=T([5.,6.]); (y.sum().backward(), y, x.grad)
y=x*1; z=y.diagonal(); z.mul_(2); (y.sum().backward(), y, x.grad)
y=x*1; z=y.view(6)[::2]; z.add_(1); (y.prod().backward(), y, x.grad)
y=x*1; a,b=y.unbind(0); (a*b).sum().backward(); x.grad
y=x*1; a,b=y.split(1); a.mul_(2)
y=x*1; z=y.unfold(1,2,1); z.sum().backward(); x.grad
y=x*1; y.index_put_((i,T([0,0])),T([1.,2.]),accumulate=True); (y.sum().backward(),y,x.grad)
torch.index_put(x,(i,),v)
torch.index_put(x,(None,i),T([1.,2.]))
x.gather(0,T([[0,1,0]]))
x.gather(1,T([[-1]]))
x.gather(0,T([[5]]))
x.gather(0,T([0]))
x.gather(0,T([[0.]]))
x.scatter(1,T([[0,1]]),9.)
x.scatter(0,T([[0,1,1]]),v[None])
x.scatter_add(0,T([[0,0,0],[0,0,0]]),x)
x.scatter_reduce(0,T([[0,1,0]]),v[None],'mean')
x.scatter_reduce(0,T([[0,1,0]]),v[None],'foo')
x.index_add(0,T([0]),v[None],alpha=2)
x.index_add(0,T([0,5]),x)
x.index_copy(0,T([0]),v[None])
x.index_fill(1,T([0,2]),-1.)
x.index_fill(1,T([0,2]),w[0,0])
x.index_select(0,T(1))
x.index_select(5,T(1))
x.take(T([0,5,-1]))
x.take(T([9]))
x.take(T([0.]))
x.put(T([0,1]),T([8.,9.]))
x.masked_fill(x>2,T(1.))
x.masked_fill(x>2,T([1.]))
x.masked_fill(T([True,False,True]),float('nan'))
x.masked_fill(torch.ones(3,2)>0,0)
x.masked_fill(T([1]),0)
x.masked_select(x>2)
x.masked_select(T([1]))
x.masked_scatter(x>2,torch.ones(5))
x.masked_scatter(x>2,torch.ones(2))
torch.nonzero(x)
torch.nonzero(x,as_tuple=True)
torch.where(x>2)
torch.argwhere(x)
torch.nonzero(T(3.))
torch.nonzero(T(0.))
torch.nonzero(T(3.),as_tuple=True)
T([3,1,2,1]).sort()
T([3,1,2,1]).sort(descending=True)
T([3.,float('nan'),2,1]).sort()
T([3.,float('nan'),2,1]).sort(descending=True)
T([3,1,2,1]).argsort()
x.topk(2)
x.topk(2,dim=0,largest=False)
x.topk(5)
x.topk(2).indices
x.kthvalue(2)
x.kthvalue(1,dim=0,keepdim=True)
x.msort()
T(3.).sort()
T(3.).topk(1)
x.take_along_dim(T([[1],[0]]),1)
x.take_along_dim(T([0,5]))
x.take_along_dim(T([0]),0)
3.0 in x
T(9.) in x
'a' in x
torch.select(x,0,1)
torch.narrow(x,1,0,2)
""".strip().splitlines()

if __name__ == "__main__":
    write("shapes", complete(SHAPES))
    write("places", complete(PLACES))
