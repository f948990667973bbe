import Domain
import Logging
import Synchronization
import Telemetry

/// Says in the log that messages became dead letters: the first of a reason at once, further ones counted, a line a minute for each reason. A counter
/// counts them all. Neither variables nor texts are told: `martlet message show` has them.
package final class DeadLetterLog: Sendable {
    package struct Letter: Sendable {
        var message: MessageID
        var reason: DeadLetterReason
    }
    private struct Told {
        var at: ContinuousClock.Instant
        /// Since then.
        var untold = 0
        var latest: Letter
    }
    private static let pause = Duration.seconds(60)
    private let told = Mutex<[String: Told]>([:])
    private let meters: Meters
    private let logger: Logger

    package init(meters: Meters, logger: Logger) {
        self.meters = meters
        self.logger = logger
    }

    package func note(_ letters: [Letter], now: ContinuousClock.Instant = .now) {
        for (code, same) in Dictionary(grouping: letters, by: \.reason.code) {
            meters.count("martlet_dead_letters_total", [("reason", code)], by: same.count)
            let isNew = told.withLock { told in
                guard told[code] != nil else {
                    told[code] = Told(at: now, latest: same[0])
                    return true
                }
                told[code]?.untold += same.count
                told[code]?.latest = same[0]
                return false
            }
            if isNew { say(same.count, same[0]) }
        }
    }

    /// Tells what was counted since the last line, a minute after it; called every few seconds, and with `isEnd` when the worker ends.
    package func tellRest(now: ContinuousClock.Instant = .now, isEnd: Bool = false) {
        let due = told.withLock { told in
            let due = told.filter { isEnd || $0.value.at + Self.pause <= now }
            for (code, one) in due {
                told[code] = one.untold == 0 ? nil : Told(at: now, latest: one.latest)
            }
            return due.values.filter { $0.untold > 0 }
        }
        for one in due { say(one.untold, one.latest) }
    }

    private func say(_ count: Int, _ letter: Letter) {
        logger.warning(
            "dead letters: messages that are not tried again without a human",
            metadata: [
                "count": "\(count)", "reason": "\(letter.reason.code)", "message_id": "\(letter.message)",
                "remedy": "\(letter.reason.remedy)",
                "look": "martlet dead-letters list --reason \(letter.reason.code)",
            ])
    }
}
