import Domain
import Logging
import Synchronization
import Telemetry

/// Says in the log that messages became dead letters: the first of a reason at once, further ones counted, a line a minute for each reason. A counter
/// counts them all. Neither variables nor texts are logged: `martlet message show` has them.
package final class DeadLetterLog: Sendable {
    package struct Letter: Sendable {
        var message: MessageID
        var reason: DeadLetterReason
    }
    private struct Logged {
        var at: ContinuousClock.Instant
        /// Since then.
        var unlogged = 0
        var latest: Letter
    }
    private static let pause = Duration.seconds(60)
    private let logged = Mutex<[String: Logged]>([:])
    private let meters: Meters
    private let logger: Logger

    package init(meters: Meters, logger: Logger) {
        self.meters = meters
        self.logger = logger
    }

    package func note(_ letters: [Letter], now: ContinuousClock.Instant = .now) {
        for (code, same) in Dictionary(grouping: letters, by: \.reason.code) {
            meters.count("martlet_dead_letters_total", [("reason", code)], by: same.count)
            let isNew = logged.withLock { logged in
                guard logged[code] != nil else {
                    logged[code] = Logged(at: now, latest: same[0])
                    return true
                }
                logged[code]?.unlogged += same.count
                logged[code]?.latest = same[0]
                return false
            }
            if isNew { say(same.count, same[0]) }
        }
    }

    /// Logs what was counted since the last line, a minute after it; called every few seconds, and with `isEnd` when the worker ends.
    package func tellRest(now: ContinuousClock.Instant = .now, isEnd: Bool = false) {
        let due = logged.withLock { logged in
            let due = logged.filter { isEnd || $0.value.at + Self.pause <= now }
            for (code, one) in due {
                logged[code] = one.unlogged == 0 ? nil : Logged(at: now, latest: one.latest)
            }
            return due.values.filter { $0.unlogged > 0 }
        }
        for one in due { say(one.unlogged, one.latest) }
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
