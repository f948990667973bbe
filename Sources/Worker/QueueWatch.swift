import Pipeline
import Store

/// Waits on one connection for what enqueues say by NOTIFY, for all workers of the cluster if this one is elected.
///
/// While it sleeps a sequence says so, and an enqueue notifies when its transaction commits. Nothing is lost between: it says that it sleeps *before* it
/// reads where the queue is, so an enqueue either has a position that this look sees, or sees that somebody sleeps. A transaction that took its
/// position before is open when this look ends, and is looked after until it is over. A commit with NOTIFY takes a lock of the whole server; where enqueues
/// come faster than this worker falls asleep, it stays awake for a while and asks.
struct QueueWatch: Sendable {
    /// How often a message that is due is looked for.
    private static let duePeriod = Duration.milliseconds(100)
    /// While a transaction is open that may have put something into a lane; after five seconds less often.
    private static let openPeriods = (soon: Duration.milliseconds(10), later: Duration.milliseconds(25))
    /// So many wake-ups, each this soon after falling asleep, and it stays awake for so long.
    private static let rush = (count: 4, within: Duration.milliseconds(3), awake: Duration.milliseconds(100))
    /// So long after another worker's message came one that does not wait looks whether it is gone.
    private static let afterSuspicion = Duration.milliseconds(25)
    /// So long after a wake-up it looks where the queue is: when what has come is on its way.
    private static let headStart = Duration.milliseconds(4)

    let loop: QueueProbeLoop
    let connection: StoreConnection

    private struct State {
        var holds = false
        var isListening = false
        /// A task reads the notifications of this connection, from the first time that it listens.
        var isReading = false
        var dueAt = ContinuousClock.now - .seconds(1)
        var quickWakes = 0
        var awakeUntil = ContinuousClock.now
        /// When something may last have come.
        var newAt = ContinuousClock.now
    }

    /// Until cancelled, or the connection fails.
    func run() async throws {
        let woken = LoopSignal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            var state = State()
            while true {
                try Task.checkCancellation()
                let started = ContinuousClock.now
                let generation = woken.generation
                let pause = try await round(&state)
                if state.holds != state.isListening {
                    if state.isReading {
                        try await connection.setListening(state.holds)
                    } else {
                        let notifications = try await connection.notifications()
                        group.addTask {
                            for await lane in notifications {
                                // The message is committed: its claim need not wait for the look.
                                loop.claim.lookAgain(lane: lane)
                                loop.signals.somethingNew(lane: lane)
                                woken.fire()
                            }
                        }
                        state.isReading = true
                    }
                    state.isListening = state.holds
                } else if let pause {
                    await Pause.sleep(max(pause - (.now - started), .milliseconds(1)))
                } else {
                    await sleep(&state, until: woken, after: generation)
                }
            }
        }
    }

    /// How often a worker looks that is not the one that waits: each second time where many do, as one of five looks within 250 ms all the same.
    private var period: Duration { loop.shared.liveSessions > 4 ? QueueProbeLoop.period * 2 : QueueProbeLoop.period }

    /// Answers how long after its beginning the next one may begin; nil: when an enqueue wakes it.
    private func round(_ state: inout State) async throws -> Duration? {
        let isBusy = loop.claim.isSaturated || loop.claim.isBlocked || !loop.shared.mayClaim
        let isAwake = state.awakeUntil > .now
        let looksForDue = loop.maintenance && state.dueAt + Self.duePeriod <= .now
        let behind = isBusy ? nil : loop.claim.leftUpTo
        let answer = try await connection.run(
            WatchQueue(
                elects: loop.waitsForAll && !isBusy, holds: state.holds, sleeps: state.isListening && !isAwake,
                promotes: looksForDue,
                behind: behind),
            within: .seconds(5))
        state.holds = answer.elected
        if answer.isDue { loop.tellDue(&state.dueAt) }
        if try await loop.take(
            answer.probe, elected: answer.elected, anotherWaits: !isBusy && !answer.elected, isBehind: answer.isBehind)
        {
            state.newAt = .now
        }
        if isBusy { return loop.claim.isSaturated ? min(loop.idlePoll, QueueProbeLoop.slowPoll) : QueueProbeLoop.slowPoll }
        if !answer.elected {
            // What has just come is the other one's; what is still there a moment later is everybody's.
            return behind == nil && loop.claim.leftUpTo != nil
                ? Self.afterSuspicion : period * Double.random(in: 0.7...0.9)
        }
        return isAwake ? loop.poll : nil
    }

    private func sleep(_ state: inout State, until woken: LoopSignal, after generation: UInt64) async {
        let began = ContinuousClock.now
        var longest = loop.maintenance ? Self.duePeriod : QueueProbeLoop.period
        if !loop.claim.awaited.open.isEmpty {
            longest = state.newAt + .seconds(5) > began ? Self.openPeriods.soon : Self.openPeriods.later
        }
        await woken.wait(after: generation, timeout: longest)
        let isWoken = woken.generation != generation
        let wasQuick = isWoken && .now - began < Self.rush.within
        if isWoken { await Pause.sleep(Self.headStart) }
        state.quickWakes = wasQuick ? state.quickWakes + 1 : 0
        if state.quickWakes >= Self.rush.count {
            state.quickWakes = 0
            state.awakeUntil = .now + Self.rush.awake
        }
    }
}
