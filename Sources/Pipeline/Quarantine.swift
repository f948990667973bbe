import Domain
import Synchronization

/// The quarantine: messages whose worker died with them.
///
/// One of a dead worker's batch may have killed it; nearly always none did. So those with which one worker has died go through in a group,
/// `groupSize` of them on their way at a time. If one of them kills this worker too, only that group has killed twice, and of those each goes
/// through alone: the next is not claimed before the one before is written down.
package final class Quarantine: Sendable {
    /// As many as go through within half a minute one by one, should they have to.
    static let groupSize = 64
    /// Deaths of those that go through in a group.
    static let grouped: ClosedRange<Int16> = 0...1
    static let alone: ClosedRange<Int16> = 2...Int16.max

    private struct State {
        var messages: Set<MessageID> = []
        var isAlone = false
        var places: Int { isAlone && !messages.isEmpty ? 0 : groupSize - messages.count }
    }
    private let state = Mutex(State())
    private let changed = LoopSignal()

    /// How many of a group may be claimed now.
    var places: Int { state.withLock { max(0, $0.places) } }
    package var isEmpty: Bool { state.withLock { $0.messages.isEmpty } }

    func begin(_ messages: [MessageID], alone: Bool) {
        state.withLock {
            $0.messages.formUnion(messages)
            $0.isAlone = alone
        }
    }

    /// These were written down, or given up.
    func done(_ messages: [MessageID]) {
        let hasChanged = state.withLock { state in
            guard !state.messages.isEmpty else { return false }
            let before = state.messages.count
            state.messages.subtract(messages)
            return state.messages.count != before
        }
        if hasChanged { changed.fire() }
    }

    /// Returns when there is a place, when `isOver`, or when the task is cancelled.
    func waitForPlace(_ isOver: () -> Bool) async {
        while !Task.isCancelled && !isOver() {
            let generation = changed.generation
            guard places == 0 else { return }
            await changed.wait(after: generation, timeout: .seconds(1))
        }
    }
}
