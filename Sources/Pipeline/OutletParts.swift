import Domain
import Store
import Transports

extension Outlet {
    /// One message on its way through an outlet; a class for the same reason as `Work`.
    final class Item: Sendable {
        let submission: Submission
        let work: Work

        init(_ admitted: Admit.Admitted, timeout: Duration) {
            work = admitted.work
            submission = Submission(
                messageID: work.message.id, attempt: Int(work.attempt), to: work.message.address, rendered: work.rendered,
                sendBy: admitted.sendBy, answerBy: admitted.sendBy + timeout, validity: admitted.validity,
                isUrgent: work.lease.lane == 0, messageClass: work.message.messageClass)
        }
    }

    /// How fast a provider answers, over the last quarter of a second or so.
    struct Pace {
        private var since = ContinuousClock.now
        private var counted = 0
        private var perSecond = 0.0

        mutating func count(_ answers: Int, now: ContinuousClock.Instant) {
            counted += answers
            let passed = now - since
            guard passed >= .milliseconds(50) else { return }
            let weight = min(1, passed.inSeconds / 0.25)
            perSecond = perSecond * (1 - weight) + Double(counted) / passed.inSeconds * weight
            (since, counted) = (now, 0)
        }

        func answered(in time: Duration) -> Int { Int(perSecond * time.inSeconds) }
    }

    /// What waits for a place or the rate, first in, first out.
    struct WaitingItems {
        private var items: [Item] = []
        private var head = 0
        /// No item's deadline is before this.
        private var soonest: ContinuousClock.Instant?

        var count: Int { items.count - head }
        var isEmpty: Bool { head == items.count }
        var first: Item? { isEmpty ? nil : items[head] }

        mutating func append(_ item: Item) {
            items.append(item)
            soonest = min(soonest ?? item.submission.sendBy, item.submission.sendBy)
        }

        mutating func removeFirst() {
            head += 1
            if head == items.count {
                items.removeAll(keepingCapacity: true)
                (head, soonest) = (0, nil)
            } else if head >= 1024 {
                items.removeFirst(head)
                head = 0
            }
        }

        mutating func takeAll() -> [Item] {
            defer { self = Self() }
            return Array(items[head...])
        }

        /// Those whose deadline for the first byte has passed.
        mutating func takeLate(_ now: ContinuousClock.Instant) -> [Item] {
            guard let soonest, soonest <= now else { return [] }
            let all = takeAll()
            for item in all where item.submission.sendBy > now { append(item) }
            return all.filter { $0.submission.sendBy <= now }
        }
    }
}
