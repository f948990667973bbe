import Domain
import Synchronization

/// Messages whose worker died with them go through alone: the next is not claimed before the one before is written down, so that
/// whatever one of them does to a worker, no other is there to die with it.
final class Suspects: Sendable {
    private let current = Mutex<MessageID?>(nil)
    private let changed = Signal()

    /// These were written down, or given up.
    func done(_ messages: [MessageID]) {
        let isOver = current.withLock { current in
            guard let id = current, messages.contains(id) else { return false }
            current = nil
            return true
        }
        if isOver { changed.fire() }
    }

    func begin(_ message: MessageID) { current.withLock { $0 = message } }

    /// Returns when the message that `begin` named is done, or when the task is cancelled.
    func waitUntilDone(_ message: MessageID) async {
        while !Task.isCancelled {
            let generation = changed.generation
            guard current.withLock({ $0 == message }) else { return }
            await changed.wait(after: generation, timeout: .seconds(1))
        }
    }
}
