import Testing

/// One suite after another: each starts worker processes, and a machine that is too busy to let them beat would fail them by itself.
@Suite(.serialized)
enum Faults {}
