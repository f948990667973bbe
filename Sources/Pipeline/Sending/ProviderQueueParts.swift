import Domain
import Store
import Transports

extension ProviderQueue {
    /// One message on its way through an provider queue; a class for the same reason as `Work`.
    final class Item: Sendable {
        let submission: Submission
        let work: Work
        /// What it costs of the provider's rate.
        let price: Int
        var key: Key { Key(messageID: submission.messageID, attempt: submission.attempt) }

        init(_ admitted: Admit.Admitted, policy: ProviderPolicy) {
            work = admitted.work
            price = Self.price(of: work, policy)
            submission = Submission(
                messageID: work.message.id, attempt: Int(work.attempt), to: work.message.address, rendered: work.rendered,
                sendBy: admitted.sendBy, answerBy: admitted.sendBy + policy.timeout, validity: admitted.validity,
                isUrgent: work.priority == 0, messageClass: work.message.messageClass)
        }

        static func price(of work: Work, _ policy: ProviderPolicy) -> Int {
            policy.ratesMessages ? 1 : max(1, work.rendered.segments)
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

    /// Answers a second by what they say, over the last ten to twenty seconds.
    struct Tally {
        struct Counts {
            var accepted = 0.0
            /// The provider's own fault, unanswered, or unreachable.
            var failed = 0.0
            var throttled = 0.0
            /// Not the provider's fault: the recipient's, the sender's, the text's.
            var refused = 0.0
        }
        private static let span = Duration.seconds(10)
        private var before = Counts()
        private var now = Counts()
        private var since = ContinuousClock.now

        mutating func count(_ outcome: Outcome, at instant: ContinuousClock.Instant) {
            turn(instant)
            if case .accepted = outcome {
                now.accepted += 1
            } else if outcome.failure?.throttled == true {
                now.throttled += 1
            } else if Breaker.Sign(outcome) == .works {
                now.refused += 1
            } else {
                now.failed += 1
            }
        }

        mutating func perSecond(_ instant: ContinuousClock.Instant) -> Counts {
            turn(instant)
            let part = (instant - since) / Self.span
            func rate(_ count: (Counts) -> Double) -> Double { (count(before) * (1 - part) + count(now)) / Self.span.inSeconds }
            return Counts(
                accepted: rate(\.accepted), failed: rate(\.failed), throttled: rate(\.throttled), refused: rate(\.refused))
        }

        private mutating func turn(_ instant: ContinuousClock.Instant) {
            let passed = instant - since
            guard passed >= Self.span else { return }
            before = passed < Self.span * 2 ? now : Counts()
            now = Counts()
            since = passed < Self.span * 2 ? since + Self.span : instant
        }
    }

    /// What waits for a place or the rate, first in, first out.
    struct WaitingItems {
        /// What all of them cost of the rate.
        private(set) var price = 0
        private var items: [Item] = []
        private var head = 0
        /// No item's deadline is before this.
        private var soonest: ContinuousClock.Instant?

        var count: Int { items.count - head }
        var isEmpty: Bool { head == items.count }
        var first: Item? { isEmpty ? nil : items[head] }

        mutating func append(_ item: Item) {
            items.append(item)
            price += item.price
            soonest = min(soonest ?? item.submission.sendBy, item.submission.sendBy)
        }

        mutating func removeFirst() {
            price -= items[head].price
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
