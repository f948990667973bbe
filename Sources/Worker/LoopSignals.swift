import Pipeline

/// What the loops that take batches are woken by.
///
/// One loop of a kind looks at something new: on two cores eight looks for one message would only delay it. The others come when a batch
/// was full, a provider has room again, or the first one is busy with its batch. Every loop also looks by itself (`Claim.patience`).
struct LoopSignals: Sendable {
    let urgent = LoopSignal()
    /// The first general loop.
    let first = LoopSignal()
    /// The other general loops.
    let others = LoopSignal()
    let quarantine = LoopSignal()
    /// A message is due, for promotion.
    let due = LoopSignal()
    /// No other worker does the duties of the cluster any more.
    let turn = LoopSignal()

    /// Something may be in a lane that was not there before; nil: in any.
    func somethingNew(lane: Int16? = nil) {
        if lane ?? 0 == 0 { urgent.fire() }
        if lane == 0 { return }
        if !first.isAwaited { others.fire() }
        first.fire()
    }

    /// There was more than one batch.
    func batchFull() { others.fire() }

    /// A provider that was full has room for messages of this lane.
    func hasRoom(lane: Int16) {
        if lane == 0 { urgent.fire() }
        first.fire()
        others.fire()
    }

    func everybody() {
        for signal in [urgent, first, others, quarantine, due, turn] { signal.fire() }
    }
}
