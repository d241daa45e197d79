"""Elements read, written, sorted and searched at places given by tensors."""
