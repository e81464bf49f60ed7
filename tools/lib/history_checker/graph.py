"""A directed graph with labelled edges, and its cycles."""

from collections import deque


class Graph:
    """Nodes are numbers below `nodes`. Edge e goes from sources[e] to targets[e] and has labels[e]."""

    def __init__(self, nodes=0):
        self.nodes = nodes
        self.sources, self.targets, self.labels = [], [], []

    def add_node(self):
        self.nodes += 1
        return self.nodes - 1

    def add_edge(self, source, target, label):
        self.sources.append(source)
        self.targets.append(target)
        self.labels.append(label)

    def components(self, edges=None):
        """The sets of two nodes or more that reach each other by these edges (all of them if none are given), each as the edges between
        them by the node they begin at."""
        edges = self.cyclic_edges(edges)
        if not edges:
            return []
        adjacency = {}
        for e in edges:
            adjacency.setdefault(self.sources[e], []).append(self.targets[e])
        member_of, components = {}, []
        for nodes in _tarjan(adjacency):
            member_of.update(dict.fromkeys(nodes, len(components)))
            components.append({})
        for e in edges:
            number = member_of.get(self.sources[e])
            if number is not None and number == member_of.get(self.targets[e]):
                components[number].setdefault(self.sources[e], []).append(e)
        return components

    def cyclic_edges(self, edges=None):
        """The edges that remain when nodes without a predecessor are taken away again and again: none, if there is no cycle."""
        sources, targets = self.sources, self.targets
        edges = range(len(sources)) if edges is None else edges
        waiting, out = [0] * self.nodes, [None] * self.nodes
        for e in edges:
            waiting[targets[e]] += 1
            source = sources[e]
            if out[source] is None:
                out[source] = [targets[e]]
            else:
                out[source].append(targets[e])
        ready = [node for node in range(self.nodes) if not waiting[node] and out[node]]
        while ready:
            for target in out[ready.pop()]:
                waiting[target] -= 1
                if not waiting[target] and out[target]:
                    ready.append(target)
        return [e for e in edges if waiting[sources[e]]]

    def shortest_path(self, out, source, target, cost, visits_max=200_000):
        """The edges of the cheapest path, or None. `out` is a component; cost(label) is 0 or 1. A path from a node to itself has an edge or
        more."""
        came, distance, done = {}, {source: 0}, set()
        queue = deque([source])
        while queue and len(done) < visits_max:
            node = queue.popleft()
            if node == target and came.get(node) is not None:
                return self._path(came, source, node)
            if node in done:
                continue
            done.add(node)
            for e in out.get(node, ()):
                to, far = self.targets[e], distance[node] + cost(self.labels[e])
                if to == source:
                    if source == target:
                        return self._path(came, source, node) + [e]
                elif to not in distance or far < distance[to]:
                    distance[to] = far
                    came[to] = e
                    if far > distance[node]:
                        queue.append(to)
                    else:
                        queue.appendleft(to)
        return None

    def _path(self, came, source, node):
        path = []
        while node != source:
            path.append(came[node])
            node = self.sources[came[node]]
        return path[::-1]

    def shortest_cycle(self, component, cost):
        """The cheapest of the cycles through some nodes of the component, if there is one within reach; through fewer if it is large."""
        starts = min(60, max(5, 100_000 // len(component)))
        cycles = [self.shortest_path(component, node, node, cost) for node in sorted(component)[:starts]]
        return min((c for c in cycles if c), key=lambda cycle: sum(cost(self.labels[e]) for e in cycle), default=None)


def _tarjan(adjacency):
    """Strongly connected components of two nodes or more, without recursion. (A node is never its own neighbour here.)"""
    index, low, on_stack, stack, components = {}, {}, set(), [], []
    for root in adjacency:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(adjacency[root]))]
        while work:
            node, neighbours = work[-1]
            for to in neighbours:
                if to not in index:
                    index[to] = low[to] = len(index)
                    stack.append(to)
                    on_stack.add(to)
                    work.append((to, iter(adjacency.get(to, ()))))
                    break
                if to in on_stack and index[to] < low[node]:
                    low[node] = index[to]
            else:
                work.pop()
                if work and low[node] < low[work[-1][0]]:
                    low[work[-1][0]] = low[node]
                if low[node] == index[node]:
                    component = set()
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.add(member)
                        if member == node:
                            break
                    if len(component) > 1:
                        components.append(component)
    return components
