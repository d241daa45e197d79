"""graph: what a value was made of, or what its gradients are made of.

walk.py goes from a value to its leaves and gives the graph as data (graph_data.py); each format
that it can be shown in is a small file that turns the data into text.
"""
