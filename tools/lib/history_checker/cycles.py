"""Cycles of points and of transactions, named after Adya and told step by step."""

from .graph import Graph

DEPENDENCIES = frozenset(("ww", "wr", "rw", "lk"))
ANTI = frozenset(("rw", "lk"))
CYCLES_TOLD_MAX = 20       # of a kind
SAMPLES_MAX = 4000         # anti-dependencies looked at to count what a level allows
SAMPLE_VISITS_MAX = 400    # transactions visited for each


def _cost(label):
    return 0 if label[0] == "po" else 1


def find_impossible(points, report):
    """Cycles of points: what no level allows. The gravest first, a name for each set of transactions."""
    graph = points.graph
    core = graph.cyclic_edges()
    told = set()
    for kinds in (("ww",), ("ww", "wr"), ("ww", "wr", "rt"), ("ww", "wr", "rw", "lk", "rt")):
        allowed = set(kinds) | {"po"}
        for component in graph.components([e for e in core if graph.labels[e][0] in allowed])[:CYCLES_TOLD_MAX]:
            members = {points.owner[node].number for node in component if points.owner[node]}
            if members.isdisjoint(told):
                cycle = _simplest_cycle(graph, component)
                if cycle:
                    _tell(_steps(points, cycle), report, points_cycle=True)
                    told |= members
    return told


def _simplest_cycle(graph, component):
    """The shortest, and of several one that does without the order in time."""
    timeless = graph.components([e for edges in component.values() for e in edges if graph.labels[e][0] != "rt"])
    cycles = [graph.shortest_cycle(part, _cost) for part in [*timeless, component]]
    return min((c for c in cycles if c), key=lambda cycle: sum(_cost(graph.labels[e]) for e in cycle), default=None)


def find_between_transactions(points, report, told):
    """Cycles of whole transactions: among serializable ones all are told; of what other levels allow, as many as a sample shows are counted."""
    graph = _of_transactions(points)
    owners = {t.number: t for t in points.owner if t is not None}
    serializable = [e for e in range(len(graph.sources)) if owners[graph.sources[e]].level == owners[graph.targets[e]].level == "s"]
    for component in graph.components(serializable)[:CYCLES_TOLD_MAX]:
        if told.isdisjoint(component):
            cycle = graph.shortest_cycle(component, lambda label: 1)
            if cycle:
                _tell([(owners[graph.sources[e]], graph.labels[e], owners[graph.targets[e]]) for e in cycle], report)
    for name, count in _count_allowed(graph, owners).items():
        report.allowed[name] = count


def _of_transactions(points):
    graph = Graph(max((t.number for t in points.owner if t is not None), default=-1) + 1)
    of_points = points.graph
    for source, target, label in zip(of_points.sources, of_points.targets, of_points.labels):
        if label[0] in DEPENDENCIES:
            earlier, later = points.owner[source], points.owner[target]
            if earlier.committed and later.committed and earlier is not later:
                graph.add_edge(earlier.number, later.number, label)
    return graph


def _count_allowed(graph, owners):
    """How many of the anti-dependencies looked at close a cycle through a transaction that is not serializable, by the cycle's name."""
    counts, looked_at = {}, 0
    for component in graph.components():
        forward = {node: [e for e in edges if graph.labels[e][0] not in ANTI] for node, edges in component.items()}
        for node, edges in component.items():
            for e in edges:
                if graph.labels[e][0] != "rw" or looked_at >= SAMPLES_MAX:
                    continue
                looked_at += 1
                back = (graph.shortest_path(forward, graph.targets[e], node, lambda label: 1, SAMPLE_VISITS_MAX)
                        or graph.shortest_path(component, graph.targets[e], node, lambda label: 1, SAMPLE_VISITS_MAX))
                if back:
                    steps = [(owners[graph.sources[s]], graph.labels[s], owners[graph.targets[s]]) for s in [e] + back]
                    if any(t.level != "s" for t, _, _ in steps):
                        name = name_of(steps)
                        counts[name] = counts.get(name, 0) + 1
    return counts


def _steps(points, cycle):
    """(transaction, label, transaction) for each edge that says something; what runs through barriers is one step in time."""
    graph, steps = points.graph, []
    first = next(i for i, e in enumerate(cycle) if points.owner[graph.sources[e]] is not None)
    begun = None
    for e in cycle[first:] + cycle[:first]:
        source, target, label = points.owner[graph.sources[e]], points.owner[graph.targets[e]], graph.labels[e]
        if label[0] == "rt":
            begun = source
        elif label[0] != "po":
            steps.append((source, label, target))
        elif begun is not None and target is not None:
            if begun is not target:
                steps.append((begun, ("rt", None, False, None, None), target))
            begun = None
    return steps


def name_of(steps, points_cycle=False):
    kinds = [label[0] for _, label, _ in steps]
    late = "-realtime" if "rt" in kinds else ""
    if points_cycle and "lk" in kinds:
        return "lock"
    anti = [i for i, kind in enumerate(kinds) if kind in ANTI]
    if not anti:
        return ("G1c" if "wr" in kinds else "G0") + late
    if points_cycle and any(not steps[i][0].one_snapshot and kinds[i - 1] != "rt" for i in anti):
        return "OTV" + late
    predicate = any(steps[i][1][2] for i in anti)
    if len(anti) == 1:
        others = [label for _, label, _ in steps if label[0] not in ANTI]
        if [label[0] for label in others] == ["ww"] and others[0][1] == steps[anti[0]][1][1]:
            return "P4"
        return ("PMP" if predicate else "G-single") + late
    if any((i + 1) % len(steps) in anti for i in anti):
        return ("G2" if predicate else "G2-item") + late
    return "G-SI" + late


def _tell(steps, report, points_cycle=False):
    lines = []
    for earlier, (kind, key, _, before, after), later in steps:
        a, b = f"T{earlier.number}", f"T{later.number}"
        where = "the items" if key is None or not isinstance(key, str) else key
        said = "nothing" if before is None else before
        lines.append({"ww": f"{a} wrote {before} to {where}, which {b} overwrote with {after}",
                      "wr": f"{a} wrote {before} to {where}, which {b} saw",
                      "rw": f"{a} saw {said} in {where}, which {b} overwrote with {after}",
                      "lk": f"{a} saw {said} in {where} and held a lock on it, {b} overwrote it with {after}",
                      "rt": f"{b} asked for this when {a} had been answered"}[kind])
    transactions = list(dict.fromkeys(t for step in steps for t in (step[0], step[2])))
    report.add(name_of(steps, points_cycle), "\n".join(lines), transactions)
