"""The same rows with the binaries of another build, in turn: ratios that a busy machine shifts less than the figures themselves."""

from measure import Report, median, number, rounded


def values(row):
    """Every figure of a row by name, each one number."""
    found = {"messages/s": median(row.rates), "p50 ms": median(row.p50), "p99 ms": median(row.p99), "WAL B": median(row.wal),
             "PG µs": median(row.cpu_postgresql), "own µs": median(row.cpu_martlet), "MiB": max(row.memory, default=None), **row.figures}
    return {name: value for name, value in found.items() if isinstance(value, (int, float)) and value == value}


class Comparison:
    def __init__(self, mine, other, rounds):
        self.benches, self.rounds, self.pairs = (mine, other), rounds, []

    def run(self, task):
        """Each round the other one begins, so that neither gains from what grows or cools down meanwhile."""
        for turn in range(self.rounds):
            reports = {}
            for index in (0, 1) if turn % 2 == 0 else (1, 0):
                bench = self.benches[index]
                print(f"-- round {turn + 1}, {'this build' if index == 0 else 'the other build'}", flush=True)
                bench.report = reports[index] = Report()
                task(bench)
            self.pairs.append((reports[0], reports[1]))

    def rows(self):
        """(row, figure, this build, the other, ratio, lowest, highest) over all rounds."""
        names = dict.fromkeys(row.name for mine, _ in self.pairs for row in mine.rows)
        for name in names:
            both = [(values(mine[name]), values(other[name])) for mine, other in self.pairs if mine[name] and other[name]]
            for figure in dict.fromkeys(figure for mine, _ in both for figure in mine):
                found = [(mine[figure], other[figure]) for mine, other in both if figure in mine and other.get(figure)]
                if found:
                    ratios = [mine / other for mine, other in found]
                    yield (name, figure, median([mine for mine, _ in found]), median([other for _, other in found]), median(ratios),
                           min(ratios), max(ratios))

    def table(self):
        head = f"{'row':<26}{'figure':<36}{'this':>10}{'other':>10}{'ratio':>8}  lowest … highest"
        print("\n" + head + "\n" + "-" * len(head))
        for name, figure, mine, other, ratio, low, high in self.rows():
            print(f"{name:<26}{figure:<36}{number(mine):>10}{number(other):>10}{ratio:>8.3f}  {low:.3f} … {high:.3f}")

    def json(self):
        keys = ("row", "figure", "this", "other", "ratio", "lowest", "highest")
        return [rounded(dict(zip(keys, row))) for row in self.rows()]
